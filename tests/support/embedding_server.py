"""The server behind `support.embedding_service`: both request shapes, a schedule, a control door.

POST /embed takes `{"items": [...]}` or `{"text", "image_url"}` and answers in the same shape, /v1/embeddings
is OpenAI's and /v1/predictions Replicate's door. Everything under /control is for the handle alone and
neither counted nor delayed.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import orjson
from aiohttp import web

from support.embedding_behaviour import Behaviour, Schedule, spoiled
from support.embedding_dialects import Answer, Dialect, OpenAI, OwnService, Replicate
from support.embedding_vectors import content_of, encode_vector

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

_REMEMBERED = 20
_CHUNK = b"x" * 65_536
_PAGE = "<!doctype html><html><title>Sign in</title><body>Please sign in</body></html>"


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """How the service is when it behaves.

    Attributes:
        size: Dimensions of its vectors.
        base_seconds, item_seconds: Latency of a request and of each of its items.
        slots: Requests served at the same time; None for any number.
        overflow: Whether further requests wait or are answered 429.
        token: The bearer token it asks for; None for none.
    """

    size: int = 512
    base_seconds: float = 0.0
    item_seconds: float = 0.0
    slots: int | None = None
    overflow: Literal["queue", "429"] = "queue"
    token: str | None = None


class EmbeddingServer:
    """The state of one running service."""

    def __init__(self, options: ServiceOptions) -> None:
        self.options = options
        self.schedule = Schedule()
        self.gate = asyncio.Event()
        self.held = 0
        self.held_changed = asyncio.Condition()
        self.replicate = Replicate()
        self._slots = asyncio.Semaphore(options.slots or 1_000_000)
        self._in_flight = 0
        self.reset()

    def reset(self) -> None:
        """Zero the statistics."""
        self._requests = 0
        self._items = 0
        self._in_flight_max = self._in_flight
        self._embeds: Counter[str] = Counter()
        self._paid: set[tuple[str, str]] = set()
        self._repeated = 0
        self._statuses: Counter[str] = Counter()
        self._bodies: deque[object] = deque(maxlen=_REMEMBERED)
        self._headers: deque[dict[str, str]] = deque(maxlen=_REMEMBERED)

    def stats(self) -> dict[str, object]:
        """Everything `EmbeddingService.stats` tells."""
        return {
            "requests": self._requests,
            "items": self._items,
            "embeds": dict(self._embeds),
            "repeated": self._repeated,
            "statuses": dict(self._statuses),
            "in_flight": self._in_flight,
            "in_flight_max": self._in_flight_max,
            "held": self.held,
            "bodies": list(self._bodies),
            "headers": list(self._headers),
            "predictions": len(self.replicate.predictions),
            "cancelled": list(self.replicate.cancelled),
            "looks": self.replicate.looks,
        }

    def release(self) -> None:
        """Let the held requests go and hold no more."""
        self.schedule.drop_holds()
        self.gate.set()
        self.gate = asyncio.Event()

    async def embed(self, request: web.Request, dialect: Dialect) -> web.StreamResponse:
        """One embedding request, well or badly answered."""
        self._requests += 1
        self._in_flight += 1
        self._in_flight_max = max(self._in_flight_max, self._in_flight)
        try:
            response = await self._answer(request, dialect)
        finally:
            self._in_flight -= 1
        self._statuses[str(response.status)] += 1
        return response

    async def _answer(self, request: web.Request, dialect: Dialect) -> web.StreamResponse:
        options = self.options
        raw = await request.read()
        self._headers.append({key.lower(): value for key, value in request.headers.items()})
        if options.token is not None and request.headers.get("Authorization") != f"Bearer {options.token}":
            return _error(401, dialect.error(401), {})
        if options.overflow == "429" and self._slots.locked():
            return _error(429, dialect.error(429), {})
        try:
            body = orjson.loads(raw)
            self._bodies.append(body)
            items = dialect.items(body)
        except (ValueError, AttributeError, KeyError, AssertionError):
            return _error(422, dialect.error(422), {})
        contents = [content_of(item) for item in items]
        behaviour = self.schedule.next(contents)
        async with self._slots:
            early = await self._before_embedding(request, behaviour, dialect)
            if early is not None:
                return early
            delay = options.base_seconds + options.item_seconds * len(items)
            if delay:
                await asyncio.sleep(delay)
            self._charge([_key(item) for item in items], contents)
            vectors = _vectors(behaviour, contents, options.size)
            return await self._reply(request, behaviour, dialect.answer(body, vectors, behaviour))

    def _charge(self, keys: Sequence[str], contents: Sequence[str]) -> None:
        self._items += len(keys)
        self._embeds.update(keys)
        for pair in zip(keys, contents, strict=True):
            self._repeated += pair in self._paid
            self._paid.add(pair)

    async def _before_embedding(
        self, request: web.Request, how: Behaviour, dialect: Dialect
    ) -> web.StreamResponse | None:
        match how.do:
            case "status":
                said = dialect.error(how.status) if how.body is None else how.body.encode()
                return _error(how.status, said, how.headers)
            case "hangup":
                _cut(request)
                return web.Response(status=500)
            case "huge":
                return await _stream(request, how)
            case "stall":
                await (asyncio.sleep(how.seconds) if how.seconds is not None else asyncio.Event().wait())
            case "hold":
                await self._hold()
            case _:
                pass
        return None

    async def _reply(self, request: web.Request, how: Behaviour, answer: Answer) -> web.StreamResponse:
        reply = answer.body
        headers = {"Content-Type": "application/json", **how.headers}
        match how.do:
            case "hold_reply":
                await self._hold()
            case "drop":
                headers["Content-Length"] = str(len(reply))
                response = web.StreamResponse(headers=headers)
                await response.prepare(request)
                await response.write(reply[: len(reply) // 2])
                _cut(request)
                return response
            case "truncate":
                reply = reply[: len(reply) // 2]
            case "html":
                return web.Response(text=_PAGE, content_type="text/html")
            case "body":
                return web.Response(body=(how.body or "").encode(), status=how.status, headers=headers)
            case "gzip":
                reply = gzip.compress(reply, compresslevel=1)
                headers["Content-Encoding"] = "gzip"
            case _:
                pass
        return web.Response(body=reply, headers=headers, status=answer.status)

    async def look(self, request: web.Request) -> web.Response:
        """A look at a prediction; a behaviour with the mark "look" spoils it."""
        return self._of_prediction(self.replicate.look(request.match_info["id"]), "look")

    async def cancel(self, request: web.Request) -> web.Response:
        """A prediction cancelled."""
        return self._of_prediction(self.replicate.cancel(request.match_info["id"]), "cancel")

    def _of_prediction(self, prediction: bytes | None, mark: str) -> web.Response:
        how = self.schedule.next([f"/{mark}"], marked=True)
        if how.do == "status":
            said = self.replicate.error(how.status) if how.body is None else how.body.encode()
            return _error(how.status, said, how.headers)
        if prediction is None:
            return _error(404, self.replicate.error(404), {})
        return web.Response(body=prediction, headers={"Content-Type": "application/json"})

    async def _hold(self) -> None:
        gate = self.gate
        await self._held_by(1)
        try:
            await gate.wait()
        finally:
            await self._held_by(-1)

    async def _held_by(self, change: int) -> None:
        async with self.held_changed:
            self.held += change
            self.held_changed.notify_all()


def _key(item: Mapping[str, object]) -> str:
    """What an embedding is counted under: the product's id, or what `single` sends in its place."""
    if "product_id" in item:
        return str(item["product_id"])
    return str(item.get("text") or item.get("image_url") or item.get("image") or "")


def _vectors(how: Behaviour, contents: Sequence[str], size: int) -> list[bytes]:
    vectors = [encode_vector(content, size) for content in contents]
    if how.do == "count":
        return vectors[: how.delta] if how.delta < 0 else vectors + vectors[:1] * how.delta
    for index in spoiled(how, contents):
        match how.do:
            case "size":
                vectors[index] = encode_vector(contents[index], how.size)
            case "component":
                _, rest = vectors[index].split(b",", 1)
                vectors[index] = b"[" + how.token.encode() + b"," + rest
            case "null":
                vectors[index] = b"null"
            case "zeros":
                vectors[index] = orjson.dumps([0.0] * size)
            case _:
                break
    return vectors


def _error(status: int, body: bytes, headers: Mapping[str, str]) -> web.Response:
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json", **headers})


async def _stream(request: web.Request, how: Behaviour) -> web.StreamResponse:
    """A body that nobody should read to its end."""
    response = web.StreamResponse(status=how.status, headers=how.headers)
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        for _ in range(how.megabytes * 16):
            await response.write(_CHUNK)
    return response


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()


def application(server: EmbeddingServer) -> web.Application:
    """The service's routes and its control door."""

    def embedding(dialect: Dialect) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def embed(request: web.Request) -> web.StreamResponse:
            return await server.embed(request, dialect)

        return embed

    async def health(_: web.Request) -> web.Response:
        how = server.schedule.next(["/health"], marked=True)
        return web.Response(status=how.status if how.do == "status" else 200)

    async def stats(_: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(server.stats()))

    async def behave(request: web.Request) -> web.Response:
        server.schedule = Schedule([Behaviour(**entry) for entry in orjson.loads(await request.read())])
        return web.Response()

    async def release(_: web.Request) -> web.Response:
        server.release()
        return web.Response()

    async def reset(_: web.Request) -> web.Response:
        server.reset()
        return web.Response()

    async def held(request: web.Request) -> web.Response:
        wanted = int(request.query["count"])
        async with server.held_changed:
            await server.held_changed.wait_for(lambda: server.held >= wanted)
        return web.Response()

    app = web.Application(client_max_size=1 << 30)
    app.add_routes(
        [
            web.post("/embed", embedding(OwnService())),
            web.post("/v1/embeddings", embedding(OpenAI())),
            web.post("/v1/models/{owner}/{name}/predictions", embedding(server.replicate)),
            web.post("/v1/predictions", embedding(server.replicate)),
            web.get("/v1/predictions/{id}", server.look),
            web.post("/v1/predictions/{id}/cancel", server.cancel),
            web.get("/health", health),
            web.get("/control/stats", stats),
            web.post("/control/behave", behave),
            web.post("/control/release", release),
            web.post("/control/reset", reset),
            web.post("/control/held", held),
        ]
    )
    return app


async def serve(
    options: ServiceOptions, port: int, started: asyncio.Future[int], stop: asyncio.Event
) -> None:
    """Serve on 127.0.0.1 until `stop`; `started` gets the port (`port` itself unless 0)."""
    runner = web.AppRunner(
        application(EmbeddingServer(options)),
        access_log=None,
        shutdown_timeout=0.001,  # zero would wait for the held requests without an end
        handler_cancellation=True,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
        await site.start()
        started.set_result(runner.addresses[0][1])
        await stop.wait()
    except OSError as error:
        if started.done():
            raise
        started.set_exception(error)
    finally:
        await runner.cleanup()
