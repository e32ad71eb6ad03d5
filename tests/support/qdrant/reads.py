"""Reads: points, searches and what a collection says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import qdrant_edge as edge

from support.qdrant.errors import from_engine, invalid, not_found
from support.qdrant.filters import to_filter
from support.qdrant.jsonish import (
    Json,
    Object,
    as_count,
    as_id,
    as_ids,
    as_list,
    as_object,
    as_text,
    as_vectors,
    member,
)
from support.qdrant.strictness import check_strict

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.qdrant.store import StoredCollection

T = TypeVar("T")

INDEX_TYPES = ("keyword", "text", "integer", "float", "bool", "datetime", "uuid", "geo")


def index_type(name: str) -> edge.PayloadSchemaType:
    kind: edge.PayloadSchemaType = getattr(edge.PayloadSchemaType, name.capitalize())
    return kind


def _called(call: Callable[[], T]) -> T:
    try:
        return call()
    except Exception as error:  # the engine raises nothing more precise
        raise from_engine(error) from error


def _payload_wish(value: Json, default: bool) -> edge.WithPayloadType:
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return [as_text(entry, "with_payload") for entry in value]
    wish = as_object(value, "with_payload")
    if "include" in wish:
        return [as_text(entry, "include") for entry in as_list(wish["include"], "include")]
    excluded = [as_text(entry, "exclude") for entry in as_list(member(wish, "exclude"), "exclude")]
    return edge.PayloadSelector.Exclude(excluded)


def _vector_wish(value: Json) -> edge.WithVectorType:
    if isinstance(value, list):
        return [as_text(entry, "with_vector") for entry in value]
    return bool(value)


def _id(value: object) -> int | str:
    return value if isinstance(value, int) else str(value)


def _record(record: edge.Record | edge.ScoredPoint) -> Object:
    reply: Object = {"id": _id(record.id)}
    if record.payload is not None:
        reply["payload"] = record.payload
    if isinstance(record.vector, dict):
        reply["vector"] = {name: _vector(vector) for name, vector in record.vector.items()}
    elif record.vector is not None:
        reply["vector"] = _vector(record.vector)
    return reply


def _vector(vector: object) -> Json:
    if isinstance(vector, edge.SparseVector):
        return {"indices": [*vector.indices], "values": [*vector.values]}
    return vector  # type: ignore[return-value]  # a dense one: lists of floats


def retrieve(collection: StoredCollection, body: Object) -> Json:
    ids = as_ids(member(body, "ids"))
    records = _called(
        lambda: collection.shard.retrieve(
            ids, _payload_wish(body.get("with_payload"), True), _vector_wish(body.get("with_vector"))
        )
    )
    return [_record(record) for record in records]


def scroll(collection: StoredCollection, body: Object) -> Json:
    offset = body.get("offset")
    limit = as_count(body.get("limit"), "limit", 10)
    if limit == 0:
        raise invalid("[limit: value 0 invalid, must be 1 or larger]")
    records, following = _called(
        lambda: collection.shard.scroll(
            edge.ScrollRequest(
                offset=None if offset is None else as_id(offset),
                limit=limit,
                filter=to_filter(body.get("filter")),
                with_payload=_payload_wish(body.get("with_payload"), True),
                with_vector=_vector_wish(body.get("with_vector")),
            )
        )
    )
    return {
        "points": [_record(record) for record in records],
        "next_page_offset": None if following is None else _id(following),
    }


def count(collection: StoredCollection, body: Object) -> Json:
    exact = bool(body.get("exact", True))
    condition = to_filter(body.get("filter"))
    return {"count": _called(lambda: collection.shard.count(edge.CountRequest(exact, condition)))}


def optimizations(collection: StoredCollection) -> Json:
    """Nothing runs and nothing waits: this engine optimizes only when it is told to."""
    idle = collection.shard.info().segments_count
    summary: Object = {
        "queued_optimizations": 0,
        "queued_segments": 0,
        "queued_points": 0,
        "idle_segments": idle,
    }
    return {"summary": summary, "running": []}


def query(collection: StoredCollection, body: Object) -> Json:
    check_strict(collection, body)
    return {"points": [*_nearest(collection, body)]}


def query_groups(collection: StoredCollection, body: Object) -> Json:
    """The best points of each value of a field, in the order of each group's best."""
    check_strict(collection, body)
    field = as_text(member(body, "group_by"), "group_by")
    limit, size = as_count(body.get("limit"), "limit", 10), as_count(body.get("group_size"), "group_size", 3)
    everything = max(1, collection.shard.info().points_count)
    groups: dict[str | int, list[Json]] = {}
    for hit in _nearest(collection, {**body, "limit": everything, "offset": 0, "with_payload": True}):
        for value in _group_values(hit["payload"], field):
            groups.setdefault(value, []).append(hit)
    return {"groups": [{"id": value, "hits": groups[value][:size]} for value in list(groups)[:limit]]}


def _group_values(payload: Json, field: str) -> list[str | int]:
    """Texts and integers, of a list each once; a field with anything else in it is in no group."""
    value = payload
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    values = value if isinstance(value, list) else [value]
    ids = [one for one in values if isinstance(one, (str, int)) and not isinstance(one, bool)]
    return list(dict.fromkeys(ids)) if len(ids) == len(values) else []


def _nearest(collection: StoredCollection, body: Object) -> list[Object]:
    wanted = body.get("query")
    if isinstance(wanted, dict) and "nearest" in wanted:
        wanted = wanted["nearest"]
    using = body.get("using")
    name = None if using is None else as_text(using, "using")
    threshold = body.get("score_threshold")
    condition = to_filter(body.get("filter"))
    if isinstance(wanted, (int, str)):
        # A point stands for its vector, and is not among its own neighbours.
        point = as_id(wanted)
        wanted = _stored_vector(collection, point, name or "")
        condition = edge.Filter(
            must=None if condition is None else [condition], must_not=[edge.HasIdCondition({point})]
        )
    hits = _called(
        lambda: collection.shard.query(
            edge.QueryRequest(
                limit=as_count(body.get("limit"), "limit", 10),
                offset=as_count(body.get("offset"), "offset", 0),
                query=None if wanted is None else edge.Query.Nearest(as_vectors(wanted), name),
                filter=condition,
                score_threshold=float(threshold) if isinstance(threshold, (int, float)) else None,
                with_payload=_payload_wish(body.get("with_payload"), False),
                with_vector=_vector_wish(body.get("with_vector")),
            )
        )
    )
    return [{**_record(hit), "version": hit.version, "score": hit.score} for hit in hits]


def _stored_vector(collection: StoredCollection, point: int | str, name: str) -> Json:
    records = _called(lambda: collection.shard.retrieve([point], False, True))
    if not records:
        raise not_found(f"No point with id {point} found")
    vectors = records[0].vector
    vector = vectors.get(name) if isinstance(vectors, dict) else vectors
    if vector is None:
        raise not_found(f'Vector with name "{name}" for point not found')
    return vector  # type: ignore[return-value]  # dense ones only: lists of floats


def describe(collection: StoredCollection) -> Json:
    info = collection.shard.info()
    schema: Object = {}
    for path, index in sorted(info.payload_schema.items()):
        name = next(kind for kind in INDEX_TYPES if index_type(kind) == index.data_type)
        schema[path] = {"data_type": name, "points": index.points}
    config: Object = {
        "params": {
            "vectors": collection.vectors,
            **({"sparse_vectors": collection.sparse_vectors} if collection.sparse_vectors else {}),
            "shard_number": 1,
            "replication_factor": 1,
            "write_consistency_factor": 1,
            "on_disk_payload": True,
        },
        "hnsw_config": {
            "m": 16,
            "ef_construct": 100,
            "full_scan_threshold": 10_000,
            "max_indexing_threads": 0,
            "on_disk": False,
        },
        "optimizer_config": {
            "deleted_threshold": 0.2,
            "vacuum_min_vector_number": 1000,
            "default_segment_number": 0,
            "max_segment_size": None,
            "memmap_threshold": None,
            "indexing_threshold": 10_000,
            "flush_interval_sec": 5,
            "max_optimization_threads": None,
            **collection.optimizers,
        },
        "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0, "wal_retain_closed": 1},
        "quantization_config": None,
    }
    if collection.metadata is not None:
        config["metadata"] = collection.metadata
    return {
        "status": "green",
        "optimizer_status": "ok",
        "indexed_vectors_count": info.indexed_vectors_count,
        "points_count": info.points_count,
        "segments_count": info.segments_count,
        "config": config,
        "payload_schema": schema,
        "update_queue": {"length": 0},
    }
