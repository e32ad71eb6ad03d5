"""The address of a Qdrant server, and the credentials for it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from embedconsole.faults import ConfigError

DEFAULT_PORT = 6333


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a server.

    Attributes:
        base: Scheme, host, port and path prefix, without credentials and without a slash at the end.
        headers: What authorizes us there.
        secrets: The parts of it that may never be shown.
    """

    base: str
    headers: dict[str, str]
    secrets: tuple[str, ...]


def parse_address(url: str, api_key: str | None) -> Address:
    """Take a URL apart; without a port it is 6333, as in every Qdrant client.

    Args:
        url: `http://qdrant:6333`, `https://user:password@proxy:443/qdrant`.

    Raises:
        ConfigError: It is no http(s) URL. Its text is not repeated, as it may hold a password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError("collection.url can't be read: write it like http://localhost:6333") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError("collection.url must begin with http:// or https://, like http://localhost:6333")
    headers: dict[str, str] = {}
    secrets: list[str] = []
    if api_key:
        headers["api-key"] = api_key
        secrets.append(api_key)
    if parts.username is not None:
        password = unquote(parts.password or "")
        pair = f"{unquote(parts.username)}:{password}".encode()
        token = base64.b64encode(pair).decode()
        headers["authorization"] = f"Basic {token}"
        secrets += [token, password] if password else [token]
    shown = f"[{host}]" if ":" in host else host
    base = f"{parts.scheme}://{shown}:{port or DEFAULT_PORT}{parts.path.rstrip('/')}"
    return Address(base, headers, tuple(secrets))


def collection_path(base: str, name: str) -> str:
    """The collection's URL; every character of the name that means something in a URL is escaped."""
    return f"{base}/collections/{quote(name, safe='')}"
