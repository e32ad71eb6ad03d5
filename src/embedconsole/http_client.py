"""HTTP as embedders and collections speak it: one pool of connections an address, replies read up to a limit.

aiohttp itself, because it reads and writes megabyte bodies several times faster than httpx, and because the
replies of httpx are reference cycles: a sync held hundreds of megabytes of them until the collector came.
"""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from embedconsole.proxy import UnusableProxy, proxy_name, proxy_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.abc import AbstractResolver

REPLY_LIMIT = 64 << 20
"""Bytes of a reply that are read, where the caller names no limit of its own."""

ERROR_BODY_LIMIT = 64 * 1024
"""Bytes of an error's body that are read at all: a broken proxy must not fill our memory."""

FAILURES = (aiohttp.ClientError, OSError, ValueError)
"""The exceptions of a failing server or network; the caller handles time-outs."""

_READ_BYTES = 1 << 20
"""Handed on in pieces of 64 kB, a megabyte costs as much as decoding it."""
_KEEP_ALIVE_SECONDS = 30.0


_NO_TLS = re.compile(r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST")
"""OpenSSL's reasons where the other side answers in plain text."""
_TLS_NOISE = re.compile(r"^\[(?:SSL|[Xx]509)[^\]]*\]\s*|\s*\(_ssl\.c:\d+\)$")
_PROXY_REFUSALS = frozenset({401, 403, 407})


class Obstacle(Enum):
    """The kinds of obstacles between us and a server, by who has to change something."""

    NETWORK = auto()
    """There is no connection: the server, a name or the network is not there now."""
    PROXY = auto()
    """The proxy can't be reached or does not let us through now."""
    PROXY_REFUSES = auto()
    """The proxy refuses us, or can't be used at all."""
    CERTIFICATE = auto()
    """The server's certificate is not trusted."""
    CERTIFICATE_WANTED = auto()
    """The server asks for a certificate of ours."""
    PLAIN = auto()
    """The address says https, the server does not speak TLS."""


@dataclass(frozen=True, slots=True)
class NotConnected:
    """Why there is no connection, in the system's words alone: who it was to, the caller says.

    Attributes:
        reason: Continues "it ...": "can't be reached: Connection refused".
        remedy: What to change about the proxy, if that is it.
    """

    obstacle: Obstacle
    reason: str
    remedy: str | None = None

    @property
    def passing(self) -> bool:
        """Whether it may be over by itself."""
        return self.obstacle in (Obstacle.NETWORK, Obstacle.PROXY)

    def remedy_at(self, url: str, tls: str) -> str:
        """The remedy for an obstacle.

        Args:
            url: The setting of the address: "collection.url".
            tls: The section of its certificates: "collection.tls".
        """
        match self.obstacle:
            case Obstacle.CERTIFICATE:
                return f"Name its certificate authority in {tls}.ca, or correct {url}"
            case Obstacle.CERTIFICATE_WANTED:
                return f"Set {tls}.cert"
            case Obstacle.PLAIN:
                return f"Write http:// in {url}, or the port that speaks TLS"
        return self.remedy or f"Is it running? Check {url}"


def why_not_connected(error: BaseException, url: str) -> NotConnected | None:
    """Why a request to an address did not reach it; None when something else went wrong.

    Args:
        error: What was raised, whichever of its causes tells.
    """
    cause: BaseException | None = error
    while cause is not None:
        if (found := _not_connected(cause, url)) is not None:
            return found
        cause = cause.__cause__ or cause.__context__
    return None


def _not_connected(error: BaseException, url: str) -> NotConnected | None:
    if isinstance(error, UnusableProxy):
        return NotConnected(Obstacle.PROXY_REFUSES, "can't be reached", str(error))
    if isinstance(error, aiohttp.ClientHttpProxyError):
        refuses = error.status in _PROXY_REFUSALS
        reason = f"can't be reached: its proxy answered {error.status}"
        return NotConnected(
            Obstacle.PROXY_REFUSES if refuses else Obstacle.PROXY, reason, _proxy_remedy(url, error.status)
        )
    if "CERTIFICATE_REQUIRED" in str(error):  # comes with the first reply, when the connection is made
        return NotConnected(Obstacle.CERTIFICATE_WANTED, "asks for a client certificate")
    if not isinstance(error, aiohttp.ClientConnectorError):
        return None
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        said = _TLS_NOISE.sub("", str(error.certificate_error))
        return NotConnected(Obstacle.CERTIFICATE, f"has a certificate that is not trusted: {said}")
    if isinstance(error.os_error, ssl.SSLError):
        said = str(error.os_error)
        if _NO_TLS.search(said.replace(" ", "_").upper()):
            return NotConnected(Obstacle.PLAIN, "does not speak TLS")
        return NotConnected(Obstacle.NETWORK, f"can't be reached by TLS: {_TLS_NOISE.sub('', said)}")
    reason = f"can't be reached: {_system_words(error.os_error)}"
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        reason = f"can't be reached: no connection to its proxy: {_system_words(error.os_error)}"
        return NotConnected(Obstacle.PROXY, reason, _proxy_remedy(url))
    return NotConnected(Obstacle.NETWORK, reason)


def _system_words(error: OSError) -> str:
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error)


def _proxy_remedy(url: str, status: int | None = None) -> str:
    host = URL(url).host
    if status == 407:
        return f"Set user and password in {proxy_name(url)}, or name {host} in NO_PROXY"
    return f"Check {proxy_name(url)}, or name {host} in NO_PROXY"


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply.

    Attributes:
        headers: Found in any case.
        body: Decompressed, unless the caller asked for the raw bytes.
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
    """Requests, each sent once; redirects are not followed, proxies are used as `proxy.proxy_of` says.

    Args:
        headers: Sent with every request.
        connections: Open at the same time, at most.
        tls: Whom to trust and who we are; None for the system's certificate authorities.
        resolver: Resolves host names; None asks the system.
        decompress: Whether replies are decompressed; their limit then counts after that, a piece at a time.
    """

    def __init__(
        self,
        *,
        headers: Mapping[str, str],
        connections: int = 100,
        tls: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
        decompress: bool = True,
    ) -> None:
        self._ssl = True if tls is None else tls
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
        limit: int = REPLY_LIMIT,
    ) -> Reply:
        """Send a request and read its reply.

        Args:
            headers: In addition to those of every request.
            limit: Bytes of a 2xx reply, decompressed, beyond which it is not read.

        Raises:
            FAILURES: No reply came, or only a part of one.
        """
        opened = self._opened()
        proxy = proxy_of(str(url))
        # With each request: what a session sends by itself, it would show to a proxy too.
        sent = {**self._headers, **(headers or {})}
        async with opened.request(
            method, url, data=body, headers=sent, allow_redirects=False, proxy=proxy
        ) as reply:
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
                auto_decompress=self._decompress,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                read_bufsize=_READ_BYTES,
            )
        return self._session


async def _read(stream: aiohttp.StreamReader, limit: int) -> tuple[bytes, bool]:
    """Up to `limit` bytes of a body, and whether that is all of it."""
    chunks = []
    size = 0
    async for chunk in stream.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            return b"".join(chunks)[:limit], False
    return b"".join(chunks), True
