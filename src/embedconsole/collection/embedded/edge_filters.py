"""Filters of Qdrant's REST API, as far as `filters.py` writes them, as those of the embedded engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import qdrant_edge as edge

if TYPE_CHECKING:
    from embedconsole.items import JsonObject, JsonValue


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
