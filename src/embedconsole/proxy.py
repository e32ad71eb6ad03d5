"""The proxy for a request: one set of rules for every client, by the variables that curl reads."""

from __future__ import annotations

import os
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Address, IPv6Address

_SCHEMES = ("http", "https")


class UnusableProxy(ValueError):
    """A variable names a proxy that can't be used; the message names the variable, never its value."""


def proxy_of(url: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """The proxy for an address; None when it is connected to directly.

    `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY` count in lower case first, `NO_PROXY` takes hosts, their
    subdomains, ports, addresses, networks and `*`. This machine itself is never behind a proxy.

    Raises:
        UnusableProxy: The proxy speaks something else than HTTP.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    named = _variable(parts.scheme, environ)
    if named is None or _is_this_machine(host) or _is_excepted(host, _port(url), environ):
        return None
    variable, value = named
    proxy = value if "://" in value else f"http://{value}"
    try:
        given = urlsplit(proxy)
        usable = given.scheme.lower() in _SCHEMES and bool(given.hostname) and given.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UnusableProxy(f"{variable} names no HTTP proxy; write it like http://proxy:3128")
    return proxy


def proxy_name(url: str, environ: Mapping[str, str] = os.environ) -> str:
    """The variable and the host of an address's proxy, for messages: "HTTPS_PROXY (proxy:3128)"."""
    named = _variable(urlsplit(url).scheme, environ)
    variable, value = named or ("the proxy", "")
    return f"{variable} ({value.rpartition('://')[2].rpartition('@')[2].rstrip('/')})"


def _variable(scheme: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The variable that counts for a scheme, and its value."""
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    return next(((name, environ[name].strip()) for name in names if environ.get(name, "").strip()), None)


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_this_machine(host: str) -> bool:
    address = _address(host)
    if address is not None:
        return address.is_loopback or address.is_unspecified
    return host == "localhost" or host.endswith(".localhost")


def _is_excepted(host: str, port: int, environ: Mapping[str, str]) -> bool:
    entries = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return any(_matches(entry, host, port) for entry in entries.lower().replace(",", " ").split())


def _matches(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY means this host."""
    if entry == "*":
        return True
    address = _address(host)
    try:
        network = ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass
    else:
        return address is not None and address.version == network.version and address in network
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdigit():
        return int(wanted) == port and _matches(name, host, port)
    name = entry.removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))
