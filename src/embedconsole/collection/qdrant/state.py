"""Qdrant's description of a collection as a `CollectionState`.

Read from plain JSON and not through qdrant-client's models: every run asks for it, and a newer server's
description must not fail on a field that an older model does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.items import (
    UNNAMED,
    CollectionState,
    Naming,
    Optimization,
    Optimizations,
    VectorSpec,
)

if TYPE_CHECKING:
    from embedconsole.items import Distance, JsonObject, JsonValue

DEFAULT_THRESHOLD = 10_000
"""KB, where a server does not report its own."""

DISTANCES: dict[str, Distance] = {
    "Cosine": "cosine",
    "Dot": "dot",
    "Euclid": "euclid",
    "Manhattan": "manhattan",
}


def parse_naming(name: str, result: JsonValue) -> Naming:
    """The collection a name points to, by the `result` of `GET /aliases` (all aliases of the server)."""
    entries = _at(result, "aliases")
    pairs = [
        (str(_at(entry, "alias_name")), str(_at(entry, "collection_name")))
        for entry in (entries if isinstance(entries, list) else [])
    ]
    collection = dict(pairs).get(name, name)
    return Naming(collection, tuple(sorted(alias for alias, target in pairs if target == collection)))


def parse_optimizations(result: JsonValue) -> Optimizations:
    """The `result` of `GET /collections/{name}/optimizations`."""
    running = _at(result, "running")
    return Optimizations(
        running=tuple(_optimization(entry) for entry in (running if isinstance(running, list) else [])),
        queued=_count(_at(result, "summary", "queued_optimizations")),
        queued_points=_count(_at(result, "summary", "queued_points")),
    )


def _optimization(entry: JsonValue) -> Optimization:
    segments = _at(entry, "segments")
    listed = segments if isinstance(segments, list) else []
    stage = _stage(_at(entry, "progress"))
    done, total = _at(stage, "done"), _at(stage, "total")
    return Optimization(
        optimizer=str(_at(entry, "optimizer") or ""),
        stage=str(_at(stage, "name") or ""),
        done=done if isinstance(done, int) else None,
        total=total if isinstance(total, int) else None,
        segments=len(listed),
        points=sum(_count(_at(segment, "points_count")) for segment in listed),
    )


def _stage(progress: JsonValue) -> JsonValue:
    """The innermost operation of a progress tree that has begun and not ended."""
    children = _at(progress, "children")
    for child in children if isinstance(children, list) else []:
        if _at(child, "started_at") is not None and _at(child, "finished_at") is None:
            return _stage(child)
    return progress


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
        warnings=tuple(_warnings(result.get("warnings"))),
        optimizer_error=_optimizer(result.get("optimizer_status")),
        indexed_points=_indexed_points(result.get("payload_schema")),
        indexing_threshold=_threshold(_at(result, "config", "optimizer_config", "indexing_threshold")),
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
            found[name] = VectorSpec(size, distance, _at(spec, "multivector_config") is not None)
    return found


def _threshold(told: JsonValue) -> int:
    return told if isinstance(told, int) else DEFAULT_THRESHOLD


def _indexes(schema: JsonValue) -> dict[str, str]:
    entries = schema if isinstance(schema, dict) else {}
    return {path: str(_at(index, "data_type")) for path, index in sorted(entries.items())}


def _indexed_points(schema: JsonValue) -> dict[str, int]:
    entries = schema if isinstance(schema, dict) else {}
    points = {path: _at(index, "points") for path, index in sorted(entries.items())}
    return {path: count for path, count in points.items() if isinstance(count, int)}


def _optimizer(status: JsonValue) -> str | None:
    """`"ok"`, or `{"error": text}` when the optimizers have stopped."""
    error = _at(status, "error")
    return None if error is None else str(error)


def _warnings(warnings: JsonValue) -> list[str]:
    entries = warnings if isinstance(warnings, list) else []
    return [str(_at(entry, "message") or entry) for entry in entries]
