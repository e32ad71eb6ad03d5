"""The transport that qdrant-client gets: its requests go over our own client, like all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from yarl import URL

from embedconsole.http_client import REPLY_LIMIT

if TYPE_CHECKING:
    from embedconsole.http_client import Http

_ANSWERED = ("content-type", "retry-after")
"""Headers that qdrant-client reads; those of the transfer are true no longer."""


class Transport(httpx.AsyncBaseTransport):
    """Sends requests over `Http`: the same connections, proxy, certificates, limits and errors."""

    def __init__(self, client: Http) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        reply = await self._client.send(
            request.method, URL(str(request.url), encoded=True), await request.aread() or None
        )
        if reply.ok and not reply.whole:
            raise httpx.ReadError(f"the reply has more than {REPLY_LIMIT >> 20} MB", request=request)
        headers = {name: reply.headers[name] for name in _ANSWERED if name in reply.headers}
        return httpx.Response(reply.status, headers=headers, content=reply.body, request=request)
