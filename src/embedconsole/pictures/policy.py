"""What a picture may cost us, and where it may come from. Pure: the configuration holds it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, TypeAlias

from embedconsole.faults import BadInput
from embedconsole.foreign_text import one_line
from embedconsole.pictures.reference import SOURCE

if TYPE_CHECKING:
    from pathlib import Path
    from ssl import SSLContext

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

MOST_PIXELS = 178_956_970
"""Pillow opens nothing larger, whatever is allowed here."""

_NAT64 = IPv6Network("64:ff9b::/96")
_LOW_32_BITS = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """The policy for pictures that we fetch ourselves.

    Attributes:
        allow_private: Whether addresses that are not of the public internet may be asked: all of them, none,
            or those of these hosts and networks ("minio.internal", "10.1.0.0/16").
        max_bytes: Of the picture as it is stored, decompressed.
        max_pixels: Width times height, known before anything is decoded; `MOST_PIXELS` at most.
        timeout: Seconds for everything from the first look-up of a name to the last byte.
        folder: Where local paths begin and must stay; None refuses them all.
        redirects: Followed at most; each is checked like the first address.
        tls: Whom to trust and who we are; None for the system's certificate authorities.
    """

    allow_private: bool | tuple[str, ...] = False
    max_bytes: int = 20_000_000
    max_pixels: int = 50_000_000
    timeout: float = 20.0
    folder: Path | None = None
    redirects: int = 5
    tls: SSLContext | None = None

    def allows(self, host: str, address: Address) -> bool:
        """Whether we may connect to an address that a host's name stands for."""
        if self.allow_private is True or is_public(address):
            return True
        if self.allow_private is False:
            return False
        meant = embedded_address(address) or address
        return any(
            entry.lower() == host.lower() or ((network := as_network(entry)) is not None and meant in network)
            for entry in self.allow_private
        )


def as_network(entry: str) -> Network | None:
    """An address or network as `allow_private` names it; None for the name of a host."""
    try:
        return ip_network(entry, strict=False)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet and of a single host."""
    inner = embedded_address(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def embedded_address(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to: mapped, 6to4 or NAT64; None for any other."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & _LOW_32_BITS)
    return address.ipv4_mapped or address.sixtofour


def check_numeric(host: str, limits: PictureLimits) -> None:
    """Check a host that is an address already, and is therefore never looked up.

    Raises:
        BadInput: It is not allowed, or written in a way that others may take for another address.
    """
    try:
        address = ip_address(host)
    except ValueError:
        if ":" in host or host.rstrip(".").rpartition(".")[2][:1].isdigit():
            raise BadInput(SOURCE, f"its picture's host {one_line(host)} is no name and no address") from None
        return
    if not limits.allows(host, address):
        raise not_allowed(host)


def not_allowed(host: str) -> BadInput:
    """The fault of a host that is not on the public internet."""
    return BadInput(
        SOURCE,
        f"its picture is on {one_line(host)}, which is not on the public internet: "
        "name that host in pictures.allow_private if it is yours",
    )
