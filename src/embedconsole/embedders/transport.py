"""One JSON request to an embedding service: sent once, its reply read up to a limit, failures as faults."""

from __future__ import annotations

import gzip
from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote, urlsplit, urlunsplit

import aiohttp
import anyio
from aiohttp.http_exceptions import ContentEncodingError
from multidict import CIMultiDict
from yarl import URL

from embedconsole import __version__
from embedconsole.embedders.errors import Service, fault_of_status
from embedconsole.faults import ConfigError, Fault, Refused, Transient, Unreachable
from embedconsole.http_client import ERROR_BODY_LIMIT, FAILURES, Http, why_not_connected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from ssl import SSLContext

_DEFAULT_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": f"embedconsole/{__version__}",
}
_GZIP_LEVEL = 1  # JSON shrinks to a quarter at any level; higher ones cost more than they save
Credentials: TypeAlias = "tuple[str, str]"
FaultOf: TypeAlias = "Callable[[int, Mapping[str, str], bytes], Fault]"


def split_credentials(url: str) -> tuple[str, Credentials | None]:
    """The address without `user:password@`, and those two; the address goes into messages, they do not."""
    parts = urlsplit(url)
    if parts.username is None:
        return url, None
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, (unquote(parts.username), unquote(parts.password or ""))


class Wire:
    """A connection pool to one address.

    Args:
        service: Who that is, for the words of faults.
        headers: Sent with every request; what they hold never appears in a message or a log.
        timeout: Seconds for a whole request, from connecting to the last byte of the reply.
        connections: Connections kept open at most.
        tls: For an https address: whom to trust and who we are; None for the system's authorities.
        compress: Send bodies gzipped.
        fault_of: The fault behind a status that is not 2xx, its headers and the beginning of its body.

    Raises:
        ConfigError: The address can't be used.
    """

    def __init__(
        self,
        service: Service,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout: float,
        connections: int,
        tls: SSLContext | None = None,
        compress: bool = False,
        fault_of: FaultOf | None = None,
    ) -> None:
        self._service = service
        self._timeout = timeout
        address, credentials = split_credentials(url)
        self._url = _parsed(service, address)  # taken apart once, not with every request
        sent = CIMultiDict(_DEFAULT_HEADERS)
        if credentials is not None:
            sent["Authorization"] = f"Basic {b64encode(':'.join(credentials).encode()).decode()}"
        sent.update(headers)
        self._compress = compress
        self._fault_of = fault_of or partial(fault_of_status, service)
        self._http = Http(headers=sent, connections=connections, tls=tls)

    async def post(self, body: bytes, *, reply_limit: int) -> bytes:
        """The body of a 2xx reply.

        Args:
            body: JSON.
            reply_limit: Bytes, decompressed, beyond which a reply is not read.

        Raises:
            Throttled, Transient, BadInput, Refused: By its status (see `errors.py`); Transient when no reply
                or only a part of one came, or one longer than `reply_limit`.
        """
        if not self._compress:
            return await self.send("POST", self._url, body, reply_limit=reply_limit)
        headers = {"Content-Encoding": "gzip"}
        packed = gzip.compress(body, compresslevel=_GZIP_LEVEL)
        return await self.send("POST", self._url, packed, headers=headers, reply_limit=reply_limit)

    async def get(self, path: str) -> bytes:
        """The beginning of a 2xx reply at another path of the same host; raises as `post`."""
        return await self.send("GET", self._url.join(URL(path)), None, reply_limit=ERROR_BODY_LIMIT)

    async def send(
        self,
        method: str,
        url: URL,
        body: bytes | None,
        *,
        headers: Mapping[str, str] | None = None,
        reply_limit: int,
    ) -> bytes:
        """The body of a 2xx reply to any request to the same host; raises as `post`."""
        try:
            with anyio.fail_after(self._timeout):
                reply = await self._http.send(method, url, body, headers=headers, limit=reply_limit)
        except TimeoutError as error:
            raise Transient(
                self._service.source, f"did not answer within {self._timeout:g} s (timeout)"
            ) from error
        except FAILURES as error:
            raise self._fault_of_failure(error) from error

        if not reply.ok:
            raise self._fault_of(reply.status, reply.headers, reply.body)
        if not reply.whole:
            asked = f"{len(body or b'') / 1000:,.1f} kB"
            raise Transient(
                self._service.source,
                f"answered more than {reply_limit / 1_000_000:,.1f} MB for {asked}",
                remedy=self._service.url_remedy,
            )
        return reply.body

    def _fault_of_failure(self, error: Exception) -> Fault:
        service = self._service
        if isinstance(error, aiohttp.InvalidURL):
            return Refused(service.source, "its address can't be used", remedy=service.url_remedy)
        if (found := why_not_connected(error, str(self._url))) is not None:
            kind = Unreachable if found.passing else Refused
            key = f"embedders.{service.name}"
            remedy = found.remedy_at(f"{key}.url", f"{key}.tls")
            return kind(service.source, service.clean(found.reason), remedy=remedy)
        if isinstance(error.__cause__, ContentEncodingError):
            return Transient(service.source, "answered with a broken compression")
        said = service.clean(str(error)) or type(error).__name__
        return Transient(service.source, f"broke the connection: {said}")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()


def _parsed(service: Service, address: str) -> URL:
    try:
        return URL(address)
    except ValueError as error:
        # Its text is not repeated: some services take their key in the query.
        raise ConfigError(
            f"embedders.{service.name}.url can't be used: write it like http://host/path"
        ) from error
