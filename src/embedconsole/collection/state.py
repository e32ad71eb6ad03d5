"""Qdrant's description of a collection as a `CollectionState`.

Read from plain JSON and not through qdrant-client's models: every run asks for it, and a newer server's
description must not fail on a field that an older model does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.items import UNNAMED, CollectionState, VectorSpec

if TYPE_CHECKING:
    from embedconsole.items import Distance, JsonObject, JsonValue

DISTANCES: dict[str, Distance] = {
    "Cosine": "cosine",
    "Dot": "dot",
    "Euclid": "euclid",
    "Manhattan": "manhattan",
}


def parse_state(result: JsonValue) -> CollectionState | None:
    """The state in the `result` of `GET /collections/{name}`; None when it is not of that form."""
    if not isinstance(result, dict) or not isinstance(result.get("status"), str):
        return None
    vectors = _at(result, "config", "params", "vectors")
    queue = _at(result, "update_queue", "length")
    return CollectionState(
        status=str(result["status"]),
        points=_count(result.get("points_count")),
        indexed_vectors=_count(result.get("indexed_vectors_count")),
        segments=_count(result.get("segments_count")),
        vectors=_vectors(vectors if isinstance(vectors, dict) else {}),
        indexes=_indexes(result.get("payload_schema")),
        queue=queue if isinstance(queue, int) else None,
        warnings=(*_optimizer(result.get("optimizer_status")), *_warnings(result.get("warnings"))),
    )


def _at(value: JsonValue, *path: str) -> JsonValue:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _count(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0


def _vectors(configured: JsonObject) -> dict[str, VectorSpec]:
    single = isinstance(configured.get("size"), int)
    named: JsonObject = {UNNAMED: configured} if single else configured
    found: dict[str, VectorSpec] = {}
    for name, spec in named.items():
        size, distance = _at(spec, "size"), DISTANCES.get(str(_at(spec, "distance")))
        if isinstance(size, int) and distance is not None:
            found[name] = VectorSpec(size, distance)
    return found


def _indexes(schema: JsonValue) -> dict[str, str]:
    entries = schema if isinstance(schema, dict) else {}
    return {path: str(_at(index, "data_type")) for path, index in sorted(entries.items())}


def _optimizer(status: JsonValue) -> list[str]:
    """`"ok"`, or `{"error": text}` when the optimizers have stopped."""
    error = _at(status, "error")
    return [f"optimizer: {error}"] if error is not None else []


def _warnings(warnings: JsonValue) -> list[str]:
    entries = warnings if isinstance(warnings, list) else []
    return [str(_at(entry, "message") or entry) for entry in entries]
