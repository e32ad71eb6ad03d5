"""Whether a payload that another program has written says the same as ours would. Pure.

Programs write the same value in many ways: 9.5, "9.50"; true, 1; a list, or its JSON; null, or nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from embedconsole.items import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.items import JsonObject, JsonValue


def unlike_field(ours: JsonObject, theirs: JsonObject) -> str | None:
    """The first field of ours, as a dotted path, that says something else in theirs; None where none does.

    What only theirs has is not looked at, nor is our marker.
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
    left, right = _number(one), _number(other)
    return left is not None and left == right


def _read(value: JsonValue) -> object:
    """A list or an object from its JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _number(value: JsonValue) -> float | None:
    if isinstance(value, (bool, int, float)):
        return float(value)
    if isinstance(value, str):
        if value.lower() in ("true", "false"):
            return float(value.lower() == "true")
        try:
            return float(value)
        except ValueError:
            return None
    return None
