"""Conditions as a filter of Qdrant: the JSON of its REST API, which the embedded engine is asked in too."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.filters import Condition, Value
    from embedconsole.items import JsonObject, JsonValue

_RANGES = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_DAY_BEGINS, _DAY_ENDS = time.min, time.max  # microseconds, as exact as Qdrant's own times
_EXACT_IN_A_FLOAT = 1 << 53


def to_filter(where: Sequence[Condition]) -> JsonObject | None:
    """A filter under which all conditions hold; None where there are none."""
    if not where:
        return None
    wanted: list[JsonValue] = [_condition(one) for one in where if not one.negated]
    unwanted: list[JsonValue] = [_condition(one) for one in where if one.negated]
    return {"must": wanted, "must_not": unwanted}


def _condition(condition: Condition) -> JsonObject:
    """The condition as if it were not negated."""
    field, values = condition.field, condition.values
    match condition.operator:
        case "null":
            return {"is_empty": {"key": field}}
        case "~":
            return {"key": field, "match": {"text": str(values[0])}}
        case "in" if len(values) == 1:
            return _equal(field, values[0])
        case "in" if all(isinstance(value, str) for value in values):
            return {"key": field, "match": {"any": [str(value) for value in values]}}
        case "in":
            return {"should": [_equal(field, value) for value in values]}
    return {"key": field, "range": {_RANGES[condition.operator]: _bound(condition.operator, values[0])}}


def _equal(field: str, value: Value) -> JsonObject:
    """Numbers and times by their range: to match a value, Qdrant takes 50 and 50.0 for different things."""
    if isinstance(value, (str, bool)) or (isinstance(value, int) and abs(value) > _EXACT_IN_A_FLOAT):
        return {"key": field, "match": {"value": value}}
    return {"key": field, "range": {"gte": _bound(">=", value), "lte": _bound("<=", value)}}


def _bound(operator: str, value: Value) -> JsonValue:
    if isinstance(value, datetime):
        return _text(value)
    if isinstance(value, date):
        # A day is over at its end: later than it is after that, up to it is until then.
        return _text(datetime.combine(value, _DAY_ENDS if operator in (">", "<=") else _DAY_BEGINS))
    return value


def _text(moment: datetime) -> str:
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).isoformat()
