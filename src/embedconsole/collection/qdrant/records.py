"""Points as Qdrant gives them back: records of id, payload and vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedconsole.items import MARKER, UNNAMED, StoredPoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.items import JsonObject, JsonValue, PointId, Vectors


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
