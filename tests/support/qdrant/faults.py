"""Misbehaviour on demand and a count of requests, controlled over `/_test/...`."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from support.qdrant.jsonish import Json, Object, as_count, as_object, as_text, member

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

KINDS = ("status", "drop", "truncate", "delay", "hold")


@dataclass
class Fault:
    """What the next `left` matching requests get instead of, or around, their answer.

    Attributes:
        kind: `status` answers `body` with `status`; `drop` closes the connection; `truncate` closes it in the
            middle of the reply; `delay` waits `seconds` and goes on; `hold` waits for `/_test/release`.
        applied: Whether the request is carried out before it fails: the confirmation is what gets lost.
    """

    kind: str
    left: int
    method: str | None
    path: re.Pattern[str]
    status: int
    headers: dict[str, str]
    body: str | None
    seconds: float
    applied: bool

    @classmethod
    def parse(cls, body: Object) -> Fault:
        kind = as_text(member(body, "kind"), "kind")
        if kind not in KINDS:
            raise web.HTTPBadRequest(text=f"kind is one of {KINDS}")
        seconds = body.get("seconds")
        return cls(
            kind=kind,
            left=as_count(body.get("count"), "count", 1),
            method=as_text(body["method"], "method") if body.get("method") else None,
            path=re.compile(as_text(body.get("path") or ".", "path")),
            status=as_count(body.get("status"), "status", 500),
            headers={
                name: as_text(text, name)
                for name, text in as_object(body.get("headers") or {}, "headers").items()
            },
            body=as_text(body["body"], "body") if body.get("body") is not None else None,
            seconds=float(seconds) if isinstance(seconds, (int, float)) else 0.0,
            applied=bool(body.get("applied")),
        )

    def matches(self, method: str, path: str) -> bool:
        return self.left > 0 and self.method in (None, method) and bool(self.path.search(path))


@dataclass
class Control:
    """The state behind `/_test/...`."""

    faults: list[Fault] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    held: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def take(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.matches(method, path):
                fault.left -= 1
                return fault
        return None

    async def note(self, method: str, path: str) -> None:
        async with self.changed:
            self.counts[f"{method} {path}"] += 1
            self.changed.notify_all()

    def matching(self, pattern: str) -> int:
        return sum(n for name, n in self.counts.items() if re.search(pattern, name))

    async def around(
        self, fault: Fault, request: web.Request, answer: Callable[[], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Answer one request as its fault says."""
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
            return await answer()
        if fault.kind == "hold":
            done = await answer() if fault.applied else None
            async with self.changed:
                self.held += 1
                self.changed.notify_all()
            await self.release.wait()
            return done if done is not None else await answer()
        if fault.applied:
            await answer()
        if fault.kind == "status":
            text = fault.body if fault.body is not None else _error_body(fault.status)
            reply = web.Response(status=fault.status, text=text, headers=fault.headers)
            if "content-type" not in {name.lower() for name in fault.headers}:
                reply.content_type = "application/json"
            return reply
        if fault.kind == "truncate":
            stream = web.StreamResponse(
                headers={"Content-Length": "4096", "Content-Type": "application/json"}
            )
            await stream.prepare(request)
            await stream.write(b'{"result":{"operation_id":1,"sta')
        if request.transport is not None:
            request.transport.abort() if fault.kind == "drop" else request.transport.close()
        raise asyncio.CancelledError

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/_test/faults", self._add),
            web.post("/_test/reset", self._reset),
            web.post("/_test/release", self._release),
            web.get("/_test/requests", self._requests),
            web.get("/_test/wait", self._wait),
        ]

    async def _add(self, request: web.Request) -> web.Response:
        body: Json = await request.json()
        self.faults.append(Fault.parse(as_object(body, "a fault")))
        self.release.clear()
        return web.json_response({})

    async def _reset(self, _request: web.Request) -> web.Response:
        self.faults.clear()
        self.counts.clear()
        self.held = 0
        self.release.set()
        return web.json_response({})

    async def _release(self, _request: web.Request) -> web.Response:
        self.release.set()
        self.held = 0
        return web.json_response({})

    async def _requests(self, _request: web.Request) -> web.Response:
        return web.json_response(dict(self.counts))

    async def _wait(self, request: web.Request) -> web.Response:
        """Answer when enough matching requests have arrived (or are held), 408 when they do not come."""
        pattern, count = request.query.get("match"), int(request.query["count"])
        try:
            async with asyncio.timeout(float(request.query["timeout"])), self.changed:
                await self.changed.wait_for(
                    lambda: (self.held if pattern is None else self.matching(pattern)) >= count
                )
        except TimeoutError:
            raise web.HTTPRequestTimeout(text=f"held {self.held}, seen {dict(self.counts)}") from None
        return web.json_response({})


def _error_body(status: int) -> str:
    return f'{{"status":{{"error":"Service internal error: made to fail with {status}"}},"time":0.0}}'
