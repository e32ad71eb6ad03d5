"""Which machine a picture's address leads to: looked up once, checked, and only that one is connected to."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver

from embedconsole.faults import BadInput
from embedconsole.foreign_text import one_line
from embedconsole.pictures.reference import SOURCE

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult

    from embedconsole.pictures.policy import PictureLimits


class CheckedResolver(AbstractResolver):
    """Hands on only addresses that the limits allow.

    The connection is made to just what comes out of here: no second look-up could answer otherwise.

    Args:
        lookup: Who knows the addresses of a name; None asks the system.
    """

    def __init__(self, limits: PictureLimits, lookup: AbstractResolver | None = None) -> None:
        self._limits = limits
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """See `AbstractResolver`.

        Raises:
            BadInput: None of the addresses is allowed.
            OSError: The name has none.
        """
        if self._lookup is None:
            self._lookup = ThreadedResolver()  # belongs to the event loop that makes it
        found = await self._lookup.resolve(host, port, family)
        allowed = [entry for entry in found if self._limits.allows(host, ip_address(entry["host"]))]
        if found and not allowed:
            raise not_allowed(host)
        return allowed

    async def check_name(self, host: str) -> None:
        """Check a host that a proxy will look up, as far as it has an address here.

        Raises:
            BadInput: None of its addresses is allowed.
        """
        with suppress(OSError):  # behind a company's proxy, names of the internet often have none
            await self.resolve(host)

    async def close(self) -> None:
        """See `AbstractResolver`."""
        if self._lookup is not None:
            await self._lookup.close()


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
