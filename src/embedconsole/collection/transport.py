"""HTTP to a Qdrant server: one transport for our own requests and for qdrant-client's."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

import httpx
from httpx_aiohttp import AiohttpTransport

from embedconsole.collection.errors import ERROR_BODY_LIMIT
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DEFAULT_PORT = 6333


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is.

    Attributes:
        base: Scheme, host, port and path prefix, without credentials and without a slash at the end.
        headers: What authorizes us there.
        secrets: What of it may never be shown.
    """

    base: str
    headers: dict[str, str]
    secrets: tuple[str, ...]

    @property
    def encrypted(self) -> bool:
        return self.base.startswith("https:")


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
        if not (api_key.isascii() and api_key.isprintable()):
            raise ConfigError("collection.api_key has a character that no HTTP header can carry")
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


class CappedErrors(httpx.AsyncBaseTransport):
    """Cuts the bodies of error replies short: a broken proxy must not fill our memory.

    Replies come through aiohttp, which reads and writes megabyte bodies several times faster than h11.

    Args:
        encrypted: Whether the address is https, so that certificates have to be checked.
    """

    def __init__(self, *, encrypted: bool) -> None:
        # Loading the certificate authorities takes 20 ms that a plain http address can do without.
        self._inner = AiohttpTransport(verify=encrypted)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        reply = await self._inner.handle_async_request(request)
        if reply.status_code >= 400 and isinstance(reply.stream, httpx.AsyncByteStream):
            reply.stream = _Capped(reply.stream)
        return reply

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Capped(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = ERROR_BODY_LIMIT
        async for chunk in self._inner:
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                return

    async def aclose(self) -> None:
        await self._inner.aclose()
