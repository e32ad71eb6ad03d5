"""Filters of the REST API as conditions of the engine."""

from __future__ import annotations

from typing import cast

import numpy as np
import qdrant_edge as edge

from support.qdrant.errors import bad_format
from support.qdrant.jsonish import Json, Object, as_ids, as_list, as_object, as_text


def to_filter(body: Json) -> edge.Filter | None:
    """The filter of a request; None for none. `min_should` is not there."""
    if body is None:
        return None
    parts = as_object(body, "a filter")
    return edge.Filter(
        must=_conditions(parts.get("must")),
        should=_conditions(parts.get("should")),
        must_not=_conditions(parts.get("must_not")),
    )


def _conditions(body: Json) -> list[edge.ConditionType] | None:
    if body is None:
        return None
    entries = body if isinstance(body, list) else [body]
    try:
        return [_condition(as_object(entry, "a condition")) for entry in entries]
    except ValueError as error:  # a path or a time that the engine can't read
        raise bad_format(str(error).replace("\n", " ")) from error


def _condition(body: Object) -> edge.ConditionType:
    if "has_id" in body:
        return edge.HasIdCondition(set(as_ids(body["has_id"])))
    if "is_empty" in body:
        return edge.IsEmptyCondition(_key(body["is_empty"]))
    if "is_null" in body:
        return edge.IsNullCondition(_key(body["is_null"]))
    if "key" in body:
        return edge.FieldCondition(
            as_text(body["key"], "key"), match=_match(body.get("match")), range=_range(body.get("range"))
        )
    nested = to_filter(body)
    if nested is None or not body:
        raise bad_format("data did not match any variant of untagged enum Condition")
    return nested


def _key(body: Json) -> str:
    return as_text(as_object(body, "a field").get("key"), "key")


def _match(body: Json) -> edge.MatchType | None:
    if body is None:
        return None
    match = as_object(body, "a match")
    value = match.get("value")
    if isinstance(value, bool):
        # The binding takes Python's booleans for integers, numpy's it does not.
        return edge.MatchValue(cast("bool", np.bool_(value)))
    if isinstance(value, (str, int)):
        return edge.MatchValue(value)
    if "any" in match:
        values = as_list(match["any"], "values")
        texts = [entry for entry in values if isinstance(entry, str)]
        numbers = [entry for entry in values if isinstance(entry, int)]
        return edge.MatchAny(texts or numbers)
    if "text" in match:
        return edge.MatchText(as_text(match["text"], "text"))
    raise bad_format("data did not match any variant of untagged enum MatchInterface")


def _range(body: Json) -> edge.RangeType | None:
    if body is None:
        return None
    bounds = as_object(body, "a range")
    times = {name: bound for name, bound in bounds.items() if isinstance(bound, str)}
    if times:
        return edge.RangeDateTime(
            gte=times.get("gte"), gt=times.get("gt"), lte=times.get("lte"), lt=times.get("lt")
        )
    numbers = {name: float(bound) for name, bound in bounds.items() if isinstance(bound, (int, float))}
    return edge.RangeFloat(
        gte=numbers.get("gte"), gt=numbers.get("gt"), lte=numbers.get("lte"), lt=numbers.get("lt")
    )
