"""Strict mode: what the server refuses to read by for want of a payload index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.qdrant.errors import ApiError
from support.qdrant.jsonish import Json, Object, as_object, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.qdrant.store import StoredCollection


def check_strict(collection: StoredCollection, body: Object) -> None:
    """400 where a filter or a grouping names a field that has no index of a type that serves it."""
    if not (
        collection.strict_mode.get("enabled")
        and collection.strict_mode.get("unindexed_filtering_retrieve") is False
    ):
        return
    schema = {
        path: str(index.data_type).rpartition(".")[2].lower()
        for path, index in collection.shard.info().payload_schema.items()
    }
    for field, kinds in _asked(body.get("filter")):
        if schema.get(field) not in kinds:
            raise _refusal(
                f'Index required but not found for "{field}" of one of the following types: '
                f"[{', '.join(kinds)}]. Help: Create an index for this key or use a different filter."
            )
    group_by = body.get("group_by")
    if isinstance(group_by, str) and group_by not in schema:
        raise _refusal(f'Index required but not found for "{group_by}". Help: Create an index for this key.')


def _refusal(text: str) -> ApiError:
    return ApiError(400, f"Bad request: {text}")


def _asked(body: Json) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The fields of a filter, with the types of index that serve what is asked of them."""
    if not isinstance(body, dict):
        return
    for part in ("must", "should", "must_not"):
        conditions = body.get(part) or []
        for condition in conditions if isinstance(conditions, list) else [conditions]:
            yield from _asked_by(as_object(condition, "a condition"))


def _asked_by(condition: Object) -> Iterator[tuple[str, tuple[str, ...]]]:
    match condition:
        case {"key": str(field), "match": {"text": _}}:
            yield field, ("text",)
        case {"key": str(field), "match": {"value": bool()}}:
            yield field, ("bool",)
        case {"key": str(field), "match": {"value": int()}}:
            yield field, ("integer",)
        case {"key": str(field), "match": dict()}:
            yield field, ("keyword", "uuid")
        case {"key": str(field), "range": dict(bounds)} if any(isinstance(b, str) for b in bounds.values()):
            yield field, ("datetime",)
        case {"key": str(field), "range": dict()}:
            yield field, ("float", "integer")
        case {"is_empty": {"key": field}}:
            kinds = ("keyword", "integer", "float", "geo", "text", "bool", "datetime", "uuid")
            yield as_text(field, "key"), kinds
        case _:
            yield from _asked(condition)
