"""The transport that qdrant-client gets, so that its connections fail as our own do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from httpx_aiohttp import AiohttpTransport

from embedconsole.http import ERROR_BODY_LIMIT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class CappedErrors(httpx.AsyncBaseTransport):
    """Cuts the bodies of error replies short: a broken proxy must not fill our memory.

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
