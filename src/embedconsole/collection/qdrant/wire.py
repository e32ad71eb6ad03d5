"""Request bodies of the Qdrant write path, encoded by orjson and kept under the server's limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import orjson

from embedconsole.collection.qdrant.errors import SOURCE
from embedconsole.faults import BadInput
from embedconsole.items import MARKER, UNNAMED
from embedconsole.payload_paths import paths_of
from embedconsole.pieces import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from embedconsole.items import CollectionSchema, JsonObject, PointId, Points, VectorColumn, VectorSpec

BODY_LIMIT = 28_000_000
"""Bytes in one body at most; the server takes 32 MiB by default."""

_BATCH_BYTES = 1_000
"""Bytes of an update's body around its points, with the names of removed fields."""

_BYTES_PER_NUMBER = 13
"""Bytes of a float32 in JSON, rounded up: for the first guess at how many points fit."""


def encode(value: object) -> bytes:
    """JSON bytes of values and numpy arrays.

    Raises:
        BadInput: A payload holds what JSON or Qdrant can't (an integer over 64 bits, a foreign type).
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    except orjson.JSONEncodeError as error:
        raise BadInput(SOURCE, f"a payload can't be written as JSON: {error}") from error


def upsert_bodies(points: Points, limit: int = BODY_LIMIT) -> Iterator[bytes]:
    """Columnar upsert bodies of at most `limit` bytes; a single point over it gets a body of its own.

    Args:
        points: Vectors float32, in C order or not.
    """
    arrays = {name: _encodable(column) for name, column in points.vectors.items()}
    row = 1 + _BYTES_PER_NUMBER * sum(_width(column) for column in arrays.values())
    step = max(1, limit // row)
    for start in range(0, len(points.ids), step):
        yield from _upsert(points, arrays, start, min(start + step, len(points.ids)), limit)


def _upsert(
    points: Points,
    arrays: dict[str, VectorColumn],
    start: int,
    end: int,
    limit: int,
) -> Iterator[bytes]:
    columns = {name: column[start:end] for name, column in arrays.items()}
    batch = {
        "ids": points.ids[start:end],
        "vectors": columns.get(UNNAMED, columns),
        "payloads": points.payloads[start:end],
    }
    body = encode({"batch": batch})
    if len(body) <= limit or end - start == 1:
        yield body
        return
    middle = (start + end) // 2
    yield from _upsert(points, arrays, start, middle, limit)
    yield from _upsert(points, arrays, middle, end, limit)


def _encodable(column: VectorColumn) -> VectorColumn:
    """The same as orjson takes it."""
    if isinstance(column, np.ndarray):
        return np.ascontiguousarray(column, dtype=np.float32)
    return [np.ascontiguousarray(rows, dtype=np.float32) for rows in column]


def _width(column: VectorColumn) -> int:
    """Numbers in one point's vector, at most."""
    if isinstance(column, np.ndarray):
        return int(column.shape[1])
    return max(rows.size for rows in column)


def vector_params(schema: CollectionSchema) -> JsonObject:
    """The vectors of a collection to create: those of the only one, or by name."""
    params: JsonObject = {name: vector_param(spec) for name, spec in schema.vectors.items()}
    only = params.get(UNNAMED)
    return only if isinstance(only, dict) else params


def vector_param(spec: VectorSpec) -> JsonObject:
    """One vector of a collection to create."""
    param: JsonObject = {"size": spec.size, "distance": spec.distance.capitalize()}
    if spec.multivector:
        param["multivector_config"] = {"comparator": "max_sim"}
    return param


def update_bodies(points: Points, limit: int = BODY_LIMIT) -> Iterator[bytes]:
    """`points/batch` bodies that write our vectors and payload fields and leave the others'."""
    arrays = {name: _encodable(column) for name, column in points.vectors.items()}
    entries = (_entry(points, arrays, row) for row in range(len(points.ids)))
    # A body names each point up to three times more, by an id of at most 38 bytes.
    for some in pieces(entries, limit - _BATCH_BYTES, lambda entry: entry.size + 120):
        yield _update_body(points, some)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One point of an update, encoded; `vectors` is empty where only the payload is written."""

    id: PointId
    vectors: bytes
    payload: bytes

    @property
    def size(self) -> int:
        return len(self.vectors) + len(self.payload)


def _entry(points: Points, arrays: Mapping[str, VectorColumn], row: int) -> _Entry:
    point, vectors = points.ids[row], {name: column[row] for name, column in arrays.items()}
    return _Entry(
        point,
        encode({"id": point, "vector": vectors.get(UNNAMED, vectors)}) if vectors else b"",
        encode({"set_payload": {"payload": points.payloads[row], "points": [point]}}),
    )


def _update_body(points: Points, entries: Sequence[_Entry]) -> bytes:
    ids = [entry.id for entry in entries]
    fields = [*paths_of(points.without_fields), *([MARKER] if points.vectors else [])]
    operations = []
    if fields:
        operations.append(encode({"delete_payload": {"keys": fields, "points": ids}}))
    if points.without_vectors:
        removed = {"points": ids, "vector": list(points.without_vectors)}
        operations.append(encode({"delete_vectors": removed}))
    if points.vectors:
        rows = b",".join(entry.vectors for entry in entries)
        operations.append(b'{"update_vectors":{"points":[' + rows + b"]}}")
    operations += [entry.payload for entry in entries]
    return b'{"operations":[' + b",".join(operations) + b"]}"
