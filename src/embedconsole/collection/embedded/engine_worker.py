"""The process of the embedded engine: `python -m embedconsole.collection.embedded.engine_worker PATH NAME`.

The engine never releases the GIL, so it would stall everything else in its process. Requests come as
frames on stdin and are answered in order on stdout; the end of stdin is the end of the parent, and of this
process.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import secrets
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast
from urllib.parse import quote

import numpy as np
import orjson
import qdrant_edge as edge

from embedconsole.collection.embedded.embedded import DirectoryLock
from embedconsole.collection.embedded.frames import LENGTHS, pack, unpack_vectors
from embedconsole.items import MARKER, UNNAMED
from embedconsole.payload_paths import values_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from embedconsole.items import JsonObject, JsonValue, PointId

    EngineId: TypeAlias = int | UUID | str
    Specs = dict[str, dict[str, int | str]]


def engine_filter(body: JsonValue) -> edge.Filter | None:
    """The same filter; raises ValueError for a path or a time that the engine can't read."""
    if not isinstance(body, dict):
        return None
    return edge.Filter(
        must=_conditions(body.get("must")),
        should=_conditions(body.get("should")),
        must_not=_conditions(body.get("must_not")),
    )


def _conditions(body: JsonValue) -> list[edge.ConditionType] | None:
    return [_condition(cast("JsonObject", one)) for one in body] if isinstance(body, list) and body else None


def _condition(body: JsonObject) -> edge.ConditionType:
    match body:
        case {"is_empty": {"key": str(field)}}:
            return edge.IsEmptyCondition(field)
        case {"key": str(field), "match": dict(match)}:
            return edge.FieldCondition(field, match=_match(match))
        case {"key": str(field), "range": dict(bounds)}:
            return edge.FieldCondition(field, range=_range(bounds))
    return cast("edge.Filter", engine_filter(body))


def _match(match: JsonObject) -> edge.MatchType:
    if "text" in match:
        return edge.MatchText(str(match["text"]))
    if "any" in match:
        return edge.MatchAny(cast("list[str]", match["any"]))
    value = match["value"]
    # The binding tries integers before booleans, and takes Python's for one; numpy's it does not.
    return edge.MatchValue(
        cast("bool", np.bool_(value)) if isinstance(value, bool) else cast("str | int", value)
    )


def _range(bounds: JsonObject) -> edge.RangeType:
    if any(isinstance(bound, str) for bound in bounds.values()):
        return edge.RangeDateTime(**cast("dict[str, str]", bounds))
    return edge.RangeFloat(**cast("dict[str, float]", bounds))


_FIRST_READ, _MORE = 4, 8
"""How many hits a group are read at first, and how many times that when it was not enough."""


class NoPoint(Exception):
    """A point was named that is not there, or lacks what is asked of it."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """By which vector, how many, of which points, and the field that hits are grouped by."""

    using: str
    limit: int
    filter: edge.Filter | None
    group_by: str | None


def nearest(shard: edge.EdgeShard, vector: edge.NamedVector, asked: SearchRequest) -> list[JsonValue]:
    """The nearest points to a vector, best first."""
    if asked.group_by is not None:
        return _grouped(shard, vector, asked, asked.group_by)
    return [[plain(hit.id), hit.score, hit.payload or {}, None] for hit in _query(shard, vector, asked)]


def similar(shard: edge.EdgeShard, point: EngineId, asked: SearchRequest) -> list[JsonValue]:
    """The same for the vector of a point that is there, without that point."""
    records = shard.retrieve([point], with_payload=False, with_vector=True)
    if not records:
        raise NoPoint(f"holds no point {point}")
    vectors = records[0].vector
    vector = vectors.get(asked.using) if isinstance(vectors, dict) else vectors
    if vector is None:
        raise NoPoint("the point has no such vector")
    others = edge.Filter(
        must=None if asked.filter is None else [asked.filter], must_not=[edge.HasIdCondition({point})]
    )
    return nearest(shard, vector, replace(asked, filter=others))


def plain(point: EngineId) -> PointId:
    """An id as JSON has it."""
    return point if isinstance(point, int) else str(point)


def _grouped(
    shard: edge.EdgeShard, vector: edge.NamedVector, asked: SearchRequest, field: str
) -> list[JsonValue]:
    """The engine does not group: read until there are groups enough, or no more points."""
    having = edge.Filter(
        must=None if asked.filter is None else [asked.filter], must_not=[edge.IsEmptyCondition(field)]
    )
    read = asked.limit * _FIRST_READ
    while True:
        hits = _query(shard, vector, replace(asked, limit=read, filter=having))
        best: dict[str | int, JsonValue] = {}
        for hit in hits:
            for group in _groups_of(hit.payload or {}, field):
                best.setdefault(group, [plain(hit.id), hit.score, hit.payload or {}, group])
        if len(best) >= asked.limit or len(hits) < read:
            return list(best.values())[: asked.limit]
        read *= _MORE


def _query(shard: edge.EdgeShard, vector: edge.NamedVector, asked: SearchRequest) -> list[edge.ScoredPoint]:
    request = edge.QueryRequest(
        asked.limit, query=edge.Query.Nearest(vector, asked.using), filter=asked.filter, with_payload=True
    )
    return shard.query(request)


def _groups_of(payload: JsonObject, field: str) -> list[str | int]:
    """The text or integer in a field, of a list those of all entries; as on a server, all or none."""
    found = values_at(payload, field)
    values = [entry for value in found for entry in (value if isinstance(value, list) else [value])]
    groups = [value for value in values if isinstance(value, (str, int)) and not isinstance(value, bool)]
    return groups if len(groups) == len(values) else []


_DISTANCES = {
    "cosine": edge.Distance.Cosine,
    "dot": edge.Distance.Dot,
    "euclid": edge.Distance.Euclid,
    "manhattan": edge.Distance.Manhattan,
}
_INDEXES = {
    "keyword": edge.PayloadSchemaType.Keyword,
    "text": edge.PayloadSchemaType.Text,
    "integer": edge.PayloadSchemaType.Integer,
    "float": edge.PayloadSchemaType.Float,
    "bool": edge.PayloadSchemaType.Bool,
    "datetime": edge.PayloadSchemaType.Datetime,
    "uuid": edge.PayloadSchemaType.Uuid,
    "geo": edge.PayloadSchemaType.Geo,
}

_MAX_SIM = edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim)

# Building the HNSW graph blocks the process (9 s for 20,000 points); an exact search of them takes 2 ms.
# With this threshold, in KB, it is never built, and optimizing only merges and cleans up: 0.1 s.
_NEVER_INDEX = 1 << 40


class NoCollection(Exception):
    """There is no collection here."""


class CollectionExists(Exception):
    """There is one already."""


class EdgeStore:
    """One collection of the engine.

    Args:
        place: PATH/NAME.

    Raises (all methods): `NoCollection`, OSError, and bare Exception, as the engine does.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._meta = place / "collection.json"
        self._vectors: Specs = {}
        self._open: edge.EdgeShard | None = None
        self.dirty = False
        if self._meta.exists():
            meta = orjson.loads(self._meta.read_bytes())
            self._vectors = meta["vectors"]
            self._open = edge.EdgeShard.load(str(place / str(meta["shard"])))

    @property
    def _shard(self) -> edge.EdgeShard:
        if self._open is None:
            raise NoCollection
        return self._open

    def create(self, vectors: Specs, indexes: dict[str, str]) -> None:
        if self._open is not None:
            raise CollectionExists
        # Always a new directory: leftovers of a creation that broke off are not in the way.
        shard_path = self._place / f"shard-{secrets.token_hex(4)}"
        shard_path.mkdir(parents=True)
        config = edge.EdgeConfig(
            vectors={
                name: edge.EdgeVectorParams(
                    int(spec["size"]),
                    _DISTANCES[str(spec["distance"])],
                    multivector_config=_MAX_SIM if spec.get("multivector") else None,
                )
                for name, spec in vectors.items()
            },
            optimizers=edge.EdgeOptimizersConfig(indexing_threshold=_NEVER_INDEX),
        )
        shard = edge.EdgeShard.create(str(shard_path), config)
        for path, kind in indexes.items():
            shard.update(edge.UpdateOperation.create_field_index(path, _INDEXES[kind]))
        shard.flush()
        self._write_meta(shard_path.name, vectors)
        self._open = shard

    def _write_meta(self, shard: str, vectors: Specs) -> None:
        draft = self._meta.with_suffix(".new")
        meta = {"version": 1, "shard": shard, "vectors": vectors}
        draft.write_bytes(orjson.dumps(meta, option=orjson.OPT_INDENT_2))
        draft.replace(self._meta)
        self._vectors = vectors

    def add_vector(self, name: str, spec: dict[str, int | str]) -> None:
        """Add a named vector; without effect where it is there."""
        if name in self._vectors:
            return
        several = _MAX_SIM if spec.get("multivector") else None
        distance = _DISTANCES[str(spec["distance"])]
        self._update(edge.UpdateOperation.create_dense_vector(name, int(spec["size"]), distance, several))
        self._shard.flush()
        shard = str(orjson.loads(self._meta.read_bytes())["shard"])
        self._write_meta(shard, {**self._vectors, name: spec})

    def drop(self) -> None:
        """Remove the collection; without effect when there is none."""
        if self._open is None:
            return
        self._meta.unlink()  # from here on it is gone, and what is left is in no one's way
        self.close()
        self.dirty = False
        shutil.rmtree(self._place)

    def create_index(self, path: str, kind: str) -> None:
        there = self._shard.info().payload_schema.get(path)
        if there is None or there.data_type != _INDEXES[kind]:
            self._update(edge.UpdateOperation.create_field_index(path, _INDEXES[kind]))

    def describe(self) -> JsonObject | None:
        """The fields of `CollectionState`; None when there is no collection."""
        if self._open is None:
            return None
        info = self._open.info()
        indexes: JsonObject = {}
        for path, index in sorted(info.payload_schema.items()):
            indexes[path] = next(name for name, kind in _INDEXES.items() if kind == index.data_type)
        vectors: JsonObject = {name: dict(spec) for name, spec in self._vectors.items()}
        return {
            "points": info.points_count,
            "indexed_vectors": info.indexed_vectors_count,
            "segments": info.segments_count,
            "vectors": vectors,
            "indexes": indexes,
            "indexed_points": {path: index.points for path, index in info.payload_schema.items()},
            "disk_bytes": sum(_sizes(self._place)),
        }

    def upsert(self, ids: list[PointId], shapes: JsonValue, blob: bytes, payloads: list[JsonObject]) -> None:
        vectors = _vectors_of(shapes, blob)
        points = [edge.Point(*point) for point in zip(ids, vectors, payloads, strict=True)]
        self._update(edge.UpdateOperation.upsert_points(points))

    def update(
        self,
        ids: list[PointId],
        shapes: JsonValue,
        blob: bytes,
        payloads: list[JsonObject],
        without_vectors: list[str],
        without_fields: list[str],
    ) -> list[PointId]:
        """Write what is named of points that are there; returns the ids of those that are not."""
        records = self._shard.retrieve(list(ids), with_payload=False, with_vector=False)
        there = {plain(record.id) for record in records}
        found: list[EngineId] = [point for point in ids if point in there]
        vectors = _vectors_of(shapes, blob)
        operation = edge.UpdateOperation
        if found and (fields := [*without_fields, *([MARKER] if vectors else [])]):
            self._update(operation.delete_payload(found, fields))
        if found and without_vectors:
            self._update(operation.delete_vectors(found, without_vectors))
        if found and vectors:
            pairs = [pair for pair in zip(ids, vectors, strict=True) if pair[0] in there]
            self._update(operation.update_vectors([edge.PointVectors(*pair) for pair in pairs]))
        for point, payload in zip(ids, payloads, strict=True):
            if point in there:
                self._update(operation.set_payload([point], payload))
        return [point for point in ids if point not in there]

    def delete(self, ids: list[EngineId]) -> None:
        self._update(edge.UpdateOperation.delete_points(ids))

    def retrieve(self, ids: list[EngineId]) -> list[JsonValue]:
        """Pairs of id and payload of the points that are there."""
        records = self._shard.retrieve(ids, with_payload=True, with_vector=False)
        return [[plain(record.id), record.payload or {}] for record in records]

    def stored(self, ids: list[EngineId]) -> list[JsonValue]:
        """Records of id, marker and vectors of the points that are there, as a server gives them."""
        records = self._shard.retrieve(ids, with_payload=True, with_vector=True)
        return [
            {
                "id": plain(record.id),
                "payload": {MARKER: (record.payload or {}).get(MARKER)},
                "vector": cast("JsonValue", record.vector),
            }
            for record in records
        ]

    def scroll(self, start: EngineId | None, fields: list[str] | None, limit: int) -> list[JsonValue]:
        """Pairs of id and payload in the order of the ids, and the id that comes after them."""
        wanted = True if fields is None else fields
        records, following = self._shard.scroll(
            edge.ScrollRequest(offset=start, limit=limit, with_payload=wanted, with_vector=False)
        )
        page: JsonValue = [[plain(record.id), record.payload or {}] for record in records]
        return [page, None if following is None else plain(following)]

    def search(self, shapes: JsonValue, blob: bytes, asked: SearchRequest) -> list[JsonValue]:
        """Search the points nearest to a vector."""
        return nearest(self._shard, unpack_vectors(shapes, blob)["query"][0].tolist(), asked)

    def similar(self, point: EngineId, asked: SearchRequest) -> list[JsonValue]:
        """Search the points nearest to a stored point."""
        return similar(self._shard, point, asked)

    def flush(self) -> None:
        """Bring what was written to the disk itself; without it a power cut, but no kill, can lose writes."""
        if self._open is not None and self.dirty:
            self._open.flush()
        self.dirty = False

    def tidy(self) -> None:
        """Merge segments and drop deleted points where the engine finds it worth it."""
        if self._open is not None:
            self._open.optimize()

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _update(self, operation: edge.UpdateOperation) -> None:
        self._shard.update(operation)
        self.dirty = True


def _vectors_of(shapes: JsonValue, blob: bytes) -> list[edge.Vector]:
    """The vectors of each point; none where there are none of any."""
    arrays = {
        name: [rows.tolist() for rows in column] for name, column in unpack_vectors(shapes, blob).items()
    }
    if UNNAMED in arrays:
        return list(arrays[UNNAMED])
    return [dict(zip(arrays, row, strict=True)) for row in zip(*arrays.values(), strict=True)]


def _sizes(place: Path) -> Iterator[int]:
    for entry in place.rglob("*"):
        try:
            yield entry.stat().st_size
        except FileNotFoundError:  # the engine removes files as it merges
            continue


FLUSH_SECONDS = 5.0
"""How much a power cut can lose at most; a kill loses nothing that was confirmed."""

_LOCK_SECONDS = 10.0
"""How long to wait for the lock of a dead holder: the engine of a process that was killed ends soon."""

_SHAPE = ("Vector dimension error", "Not existing vector name")
_Header: TypeAlias = "JsonObject"
_Request: TypeAlias = "tuple[_Header, bytes] | None"


@dataclass(frozen=True, slots=True)
class EngineReply:
    """The words in which faults cross the pipe; the parent makes them faults."""

    error: str
    message: str


class InUse(Exception):
    """Another process has the collection open."""

    def __init__(self, path: Path, holder: str) -> None:
        message = f"the embedded collection at {path} is open in another process (pid {holder})"
        super().__init__(message)
        self.answer = EngineReply("locked", message)


def main() -> None:
    """Serve one collection until stdin ends."""
    # A terminal's ^C and a service manager's SIGTERM reach every process; the parent drains, then ends us.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    output = os.dup(1)
    os.dup2(2, 1)  # whatever the engine prints must not get between the frames
    path, name = Path(sys.argv[1]), sys.argv[2]
    requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    try:
        store = _open(path, name)
    except Exception as error:  # noqa: BLE001 - the engine raises nothing more precise
        refusal = error.answer if isinstance(error, InUse) else None
        with contextlib.suppress(BrokenPipeError):
            _send(output, _failure(refusal or EngineReply("refused-open", f"can't be opened: {error}"), 0))
        os._exit(1)
    _send(output, {"n": 0, "result": None})
    with contextlib.suppress(BrokenPipeError):
        _serve(store, requests, output)
    store.flush()
    store.tidy()
    store.close()
    os._exit(0)  # the reading thread may still sit in a read


def _open(path: Path, name: str) -> EdgeStore:
    path.mkdir(parents=True, exist_ok=True)
    file_name = quote(name, safe="")
    lock = DirectoryLock(path / f"{file_name}.lock")
    end = time.monotonic() + _LOCK_SECONDS
    while (holder := lock.acquire(os.getppid())) is not None:
        if time.monotonic() > end or _lives(holder):
            raise InUse(path, holder)
        time.sleep(0.05)
    return EdgeStore(path / file_name)


def _lives(holder: str) -> bool:
    """Whether the process that holds the lock runs; on Windows there is no harmless way to ask."""
    if not holder.isdecimal() or sys.platform == "win32":
        return True
    try:
        os.kill(int(holder), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(requests: queue.SimpleQueue[_Request]) -> None:
    """Bytes of stdin to requests. By descriptor, as sys.stdin's lock would stop the interpreter's end."""
    while (lengths := _exactly(LENGTHS.size)) is not None:
        header_size, blob_size = LENGTHS.unpack(lengths)
        header, blob = _exactly(header_size), _exactly(blob_size)
        if header is None or blob is None:
            break
        requests.put((orjson.loads(header), blob))
    requests.put(None)


def _exactly(size: int) -> bytes | None:
    """So many bytes; None when stdin ends before."""
    parts: list[bytes] = []
    while size:
        part = os.read(0, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _serve(store: EdgeStore, requests: queue.SimpleQueue[_Request], output: int) -> None:
    flushed = time.monotonic()
    untidy = False
    while True:
        try:
            request = requests.get(timeout=FLUSH_SECONDS)
        except queue.Empty:  # idle: the time for what holds up requests
            store.flush()
            if untidy:
                store.tidy()
                untidy = False
            continue
        if request is None:
            return
        header, blob = request
        number = header.get("n")
        try:
            reply: JsonObject = {"n": number, "result": _do(store, header, blob)}
        except Exception as error:  # noqa: BLE001 - the engine raises nothing more precise
            reply = _failure(_answer_of(error), number)
        _send(output, reply)
        untidy = untidy or store.dirty
        if store.dirty and time.monotonic() - flushed > FLUSH_SECONDS:
            store.flush()
            flushed = time.monotonic()


def _do(store: EdgeStore, header: _Header, blob: bytes) -> JsonValue:
    """One request; the parent is of the same version, so the form of its frames is taken for granted."""
    match header["op"]:
        case "describe":
            return store.describe()
        case "create":
            store.create(cast("Specs", header["vectors"]), cast("dict[str, str]", header["indexes"]))
        case "add_vector":
            store.add_vector(str(header["name"]), cast("dict[str, int | str]", header["spec"]))
        case "drop":
            store.drop()
        case "create_index":
            store.create_index(str(header["path"]), str(header["kind"]))
        case "upsert":
            payloads = cast("list[JsonObject]", header["payloads"])
            store.upsert(cast("list[PointId]", header["ids"]), header["shapes"], blob, payloads)
        case "update":
            payloads = cast("list[JsonObject]", header["payloads"])
            ids = cast("list[PointId]", header["ids"])
            gone = cast("list[str]", header["without_vectors"]), cast("list[str]", header["without_fields"])
            return cast("list[JsonValue]", store.update(ids, header["shapes"], blob, payloads, *gone))
        case "delete":
            store.delete(cast("list[EngineId]", header["ids"]))
        case "retrieve":
            return store.retrieve(cast("list[EngineId]", header["ids"]))
        case "stored":
            return store.stored(cast("list[EngineId]", header["ids"]))
        case "scroll":
            start = cast("EngineId | None", header["start"])
            fields = cast("list[str] | None", header["fields"])
            return store.scroll(start, fields, cast("int", header["limit"]))
        case "search":
            return store.search(header["shapes"], blob, _asked(header))
        case "similar":
            return store.similar(cast("EngineId", header["id"]), _asked(header))
    return None


def _asked(header: _Header) -> SearchRequest:
    group_by = header["group_by"]
    return SearchRequest(
        using=str(header["using"]),
        limit=cast("int", header["limit"]),
        filter=engine_filter(header["filter"]),
        group_by=None if group_by is None else str(group_by),
    )


def _answer_of(error: Exception) -> EngineReply:
    text = str(error)
    match error:
        case NoCollection():
            return EngineReply("missing", "does not exist")
        case CollectionExists():
            return EngineReply("refused", "exists already")
        case OSError() if error.errno == errno.ENOSPC:
            return EngineReply("transient", f"out of disk: {text}")
        case PermissionError():
            return EngineReply("refused", text)
        case NoPoint() | TypeError() | ValueError():
            return EngineReply("item", text)
    if any(words in text for words in _SHAPE):
        return EngineReply("shape", text)
    return EngineReply("transient", text)


def _failure(answer: EngineReply, number: JsonValue) -> JsonObject:
    return {"n": number, "error": answer.error, "message": answer.message}


def _send(output: int, reply: JsonObject) -> None:
    frame = memoryview(pack(reply))
    while frame:
        frame = frame[os.write(output, frame) :]


if __name__ == "__main__":
    main()
