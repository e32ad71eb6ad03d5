"""The REST API in front of the store: routes, bodies, authorization and the shape of replies."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import orjson
import qdrant_edge as edge
from aiohttp import web

from support.qdrant import points, reads
from support.qdrant.errors import ApiError, bad_format
from support.qdrant.jsonish import Json, Object, as_list, as_object, as_text, member
from support.qdrant.store import Store, StoredCollection, alias_actions, alias_list

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from support.qdrant.faults import Control

    Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

BODY_LIMIT = 32 * 1024 * 1024
VERSION = "1.19.0"
_NO_KEY_NEEDED = ("/", "/healthz", "/livez", "/readyz")


def _reply(result: Json, started: float) -> web.Response:
    body = {"result": result, "status": "ok", "time": time.perf_counter() - started}
    return web.Response(body=orjson.dumps(body), content_type="application/json")


def _refusal(error: ApiError, started: float) -> web.Response:
    body = {"status": {"error": error.text}, "time": time.perf_counter() - started}
    return web.Response(status=error.status, body=orjson.dumps(body), content_type="application/json")


async def _body(request: web.Request) -> Object:
    raw = await request.read()
    try:
        parsed: Json = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise bad_format(str(error)) from error
    return as_object(parsed, "a request")


class Api:
    """The handlers; engine calls block the loop, which is fine for one test's client.

    Args:
        store: The collections.
        control: Faults and counts.
        api_key: Asked for in `api-key` or as a bearer token when given.
    """

    def __init__(self, store: Store, control: Control, api_key: str | None) -> None:
        self.store = store
        self.control = control
        self.api_key = api_key

    def application(self) -> web.Application:
        app = web.Application(client_max_size=0, middlewares=[self._around])
        collection = "/collections/{name}"
        app.add_routes(
            [
                *self.control.routes(),
                web.get("/", self._version),
                *(web.get(path, self._health) for path in _NO_KEY_NEEDED[1:]),
                web.get("/collections", self._list),
                web.post("/collections/aliases", self._change_aliases),
                web.get("/aliases", self._aliases),
                web.get(collection, self._describe),
                web.put(collection, self._create),
                web.patch(collection, self._update),
                web.delete(collection, self._drop),
                web.get(collection + "/exists", self._exists),
                web.get(collection + "/aliases", self._aliases),
                web.get(collection + "/optimizations", self._optimizations),
                web.put(collection + "/vectors/{vector}", self._add_vector),
                web.put(collection + "/index", self._create_index),
                web.delete(collection + "/index/{field}", self._drop_index),
                web.put(collection + "/points", self._write(points.upsert)),
                web.post(collection + "/points", self._read(reads.retrieve)),
                web.get(collection + "/points/{id}", self._one_point),
                web.post(collection + "/points/scroll", self._read(reads.scroll)),
                web.post(collection + "/points/count", self._read(reads.count)),
                web.post(collection + "/points/query", self._read(reads.query)),
                web.post(collection + "/points/query/groups", self._read(reads.query_groups)),
                web.post(collection + "/points/delete", self._write(points.delete)),
                web.post(collection + "/points/payload", self._write(points.set_payload)),
                web.put(collection + "/points/payload", self._write(points.overwrite_payload)),
                web.post(collection + "/points/payload/delete", self._write(points.delete_payload)),
                web.post(collection + "/points/payload/clear", self._write(points.clear_payload)),
                web.put(collection + "/points/vectors", self._write(points.update_vectors)),
                web.post(collection + "/points/batch", self._batch),
            ]
        )
        return app

    @web.middleware
    async def _around(self, request: web.Request, handler: Answer) -> web.StreamResponse:
        if request.path.startswith("/_test/"):
            return await handler(request)
        await self.control.note(request.method, request.path)
        fault = self.control.take(request.method, request.path_qs)
        if fault is None:
            return await self._answer(request, handler)
        await request.read()
        return await self.control.around(fault, request, lambda: self._answer(request, handler))

    async def _answer(self, request: web.Request, handler: Answer) -> web.StreamResponse:
        started = time.perf_counter()
        if self.api_key is not None and request.path not in _NO_KEY_NEEDED:
            given = request.headers.get("api-key") or request.headers.get("authorization", "").removeprefix(
                "Bearer "
            )
            if not given:
                return web.Response(
                    status=401, text="Must provide an API key or an Authorization bearer token"
                )
            if given != self.api_key:
                return web.Response(status=401, text="Invalid API key or JWT")
        length = request.content_length
        if length is not None and length > BODY_LIMIT:
            text = f"JSON payload ({length} bytes) is larger than allowed (limit: {BODY_LIMIT} bytes)."
            return _refusal(ApiError(400, f"Payload error: {text}"), started)
        try:
            return await handler(request)
        except ApiError as error:
            return _refusal(error, started)

    def _collection(self, request: web.Request) -> StoredCollection:
        return self.store.resolve(request.match_info["name"])

    def _updated(self, request: web.Request, number: int, started: float) -> web.Response:
        waited = request.query.get("wait") == "true"
        status = "completed" if waited else "acknowledged"
        return _reply({"operation_id": number, "status": status}, started)

    def _write(self, apply: Callable[[StoredCollection, Object], None]) -> Answer:
        async def handle(request: web.Request) -> web.StreamResponse:
            started = time.perf_counter()
            body = await _body(request)
            collection = self._collection(request)
            try:
                apply(collection, body)
            except ApiError as error:
                if request.query.get("wait") == "true" or error.text.startswith(("Format", "Validation")):
                    raise
            return self._updated(request, collection.operations, started)

        return handle

    def _read(self, read: Callable[[StoredCollection, Object], Json]) -> Answer:
        async def handle(request: web.Request) -> web.StreamResponse:
            started = time.perf_counter()
            body = await _body(request)
            return _reply(read(self._collection(request), body), started)

        return handle

    async def _batch(self, request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        body = await _body(request)
        collection = self._collection(request)
        before = collection.operations
        waited = request.query.get("wait") == "true"
        status = "completed" if waited else "acknowledged"
        try:
            done = points.batch(collection, body)
        except ApiError as error:
            if waited or error.text.startswith("Format error"):
                raise
            done = len(as_list(body["operations"], "operations"))
        return _reply([{"operation_id": before + i + 1, "status": status} for i in range(done)], started)

    async def _version(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"title": "qdrant - vector search engine", "version": VERSION, "commit": "0"}
        )

    async def _health(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=f"{request.path[1:]} check passed")

    async def _list(self, _request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        return _reply({"collections": [{"name": name} for name in sorted(self.store.collections)]}, started)

    async def _describe(self, request: web.Request) -> web.StreamResponse:
        return _reply(reads.describe(self._collection(request)), time.perf_counter())

    async def _exists(self, request: web.Request) -> web.StreamResponse:
        return _reply({"exists": self.store.exists(request.match_info["name"])}, time.perf_counter())

    async def _create(self, request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        self.store.create(request.match_info["name"], await _body(request))
        return _reply(True, started)

    async def _add_vector(self, request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        body = await _body(request)
        collection = self._collection(request)
        spec = as_object(member(body, "dense"), "dense")
        self.store.add_vector(collection, request.match_info["vector"], spec)
        return self._updated(request, collection.operations, started)

    async def _update(self, request: web.Request) -> web.StreamResponse:
        """Strict mode; tuning parameters are told as they were set, and change nothing here."""
        collection, body = self._collection(request), await _body(request)
        collection.strict_mode |= as_object(body.get("strict_mode_config", {}), "strict_mode_config")
        collection.optimizers |= as_object(body.get("optimizers_config", {}), "optimizers_config")
        return _reply(True, time.perf_counter())

    async def _drop(self, request: web.Request) -> web.StreamResponse:
        return _reply(self.store.drop(request.match_info["name"]), time.perf_counter())

    async def _change_aliases(self, request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        self.store.change_aliases(alias_actions(await _body(request)))
        return _reply(True, started)

    async def _aliases(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info.get("name")
        if name is not None:
            self.store.resolve(name)
        # Of an alias the server knows no aliases: it looks the name up as it is.
        return _reply(alias_list(self.store, name), time.perf_counter())

    async def _optimizations(self, request: web.Request) -> web.StreamResponse:
        return _reply(reads.optimizations(self._collection(request)), time.perf_counter())

    async def _create_index(self, request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        body = await _body(request)
        field = as_text(member(body, "field_name"), "field_name")
        schema = body.get("field_schema")
        kind = schema.get("type") if isinstance(schema, dict) else schema
        if not isinstance(kind, str) or kind not in reads.INDEX_TYPES:
            raise bad_format("data did not match any variant of untagged enum PayloadFieldSchema")
        collection = self._collection(request)
        collection.shard.update(edge.UpdateOperation.create_field_index(field, reads.index_type(kind)))
        collection.operations += 1
        return self._updated(request, collection.operations, started)

    async def _drop_index(self, request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        collection = self._collection(request)
        collection.shard.update(edge.UpdateOperation.delete_field_index(request.match_info["field"]))
        collection.operations += 1
        return self._updated(request, collection.operations, started)

    async def _one_point(self, request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        text = request.match_info["id"]
        wanted: int | str = int(text) if text.isdecimal() else text
        found = reads.retrieve(self._collection(request), {"ids": [wanted], "with_vector": True})
        if not isinstance(found, list) or not found:
            raise ApiError(404, f"Not found: Point with id {text} does not exists!")
        return _reply(found[0], started)
