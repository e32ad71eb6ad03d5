"""A collection on a Qdrant server.

What a sync needs are requests of our own: columnar bodies encoded by orjson cost a fraction of what
qdrant-client's models cost, and importing it takes over a second and 70 MB. Only searching goes through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import anyio
import numpy as np
import orjson
from yarl import URL

from embedconsole.collection.qdrant.address import collection_path, parse_address
from embedconsole.collection.qdrant.errors import (
    REMEDY_INIT,
    SOURCE,
    MissingPoints,
    ReplyTooLong,
    ServerAddress,
    fault_of_reply,
    fault_of_transport,
    not_confirmed,
    not_qdrant,
    too_long,
)
from embedconsole.collection.qdrant.state import parse_naming, parse_optimizations, parse_state
from embedconsole.collection.qdrant.wire import (
    encode,
    update_bodies,
    upsert_bodies,
    vector_param,
    vector_params,
)
from embedconsole.faults import Refused, Transient
from embedconsole.filters import EVERYTHING
from embedconsole.http_client import FAILURES, REPLY_LIMIT, Http
from embedconsole.items import MARKER, UNNAMED, PointPage, StoredPoint
from embedconsole.pieces import portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from ssl import SSLContext

    from numpy.typing import NDArray

    from embedconsole.collection.qdrant.search import Searcher
    from embedconsole.filters import Scope
    from embedconsole.http_client import Reply
    from embedconsole.items import (
        CollectionSchema,
        CollectionState,
        Hit,
        IndexType,
        JsonObject,
        JsonValue,
        Naming,
        Optimizations,
        PointId,
        Points,
        Vectors,
        VectorSpec,
    )


def parse_records(result: JsonValue) -> Iterator[tuple[PointId, JsonObject]]:
    """Each record of a list with its point's id; what is none is passed by."""
    for record in result if isinstance(result, list) else []:
        if isinstance(record, dict) and (point := point_of(record.get("id"))) is not None:
            yield point, record


def point_of(value: JsonValue) -> PointId | None:
    """A point's id; None where it is none."""
    return value if isinstance(value, (int, str)) and not isinstance(value, bool) else None


def payload_of(record: JsonObject) -> JsonObject:
    """The payload; an empty one where there is none."""
    payload = record.get("payload")
    return payload if isinstance(payload, dict) else {}


def stored_point(record: JsonObject) -> StoredPoint:
    """The record's marker and its dense vectors."""
    marker = payload_of(record).get(MARKER)
    vector = record.get("vector")
    named = vector if isinstance(vector, dict) else {UNNAMED: vector}
    dense = {name: _dense(value) for name, value in named.items()}
    return StoredPoint(
        marker if isinstance(marker, dict) else None,
        {name: array for name, array in dense.items() if array is not None},
    )


def _dense(value: JsonValue) -> Vectors | None:
    """Shape (size,), of a multivector (rows, size); None for a sparse vector, which is an object."""
    return np.asarray(value, dtype=np.float32) if isinstance(value, list) and value else None


def scroll_body(start: PointId | None, fields: Sequence[str] | None, limit: int) -> JsonObject:
    """The body of `points/scroll`; without an `order_by` the server goes by the ids."""
    body: JsonObject = {
        "limit": limit,
        "with_payload": True if fields is None else list(fields),
        "with_vector": False,
    }
    if start is not None:
        body["offset"] = start
    return body


def parse_page(result: JsonValue) -> PointPage | None:
    """The page in a reply; None when it is none."""
    if not isinstance(result, dict) or not isinstance(result.get("points"), list):
        return None
    points = [(point, payload_of(record)) for point, record in parse_records(result["points"])]
    told = result.get("next_page_offset")
    following = point_of(told)
    if told is not None and following is None:
        return None
    return PointPage(points, following)


_DELETE_PAGE = 10_000
_RETRIEVE_PAGE = 1_000
_STORED_PAGE = 200
_UPDATE_ROUNDS = 3
_WAIT = {"wait": "true"}


class ServerCollection:
    """One collection, or the alias of one, on a Qdrant server, as a `Collection`.

    Args:
        url: The REST address; port 6333 when it names none.
        name: The collection or an alias.
        api_key: Sent in the `api-key` header.
        timeout: Seconds for one request, from connecting to the last byte of the reply.
        tls: Whom to trust and who we are; None for the system's certificate authorities.

    Raises:
        ConfigError: The URL can't be used.
    """

    def __init__(
        self,
        url: str,
        name: str,
        *,
        api_key: str | None = None,
        timeout: float = 60.0,
        tls: SSLContext | None = None,
    ) -> None:
        self._address = parse_address(url, api_key)
        self._name = name
        self._timeout = timeout
        self._place = ServerAddress(
            f"collection {name} at {self._address.base}", self._address.secrets, self._address.base
        )
        self._path = collection_path(self._address.base, name)
        self._http = Http(headers={"content-type": "application/json", **self._address.headers}, tls=tls)
        self._searcher: Searcher | None = None
        self._importing = anyio.Lock()

    @property
    def target(self) -> str:
        return self._place.target

    async def describe(self) -> CollectionState | None:
        try:
            result = await self._request("GET", "")
        except Refused as fault:
            if fault.remedy == REMEDY_INIT:
                return None
            raise
        state = parse_state(result)
        if state is None:
            raise not_qdrant(self._place, encode(result))
        return state

    async def naming(self) -> Naming:
        # Asked of all collections: the list of one does not say what an alias points to.
        return parse_naming(self._name, await self._ask("GET", f"{self._address.base}/aliases"))

    async def optimizations(self) -> Optimizations | None:
        reply = await self._send("GET", f"{self._path}/optimizations")
        if reply.status == 404:
            return None
        return parse_optimizations(self._result(reply))

    async def create(self, schema: CollectionSchema) -> None:
        await self._request("PUT", "", encode({"vectors": vector_params(schema)}))
        # A failure in between leaves the rest for `create_index`.
        for path, kind in schema.indexes.items():
            await self.create_index(path, kind)

    async def create_index(self, path: str, kind: IndexType) -> None:
        body = encode({"field_name": path, "field_schema": kind})
        self._confirm([await self._request("PUT", "/index", body, _WAIT)])

    async def add_vector(self, name: str, spec: VectorSpec) -> bool:
        path = f"{self._path}/vectors/{quote(name, safe='')}"
        reply = await self._send("PUT", path, encode({"dense": vector_param(spec)}), _WAIT)
        if reply.status in (404, 405):
            return False
        self._confirm([self._result(reply)])
        return True

    async def set_indexing_threshold(self, kilobytes: int) -> None:
        body = encode({"optimizers_config": {"indexing_threshold": kilobytes}})
        if await self._request("PATCH", "", body) is not True:
            raise not_confirmed(self._place, "no")

    async def take_alias(self, alias: str) -> None:
        naming = parse_naming(alias, await self._ask("GET", f"{self._address.base}/aliases"))
        actions: list[JsonObject] = [
            {"create_alias": {"collection_name": self._name, "alias_name": alias}},
        ]
        if naming.collection != alias:
            actions.insert(0, {"delete_alias": {"alias_name": alias}})
        # In one request, which does all or nothing: no reader finds the name without a collection.
        body = encode({"actions": actions})
        if await self._ask("POST", f"{self._address.base}/collections/aliases", body) is not True:
            raise not_confirmed(self._place, "no")

    async def drop(self) -> None:
        await self._request("DELETE", "")

    async def search(
        self, vector: NDArray[np.float32], *, using: str, limit: int, scope: Scope = EVERYTHING
    ) -> list[Hit]:
        return await (await self._searching()).search(vector, using=using, limit=limit, scope=scope)

    async def similar(
        self, point: PointId, *, using: str, limit: int, scope: Scope = EVERYTHING
    ) -> list[Hit]:
        return await (await self._searching()).similar(point, using=using, limit=limit, scope=scope)

    async def upsert(self, points: Points) -> None:
        if not points.ids:
            return
        for body in upsert_bodies(points):
            self._confirm([await self._request("PUT", "/points", body, _WAIT)])

    async def update(self, points: Points) -> frozenset[PointId]:
        existing = points
        for _ in range(_UPDATE_ROUNDS):
            try:
                await self._update(existing)
            except MissingPoints:
                # The server stops at the first point that is not there. Ask which ones exist and begin again
                # with those: writing a point twice is harmless.
                found = await self._payloads(existing.ids, with_payload=False)
                existing = existing.at([row for row, point in enumerate(existing.ids) if point in found])
            else:
                return frozenset(points.ids) - frozenset(existing.ids)
        raise Transient(SOURCE, f"{self.target}: points vanish while they are written")

    async def _update(self, points: Points) -> None:
        for body in update_bodies(points):
            result = await self._request("POST", "/points/batch", body, _WAIT)
            self._confirm(result if isinstance(result, list) else [result])

    async def delete(self, ids: Sequence[PointId]) -> None:
        for page in portions(ids, _DELETE_PAGE):
            body = encode({"points": page})
            self._confirm([await self._request("POST", "/points/delete", body, _WAIT)])

    async def retrieve(self, ids: Sequence[PointId]) -> Mapping[PointId, JsonObject]:
        return await self._payloads(ids, with_payload=True)

    async def _payloads(self, ids: Sequence[PointId], *, with_payload: bool) -> dict[PointId, JsonObject]:
        wanted: JsonObject = {"with_payload": with_payload, "with_vector": False}
        return {
            point: payload_of(record) for point, record in await self._records(ids, wanted, _RETRIEVE_PAGE)
        }

    async def stored(self, ids: Sequence[PointId]) -> Mapping[PointId, StoredPoint]:
        wanted: JsonObject = {"with_payload": [MARKER], "with_vector": True}
        return {
            point: stored_point(record) for point, record in await self._records(ids, wanted, _STORED_PAGE)
        }

    async def _records(
        self, ids: Sequence[PointId], wanted: JsonObject, page_size: int
    ) -> list[tuple[PointId, JsonObject]]:
        found: list[tuple[PointId, JsonObject]] = []
        for page in portions(ids, page_size):
            try:
                reply = await self._request("POST", "/points", encode({"ids": page, **wanted}))
            except ReplyTooLong:
                if len(page) == 1:
                    raise
                found += await self._records(page, wanted, len(page) // 2)
            else:
                found += parse_records(reply)
        return found

    async def scroll(
        self, start: PointId | None, *, fields: Sequence[str] | None = None, limit: int
    ) -> PointPage:
        try:
            result = await self._request("POST", "/points/scroll", encode(scroll_body(start, fields, limit)))
        except ReplyTooLong:
            if limit == 1:
                raise
            return await self.scroll(start, fields=fields, limit=limit // 2)
        page = parse_page(result)
        if page is None:
            raise not_qdrant(self._place, encode(result))
        return page

    async def aclose(self) -> None:
        if self._searcher is not None:
            await self._searcher.aclose()
        await self._http.aclose()

    async def _searching(self) -> Searcher:
        async with self._importing:
            if self._searcher is None:
                from embedconsole.collection.qdrant.search import connect

                self._searcher = await connect(
                    self._address, self._name, self._place, self._timeout, self._http
                )
            return self._searcher

    async def _request(
        self, method: str, path: str, body: bytes | None = None, query: Mapping[str, str] | None = None
    ) -> JsonValue:
        """Send a request below the collection's own path."""
        return await self._ask(method, self._path + path, body, query)

    async def _ask(
        self, method: str, address: str, body: bytes | None = None, query: Mapping[str, str] | None = None
    ) -> JsonValue:
        """The `result` of a 2xx reply; everything else is a fault."""
        return self._result(await self._send(method, address, body, query))

    async def _send(
        self, method: str, address: str, body: bytes | None = None, query: Mapping[str, str] | None = None
    ) -> Reply:
        url = URL(address, encoded=True).with_query(query)
        try:
            with anyio.fail_after(self._timeout or None):
                return await self._http.send(method, url, body, limit=REPLY_LIMIT)
        except (TimeoutError, *FAILURES) as error:
            raise fault_of_transport(self._place, error) from error

    def _result(self, reply: Reply) -> JsonValue:
        if not reply.ok:
            raise fault_of_reply(self._place, reply.status, reply.headers, reply.body)
        if not reply.whole:
            raise too_long(self._place)
        try:
            parsed = orjson.loads(reply.body)
        except orjson.JSONDecodeError as error:
            raise not_qdrant(self._place, reply.body) from error
        if not isinstance(parsed, dict) or "result" not in parsed:
            raise not_qdrant(self._place, reply.body)
        result: JsonValue = parsed["result"]
        return result

    def _confirm(self, results: Iterable[JsonValue]) -> None:
        """Only `completed` means that the write is in the collection."""
        for result in results:
            status = result.get("status") if isinstance(result, dict) else None
            if status != "completed":
                raise not_confirmed(self._place, str(status))
