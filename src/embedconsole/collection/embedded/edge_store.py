"""The embedded engine's collection on disk; runs in the engine's own process only.

Layout: PATH/NAME/collection.json (our schema; its presence says that creating was finished) and
PATH/NAME/shard-.../ (the engine's, named in it). PATH/NAME.lock keeps other processes out.
"""

from __future__ import annotations

import secrets
import shutil
from typing import TYPE_CHECKING, cast

import orjson
import qdrant_edge as edge

from embedconsole.collection.embedded.edge_search import nearest, plain, similar
from embedconsole.collection.embedded.frames import unpack_vectors
from embedconsole.items import MARKER, UNNAMED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedconsole.collection.embedded.edge_search import Asked, EngineId
    from embedconsole.items import JsonObject, JsonValue, PointId

    Specs = dict[str, dict[str, int | str]]

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
        self._meta.unlink()  # from here on it is gone, and what is left is in nobody's way
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

    def search(self, shapes: JsonValue, blob: bytes, asked: Asked) -> list[JsonValue]:
        """See `edge_search.nearest`."""
        return nearest(self._shard, unpack_vectors(shapes, blob)["query"][0].tolist(), asked)

    def similar(self, point: EngineId, asked: Asked) -> list[JsonValue]:
        """See `edge_search.similar`."""
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
