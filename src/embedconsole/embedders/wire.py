"""One JSON request to an embedding service: sent once, its reply read up to a limit, failures as faults."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote, urlsplit, urlunsplit

import aiohttp
import anyio
import httpx
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream

from embedconsole import __version__
from embedconsole.embedders.errors import ERROR_BODY_LIMIT, Service, fault_of_status
from embedconsole.faults import ConfigError, Fault, Refused, Transient, Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": f"embedconsole/{__version__}",
}
# What httpx, aiohttp under it, and the sockets under that raise for a server or a network that fails.
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, aiohttp.ClientError, OSError, ValueError)
_READ_BYTES = 1 << 20
Credentials: TypeAlias = "tuple[str, str]"


def split_credentials(url: str) -> tuple[str, Credentials | None]:
    """The address without `user:password@`, and those two; the address goes into messages, they do not."""
    parts = urlsplit(url)
    if parts.username is None:
        return url, None
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, (unquote(parts.username), unquote(parts.password or ""))


class _BigReads(AiohttpTransport):
    """Hands a reply on in large pieces: in those of 16 kB a megabyte costs as much as decoding it."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        if isinstance(response.stream, AiohttpResponseStream):
            response.stream.CHUNK_SIZE = _READ_BYTES
        return response


class Wire:
    """A connection pool to one address.

    Args:
        service: Who that is, for the words of faults.
        headers: Sent with every request; what they hold never appears in a message or a log.
        timeout: Seconds for a whole request, from connecting to the last byte of the reply.
        connections: Connections kept open at most.

    Raises:
        ConfigError: A header's value can't be sent.
    """

    def __init__(
        self, service: Service, url: str, *, headers: Mapping[str, str], timeout: float, connections: int
    ) -> None:
        # httpx logs every address at INFO, and some services take their key in the query.
        logger = logging.getLogger("httpx")
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)
        for name, value in headers.items():
            if not value.isascii():
                raise ConfigError(
                    f"{service.key_setting}: {name} has a character that no HTTP header can carry"
                )
        self._service = service
        self._timeout = timeout
        address, credentials = split_credentials(url)
        self._url = httpx.URL(address)  # taken apart once, not with every request
        # Loading the certificate authorities takes 20 ms that a plain http address can do without.
        encrypted = self._url.scheme == "https"
        transport = _BigReads(
            verify=encrypted,
            client=lambda: aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=30.0, ssl=encrypted),
                read_bufsize=_READ_BYTES,
            ),
        )
        self._client = httpx.AsyncClient(
            transport=transport,
            headers={**_DEFAULT_HEADERS, **headers},
            auth=None
            if credentials is None or "authorization" in map(str.lower, headers)
            else httpx.BasicAuth(*credentials),
            timeout=None,  # one clock for the whole request instead, below
        )

    async def post(self, body: bytes, *, reply_limit: int) -> bytes:
        """The body of a 2xx reply.

        Args:
            body: JSON.
            reply_limit: Bytes, decompressed, beyond which a reply is not read.

        Raises:
            Throttled, Transient, BadInput, Refused: By its status (see `errors.py`); Transient when no reply
                or only a part of one came, or one longer than `reply_limit`.
        """
        try:
            with anyio.fail_after(self._timeout):
                return await self._post(body, reply_limit)
        except TimeoutError as error:
            raise Transient(
                self._service.source, f"did not answer within {self._timeout:g} s (timeout)"
            ) from error
        except _FAILURES as error:
            raise self._fault_of_failure(error) from error

    async def _post(self, body: bytes, reply_limit: int) -> bytes:
        async with self._client.stream("POST", self._url, content=body) as reply:
            if not reply.is_success:
                # The status says enough, should the rest of an error fail to arrive.
                try:
                    text, _ = await _read(reply, ERROR_BODY_LIMIT)
                except _FAILURES:
                    text = b""
                raise fault_of_status(self._service, reply.status_code, reply.headers, text)
            data, whole = await _read(reply, reply_limit)
            if not whole:
                raise Transient(
                    self._service.source,
                    f"answered more than {reply_limit / 1_000_000:,.1f} MB for {len(body) / 1000:,.1f} kB",
                    remedy=self._service.url_remedy,
                )
            return data

    def _fault_of_failure(self, error: Exception) -> Fault:
        service = self._service
        cause = error.__cause__ or error
        if isinstance(error, (httpx.InvalidURL, httpx.UnsupportedProtocol)):
            return Refused(service.source, "its address can't be used", remedy=service.url_remedy)
        if isinstance(cause, aiohttp.ClientConnectorCertificateError):
            said = service.clean(str(cause.certificate_error))
            remedy = "Install its certificate authority on this host, or correct the address"
            return Refused(service.source, f"has a certificate that is not trusted: {said}", remedy=remedy)
        if isinstance(cause, aiohttp.ClientConnectorError):
            return Unreachable(
                service.source,
                f"can't be reached: {service.clean(str(cause))}",
                remedy=f"Is it running? {service.url_remedy}",
            )
        if isinstance(error, httpx.DecodingError):
            return Transient(service.source, "answered with a broken compression")
        # The names of httpx's exceptions mislead here (a dropped connection comes as ConnectTimeout).
        said = service.clean(str(cause)) or type(cause).__name__
        return Transient(service.source, f"broke the connection: {said}")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()


async def _read(reply: httpx.Response, limit: int) -> tuple[bytes, bool]:
    """Up to `limit` bytes of a body, and whether that is all of it."""
    chunks = []
    left = limit
    async for chunk in reply.aiter_bytes():
        chunks.append(chunk[:left])
        left -= len(chunk)
        if left < 0:
            return b"".join(chunks), False
    return b"".join(chunks), True
