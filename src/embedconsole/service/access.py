"""Who may use the service: no page of a foreign site, and callers with the token where one is set."""

from __future__ import annotations

import secrets
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import HTTPException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.config.sections.service import ServiceConfig


def check_origin(headers: Mapping[str, str], config: ServiceConfig) -> None:
    """See where a request was sent to (Host) and which page sent it (Origin).

    A site can have its name point to this machine, so on a loopback address the name counts too. Programs
    send no Origin; what a page sends must come from the service itself, or from one of `service.hosts`.

    Raises:
        HTTPException: 403.
    """
    host, origin = headers.get("host", ""), headers.get("origin")
    if _is_loopback(config.host) and not _is_known(_name(f"//{host}"), config.hosts):
        raise HTTPException(403, "this host is not served here: name it in service.hosts")
    if origin is None:
        return
    name = _name(origin)
    own = origin.partition("://")[2] == host and _is_known(name, config.hosts)
    if not (own or (name and name in config.hosts)):
        raise HTTPException(403, "this origin may not use the service: name its host in service.hosts")


def check_token(authorization: str, token: bytes) -> None:
    """Compare the token that was sent; how long it takes says nothing about the right one.

    Raises:
        HTTPException: 401.
    """
    scheme, _, given = authorization.partition(" ")
    # Latin-1 gives back the bytes as they were sent.
    if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode("latin-1"), token):
        said = "send the service's token, as Authorization: Bearer TOKEN"
        raise HTTPException(401, said, {"WWW-Authenticate": 'Bearer realm="embedconsole"'})


def _name(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return "."  # no host's name


def _is_known(name: str, hosts: list[str]) -> bool:
    """Whether no foreign site can have this name."""
    if name in hosts or "." not in name or name.endswith(".localhost"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
