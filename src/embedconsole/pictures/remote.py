"""Pictures behind an address: asked for by us, with every step of the way checked."""

from __future__ import annotations

import socket
import zlib
from contextlib import contextmanager, suppress
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

import aiohttp
import anyio
from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver

from embedconsole import __version__
from embedconsole.faults import BadInput, Fault, Transient
from embedconsole.foreign_text import one_line
from embedconsole.http_client import FAILURES, Http, why_not_connected
from embedconsole.pictures.policy import check_numeric, not_allowed
from embedconsole.pictures.reference import SOURCE, remote_picture
from embedconsole.pictures.silent_hosts import SilentHosts
from embedconsole.proxy import proxy_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp.abc import ResolveResult

    from embedconsole.http_client import Reply
    from embedconsole.pictures.policy import PictureLimits
    from embedconsole.pictures.reference import RemotePicture

_HEADERS = {
    "Accept": "image/*",
    # What comes compressed anyway is unpacked here, no further than allowed.
    "Accept-Encoding": "identity",
    "User-Agent": f"embedconsole/{__version__}",
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429})
_NO_HEAD = frozenset({400, 403, 404, 405, 501})
"""What servers, and addresses signed for GET alone, answer to HEAD for what is there."""
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


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


class RemotePictures:
    """Asks for pictures, each once.

    Args:
        connections: Open at the same time, at most.
        lookup: Who knows the addresses of a name; None asks the system.
    """

    def __init__(
        self, limits: PictureLimits, *, connections: int, lookup: AbstractResolver | None = None
    ) -> None:
        self._limits = limits
        self._silent = SilentHosts()
        self._resolver = CheckedResolver(limits, lookup)
        client = partial(Http, headers=_HEADERS, connections=connections, tls=limits.tls, decompress=False)
        self._direct = client(resolver=self._resolver)
        # The proxy's own address is the operator's, and need not be a public one.
        self._by_proxy = client()

    async def read(self, picture: RemotePicture) -> bytes:
        """The bytes behind the address; one more than allowed where there are more.

        Raises:
            BadInput: There is nothing, or we may not go there.
            Transient: It does not answer now.
        """
        limit = self._limits.max_bytes + 1
        with self._timed(picture):
            reply = await self._followed("GET", picture, limit)
        _check_status(picture, reply.status)
        encoding = reply.headers.get("content-encoding", "identity").strip().lower()
        return reply.body if encoding in ("", "identity") else _unpacked(reply.body, encoding, limit)

    async def etag(self, picture: RemotePicture) -> str | None:
        """What its server says changes with the picture; None where it says nothing. Raises as `read`."""
        with self._timed(picture):
            reply = await self._followed("HEAD", picture, 0)
            if reply.status in _NO_HEAD:
                reply = await self._followed("GET", picture, 0)
        _check_status(picture, reply.status)
        headers = reply.headers
        return headers.get("etag") or headers.get("last-modified") or None

    async def aclose(self) -> None:
        """Close all connections."""
        await self._direct.aclose()
        await self._by_proxy.aclose()

    async def _followed(self, method: str, picture: RemotePicture, limit: int) -> Reply:
        """The reply at the end of all redirects."""
        url = picture.url
        for _ in range(self._limits.redirects + 1):
            check_numeric(url.raw_host or "", self._limits)
            client = self._direct
            if proxy_of(str(url)) is not None:
                client = self._by_proxy
                await self._resolver.check_name(url.raw_host or "")
            reply = await client.send(method, url, limit=limit)
            if reply.status not in _REDIRECTS:
                return reply
            url = remote_picture(reply.headers.get("location", ""), base=url).url
        raise BadInput(SOURCE, f"its picture is behind more than {self._limits.redirects} redirects")

    @contextmanager
    def _timed(self, picture: RemotePicture) -> Iterator[None]:
        """The time that is allowed, and what fails meanwhile as a fault."""
        host = _host(picture)
        self._silent.check(host)
        try:
            with anyio.fail_after(self._limits.timeout):
                yield
            self._silent.answered(host)
        except TimeoutError as error:
            self._silent.silent(host)
            message = f"its picture did not arrive from {host} within {self._limits.timeout:g} s"
            raise Transient(SOURCE, message) from error
        except aiohttp.InvalidURL as error:
            raise BadInput(SOURCE, "its picture's address can't be used") from error
        except FAILURES as error:
            self._silent.silent(host)
            found = why_not_connected(error, str(picture.url))
            said = one_line(str(error) if found is None else found.reason) or type(error).__name__
            raise Transient(SOURCE, f"its picture can't be fetched from {host} now: {said}") from error


def _host(picture: RemotePicture) -> str:
    return one_line(picture.url.host or "")


def _check_status(picture: RemotePicture, status: int) -> None:
    if 200 <= status < 300:
        return
    host = _host(picture)
    fault: type[Fault] = BadInput
    if status in (404, 410):
        message = f"its picture is not there: {host} answered {status}"
    elif status in (401, 402, 403):
        message = f"its picture may not be fetched by us: {host} answered {status}"
    else:
        message = f"its picture was not given out: {host} answered {status}"
        fault = Transient if status >= 500 or status in _PASSING else BadInput
    raise fault(SOURCE, message)


def _unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """A compressed body, no further than `limit` bytes of it."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise BadInput(SOURCE, "its picture came in a compression that we did not ask for")
    try:
        return zlib.decompressobj(_GZIP_OR_ZLIB).decompress(body, limit)
    except zlib.error as error:
        raise BadInput(SOURCE, "its picture came in a broken compression") from error
