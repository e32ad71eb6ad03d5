"""Compares a payload of another program with the one we would write. Pure.

Programs write the same value in many ways: true, 1; 9, 9.0; a list, or its JSON; null, or nothing; a time
with its offset, or without. A number as text is not the same: no filter by range finds it.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from embedconsole.items import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.items import JsonObject, JsonValue

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


def unlike_field(ours: JsonObject, theirs: JsonObject) -> str | None:
    """The first field of ours, as a dotted path, that says something else in theirs; None where none does.

    Fields that only theirs has are ignored, and so is our marker.
    """
    wanted = {name: value for name, value in ours.items() if name != MARKER}
    return next(_unlike(wanted, theirs, ""), None)


def _unlike(ours: JsonObject, theirs: JsonObject, prefix: str) -> Iterator[str]:
    for name, value in ours.items():
        there = theirs.get(name)
        if isinstance(value, dict) and isinstance(there, dict):
            yield from _unlike(value, there, f"{prefix}{name}.")
        elif not _alike(value, there):
            yield f"{prefix}{name}"


def _alike(one: JsonValue, other: JsonValue) -> bool:
    if one == other:
        return True
    if isinstance(one, (list, dict)) != isinstance(other, (list, dict)):
        return _read(one) == _read(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return next(_unlike(one, other, ""), None) is None
    left, right = _time(one), _time(other)
    return left is not None and right is not None and _same_time(left, right)


def _read(value: JsonValue) -> object:
    """A list or an object from its JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _time(value: JsonValue) -> datetime | None:
    if not isinstance(value, str) or _TIME.match(value) is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _same_time(one: datetime, other: datetime) -> bool:
    """Whether both are one time; one without an offset is in UTC, or in the zone of the other."""
    if (one.tzinfo is None) != (other.tzinfo is None):
        return one.replace(tzinfo=UTC) == other.replace(tzinfo=UTC) or _utc(one) == _utc(other)
    return one == other


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
