"""HTTP as embedders and collections speak it: one pool of connections an address, replies read up to a limit.

aiohttp itself, because it reads and writes megabyte bodies several times faster than httpx, and because the
replies of httpx are reference cycles: a sync held hundreds of megabytes of them until the collector came.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ssl import SSLContext

    from aiohttp.abc import AbstractResolver
    from yarl import URL

ERROR_BODY_LIMIT = 64 * 1024
"""Bytes of an error's body that are read at all: a broken proxy must not fill our memory."""

FAILURES = (aiohttp.ClientError, OSError, ValueError)
"""What a server or a network that fails raises here; time-outs are the caller's."""

_READ_BYTES = 1 << 20
"""Handed on in pieces of 64 kB, a megabyte costs as much as decoding it."""
_KEEP_ALIVE_SECONDS = 30.0


def why_not_connected(error: aiohttp.ClientConnectorError) -> str:
    """Why there is no connection, in the system's words alone: who it was to, the caller says."""
    cause = error.os_error
    if cause.errno is not None and cause.errno > 0:
        return os.strerror(cause.errno)
    return cause.strerror or str(cause)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered.

    Attributes:
        headers: Found in any case.
        body: Decompressed, unless that was not wanted.
        whole: Whether `body` is all of it; else the limit was reached, or an error's rest did not arrive.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Http:
    """Requests to one server, each sent once; redirects are not followed.

    Args:
        encrypted: Whether the address is https. Loading the certificate authorities takes 20 ms that a plain
            one can do without.
        headers: Sent with every request.
        connections: Open at the same time, at most.
        tls: Whom to trust and who we are, where the system's certificate authorities won't do.
        resolver: Who tells which addresses a host's name stands for; None asks the system.
        decompress: Whether replies are decompressed; their limit then counts after that, a piece at a time.
    """

    def __init__(
        self,
        *,
        encrypted: bool,
        headers: Mapping[str, str],
        connections: int = 100,
        tls: SSLContext | None = None,
        resolver: AbstractResolver | None = None,
        decompress: bool = True,
    ) -> None:
        self._ssl = encrypted if tls is None else tls
        self._headers = dict(headers)
        self._connections = connections
        self._resolver = resolver
        self._decompress = decompress
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self,
        method: str,
        url: URL,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        limit: int | None = None,
    ) -> Reply:
        """Send a request and read its reply.

        Args:
            headers: Besides those that every request has.
            limit: Bytes of a 2xx reply, decompressed, beyond which it is not read; None reads all of it.

        Raises:
            FAILURES: No reply came, or only a part of one.
        """
        opened = self._opened()
        async with opened.request(method, url, data=body, headers=headers, allow_redirects=False) as reply:
            if 200 <= reply.status < 300:
                data, whole = await _read(reply.content, limit)
            else:
                # The status says enough, should the rest of an error fail to arrive.
                try:
                    data, whole = await _read(reply.content, ERROR_BODY_LIMIT)
                except FAILURES:
                    data, whole = b"", False
            return Reply(reply.status, reply.headers, data, whole)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        # Made with the first request, because it belongs to the event loop that makes it.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections,
                    keepalive_timeout=_KEEP_ALIVE_SECONDS,
                    ssl=self._ssl,
                    resolver=self._resolver,
                ),
                headers=self._headers,
                auto_decompress=self._decompress,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                read_bufsize=_READ_BYTES,
            )
        return self._session


async def _read(stream: aiohttp.StreamReader, limit: int | None) -> tuple[bytes, bool]:
    """Up to `limit` bytes of a body, and whether that is all of it."""
    chunks = []
    size = 0
    async for chunk in stream.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if limit is not None and size > limit:
            return b"".join(chunks)[:limit], False
    return b"".join(chunks), True
