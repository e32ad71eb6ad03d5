"""A loopback proxy in front of an HTTP service that gives requests the troubles of a schedule."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from support.loop_thread import loop_in_thread
from support.troubles import DELAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.troubles import Trouble, Troubles

_PAGE = "<!doctype html><title>Gateway</title><p>Please sign in</p>"
_ERROR = {"error": {"code": "bad_request", "message": "no such thing", "type": "invalid_request_error"}}
_SPOILT = ("reset after", "truncate")


class _Proxy:
    def __init__(self, upstream: str, troubles: Troubles, spoilt: Callable[[bytes], None]) -> None:
        self._upstream = upstream
        self._troubles = troubles
        self._spoilt = spoilt

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        trouble = self._troubles.take()
        if trouble in ("400", "422", "429", "500", "503"):
            headers = {"Retry-After": "0"} if trouble == "429" else {}
            return web.Response(status=int(trouble), text=f"a {trouble} of the proxy", headers=headers)
        if trouble == "page":
            return web.Response(text=_PAGE, content_type="text/html")
        if trouble == "error object":
            return web.json_response(_ERROR)
        if trouble == "nulls":
            return web.json_response({"embeddings": [None] * len(json.loads(body)["items"])})
        if trouble == "reset":
            _reset(request)
            return web.Response()
        if trouble == "delay":
            await asyncio.sleep(DELAY)
        status, headers, reply = await self._forward(request, body)
        if trouble in _SPOILT:
            self._spoilt(body)
            return await _spoil(request, trouble, status, headers, reply)
        return web.Response(status=status, headers=headers, body=reply)

    async def _forward(self, request: web.Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(
                request.method, self._upstream + request.raw_path, data=body, headers=headers
            ) as answer,
        ):
            reply = await answer.read()
            kind = answer.headers.get("Content-Type", "application/json")
            return answer.status, {"Content-Type": kind}, reply


async def _spoil(
    request: web.Request, trouble: Trouble | None, status: int, headers: dict[str, str], reply: bytes
) -> web.StreamResponse:
    if trouble == "reset after":
        _reset(request)
        return web.Response()
    response = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(len(reply))})
    await response.prepare(request)
    await response.write(reply[: len(reply) // 2])
    _reset(request)
    return response


def _reset(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


@contextmanager
def http_proxy(
    upstream: str, troubles: Troubles, spoilt: Callable[[bytes], None] = lambda body: None
) -> Iterator[str]:
    """The proxy's address, while the block runs.

    Args:
        upstream: `http://host:port` of the service.
        spoilt: Called with the body of each request that was carried out and whose answer got lost.
    """
    with loop_in_thread() as loop:
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", _Proxy(upstream, troubles, spoilt).answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.001)

        async def start() -> int:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            port: int = runner.addresses[0][1]
            return port

        port = asyncio.run_coroutine_threadsafe(start(), loop).result()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
