"""Writes to points: the bodies of the REST API as operations of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import qdrant_edge as edge

from support.qdrant.errors import ApiError, bad_format, from_engine, invalid, wrong_input
from support.qdrant.filters import to_filter
from support.qdrant.jsonish import (
    EngineId,
    Json,
    Object,
    as_id,
    as_ids,
    as_list,
    as_object,
    as_sparse,
    as_text,
    as_vectors,
    member,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.qdrant.store import StoredCollection

_MODES = {
    "upsert": edge.UpdateMode.Upsert,
    "insert_only": edge.UpdateMode.InsertOnly,
    "update_only": edge.UpdateMode.UpdateOnly,
}


def upsert(collection: StoredCollection, body: Object) -> None:
    if "batch" in body:
        points = _columns(as_object(body["batch"], "a batch"))
    else:
        points = [_point(as_object(entry, "a point")) for entry in as_list(member(body, "points"), "points")]
    mode = body.get("update_mode")
    _apply(
        collection,
        edge.UpdateOperation.upsert_points(
            points,
            condition=to_filter(body.get("update_filter")),
            update_mode=_MODES[as_text(mode, "update_mode")] if mode is not None else None,
        ),
    )


def _point(body: Object) -> edge.Point:
    return edge.Point(
        as_id(member(body, "id")), _vector(member(body, "vector")), _payload(body.get("payload"))
    )


def _vector(body: Json) -> edge.Vector:
    if isinstance(body, dict):
        named: dict[str, edge.NamedVector] = {
            name: as_sparse(values) if isinstance(values, dict) else as_vectors(values)
            for name, values in body.items()
        }
        return named
    return as_vectors(body)


def _payload(body: Json) -> Object:
    return {} if body is None else as_object(body, "a payload")


def _columns(batch: Object) -> list[edge.Point]:
    ids = as_ids(member(batch, "ids"))
    payloads = batch.get("payloads")
    rows = [None] * len(ids) if payloads is None else as_list(payloads, "payloads")
    vectors = member(batch, "vectors")
    if isinstance(vectors, dict):
        columns = {name: as_list(column, "vectors") for name, column in vectors.items()}
        for column in columns.values():
            _same_length("vectors", len(ids), len(column))
        entries: list[Json] = [{name: column[i] for name, column in columns.items()} for i in range(len(ids))]
    else:
        entries = as_list(vectors, "vectors")
        _same_length("vectors", len(ids), len(entries))
    _same_length("payloads", len(ids), len(rows))
    return [
        edge.Point(point, _vector(vector), _payload(payload))
        for point, vector, payload in zip(ids, entries, rows, strict=True)
    ]


def _same_length(what: str, ids: int, other: int) -> None:
    if ids != other:
        raise invalid(f"[batch: number of ids and {what} must be equal ({ids} != {other})]")


def delete(collection: StoredCollection, body: Object) -> None:
    if "filter" in body:
        condition = to_filter(body["filter"])
        if condition is not None:
            _apply(collection, edge.UpdateOperation.delete_points_by_filter(condition))
        return
    _apply(collection, edge.UpdateOperation.delete_points(as_ids(member(body, "points"))))


def set_payload(collection: StoredCollection, body: Object) -> None:
    payload, key = as_object(member(body, "payload"), "a payload"), _optional_text(body.get("key"))
    condition, ids = _selected(body)
    operations = edge.UpdateOperation
    if condition is not None:
        _apply(collection, operations.set_payload_by_filter(condition, payload, key))
    else:
        _apply(collection, operations.set_payload(ids, payload, key))


def overwrite_payload(collection: StoredCollection, body: Object) -> None:
    payload = as_object(member(body, "payload"), "a payload")
    condition, ids = _selected(body)
    if condition is not None:
        _apply(collection, edge.UpdateOperation.overwrite_payload_by_filter(condition, payload))
    else:
        _apply(collection, edge.UpdateOperation.overwrite_payload(ids, payload))


def delete_payload(collection: StoredCollection, body: Object) -> None:
    keys = [as_text(key, "keys") for key in as_list(member(body, "keys"), "keys")]
    condition, ids = _selected(body)
    if condition is not None:
        _apply(collection, edge.UpdateOperation.delete_payload_by_filter(condition, keys))
    else:
        _apply(collection, edge.UpdateOperation.delete_payload(ids, keys))


def clear_payload(collection: StoredCollection, body: Object) -> None:
    condition, ids = _selected(body)
    if condition is not None:
        _apply(collection, edge.UpdateOperation.clear_payload_by_filter(condition))
    else:
        _apply(collection, edge.UpdateOperation.clear_payload(ids))


def update_vectors(collection: StoredCollection, body: Object) -> None:
    entries = [as_object(entry, "a point") for entry in as_list(member(body, "points"), "points")]
    vectors = [edge.PointVectors(as_id(member(e, "id")), _vector(member(e, "vector"))) for e in entries]
    _apply(collection, edge.UpdateOperation.update_vectors(vectors))


def delete_vectors(collection: StoredCollection, body: Object) -> None:
    names = [as_text(name, "vector") for name in as_list(member(body, "vector"), "vector")]
    condition, ids = _selected(body)
    if condition is not None:
        _apply(collection, edge.UpdateOperation.delete_vectors_by_filter(condition, names))
    else:
        _apply(collection, edge.UpdateOperation.delete_vectors(ids, names))


def _selected(body: Object) -> tuple[edge.Filter | None, list[EngineId]]:
    if body.get("filter") is not None:
        return to_filter(body["filter"]), []
    if body.get("points") is None:
        raise invalid("[points: either list of point ids or filter must be provided]")
    return None, as_ids(body["points"])


def _optional_text(value: Json) -> str | None:
    return None if value is None else as_text(value, "key")


_BATCH: dict[str, Callable[[StoredCollection, Object], None]] = {
    "upsert": upsert,
    "delete": delete,
    "set_payload": set_payload,
    "overwrite_payload": overwrite_payload,
    "delete_payload": delete_payload,
    "clear_payload": clear_payload,
    "update_vectors": update_vectors,
    "delete_vectors": delete_vectors,
}


def batch(collection: StoredCollection, body: Object) -> int:
    """The operations in order; the first that fails ends it and what was applied stays, as on the server."""
    operations = as_list(member(body, "operations"), "operations")
    parsed: list[tuple[Callable[[StoredCollection, Object], None], Object]] = []
    for entry in operations:
        operation = as_object(entry, "an update operation")
        name = next(iter(operation), "")
        if name not in _BATCH or len(operation) != 1:
            raise bad_format("data did not match any variant of untagged enum UpdateOperation")
        parsed.append((_BATCH[name], as_object(operation[name], name)))
    for apply, argument in parsed:
        apply(collection, argument)
    return len(parsed)


def _apply(collection: StoredCollection, operation: edge.UpdateOperation) -> None:
    try:
        collection.shard.update(operation)
    except ApiError:
        raise
    except (TypeError, ValueError) as error:
        raise wrong_input(str(error)) from error
    except Exception as error:  # the engine raises nothing more precise
        raise from_engine(error) from error
    collection.operations += 1
