"""Database values made JSON-ready. Pure, and the same for the same database value on every host.

| from the database | in a row |
|---|---|
| None, bool, str | as it is; what is no UTF-8 becomes U+FFFD |
| int, Decimal without decimals (scale 0) | int; text when it does not fit 64 bits |
| float, Decimal with decimals | float; None for NaN and infinities |
| date, time, datetime | ISO 8601 text; with a zone in UTC, so that the session's does not matter |
| timedelta (MySQL TIME, PostgreSQL interval) | `[-]HH:MM:SS[.ffffff]`, hours beyond 24 as they are |
| UUID | text |
| bytes | base64 text; int in a BIT column of MySQL |
| JSON, arrays | lists and objects of these; deeper than 100 levels `None` |
| anything else (ranges, addresses) | its text |

A Decimal follows its scale and not its value, so that a DECIMAL(10, 2) column is a float in every row.
"""

from __future__ import annotations

import json
import math
from base64 import b64encode
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import repeat
from types import NoneType
from typing import TYPE_CHECKING, cast
from uuid import UUID

import orjson

from embedconsole.catalog.markup import plain_text
from embedconsole.items import CatalogRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from embedconsole.catalog.query_source import QuerySource
    from embedconsole.items import JsonValue


class RowMaker:
    """Makes the rows of one query.

    Args:
        source: Its columns, in the order of a raw row.
        changed: Where in a raw row the `changed` value is; None when there is none.
    """

    def __init__(self, source: QuerySource, changed: int | None) -> None:
        self._columns = source.columns
        special = {
            **dict.fromkeys(source.html, plain_column),
            **dict.fromkeys(source.bits, bit_column),
            **dict.fromkeys(source.json, parsed_column),
        }
        self._convert = [special.get(name, json_column) for name in source.columns]
        self._changed = changed

    def __call__(self, keys: Sequence[str], raw: Sequence[Sequence[object]]) -> list[CatalogRow]:
        """The rows, given their keys."""
        by_column = list(zip(*raw, strict=True))
        ready = [convert(values) for convert, values in zip(self._convert, by_column, strict=False)]
        versions = by_column[self._changed] if self._changed is not None and raw else repeat(None)
        names = self._columns
        return [
            CatalogRow(key, dict(zip(names, values, strict=True)), version)
            for key, values, version in zip(keys, zip(*ready, strict=True), versions, strict=False)
        ]


_INT_MIN = -(1 << 63)
_INT_MAX = (1 << 64) - 1
_MAX_DEPTH = 100
_MAX_DIGITS = 20


def json_column(values: Sequence[object]) -> Sequence[JsonValue]:
    """One column of a page of rows, JSON-ready.

    Columns of None and one plain type, which is most of them, are checked as a whole and not value by value.

    Args:
        values: The column's values as the driver gave them.
    """
    kinds = set(map(type, values))
    kinds.discard(NoneType)
    if len(kinds) == 1 and _all_plain(values, kinds.pop()):
        return cast("Sequence[JsonValue]", values)
    return [json_value(value) for value in values]


def parsed_column(values: Sequence[object]) -> Sequence[JsonValue]:
    """The same of a column that holds JSON as text; text that is none stays text."""
    return [parse_json(value) if isinstance(value, str | bytes) else json_value(value) for value in values]


def plain_column(values: Sequence[object]) -> Sequence[JsonValue]:
    """One column of a page of rows, JSON-ready, its HTML made plain text."""
    return [plain_text(value) if isinstance(value, str) else value for value in json_column(values)]


def bit_column(values: Sequence[object]) -> Sequence[JsonValue]:
    """The same of a column of MySQL's BIT, which its driver gives as bytes: the number that they are."""
    return [
        _integer(int.from_bytes(value)) if isinstance(value, bytes) else json_value(value) for value in values
    ]


def json_value(value: object) -> JsonValue:
    """One database value, JSON-ready; see the table of this module."""
    return _value(value, 0)


def parse_json(text: str | bytes) -> JsonValue:
    """JSON text as lists and objects; text that is not JSON stays text."""
    try:
        parsed = orjson.loads(text)
    except ValueError:
        return _parse_leniently(text)
    # orjson reads deeper than it writes; counting brackets is a cheap upper bound of the depth.
    brackets = (
        text.count(b"[") + text.count(b"{") if isinstance(text, bytes) else text.count("[") + text.count("{")
    )
    return json_value(parsed) if brackets > _MAX_DEPTH else cast("JsonValue", parsed)


def _parse_leniently(text: str | bytes) -> JsonValue:
    """Parse JSON that orjson refuses and databases hold: NaN, lone surrogates, nesting beyond its limit."""
    try:
        return json_value(json.loads(text))
    except (ValueError, RecursionError):
        return json_value(text if isinstance(text, str) else text.decode("utf-8", "replace"))


def _all_plain(values: Sequence[object], kind: type) -> bool:
    """Whether a column of `kind` and None can stay as it is."""
    # `filter(None, ...)` drops 0 and "" too, which are plain.
    if kind is bool:
        return True
    if kind is str:
        return all(map(str.isascii, cast("Sequence[str]", filter(None, values))))
    if kind is int:
        present = cast("list[int]", list(filter(None, values)))
        return not present or (min(present) >= _INT_MIN and max(present) <= _INT_MAX)
    if kind is float:
        return all(map(math.isfinite, cast("Sequence[float]", filter(None, values))))
    return False


def _value(value: object, depth: int) -> JsonValue:
    convert = _CONVERTERS.get(type(value))
    if convert is not None:
        return convert(value)
    if isinstance(value, dict | list | tuple | set | frozenset):
        return _container(value, depth)
    for base in type(value).__mro__[1:-1]:
        convert = _CONVERTERS.get(base)
        if convert is not None:
            return convert(value)
    return _text(str(value))


def _container(
    value: Mapping[object, object] | Sequence[object] | set[object] | frozenset[object], depth: int
) -> JsonValue:
    if depth >= _MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {_text(str(key)): _value(inner, depth + 1) for key, inner in value.items()}
    converted = [_value(inner, depth + 1) for inner in value]
    if isinstance(value, set | frozenset):
        # A set has no order of its own, and the payload's hash must not depend on one.
        converted.sort(key=lambda inner: orjson.dumps(inner, option=orjson.OPT_SORT_KEYS))
    return converted


def _text(value: str) -> str:
    if value.isascii():
        return value
    try:
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _integer(value: int) -> JsonValue:
    return int(value) if _INT_MIN <= value <= _INT_MAX else str(Decimal(value))


def _number(value: float) -> JsonValue:
    return float(value) if math.isfinite(value) else None


def _decimal(value: Decimal) -> JsonValue:
    if not value.is_finite():
        return None
    if cast("int", value.as_tuple().exponent) < 0:
        number = float(value)
        return number if math.isfinite(number) else str(value)
    return _integer(int(value)) if value.adjusted() < _MAX_DIGITS else str(value)


def _datetime(value: datetime) -> str:
    if value.tzinfo is not None:
        try:
            return value.astimezone(UTC).isoformat()
        except OverflowError:  # the first or last day of the calendar
            return value.isoformat()
    return value.isoformat()


def _duration(value: timedelta) -> str:
    sign = "-" if value < timedelta(0) else ""
    length = abs(value)
    minutes, seconds = divmod(length.days * 86_400 + length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{length.microseconds:06d}" if length.microseconds else ""
    return f"{sign}{hours:02d}:{minutes:02d}:{seconds:02d}{fraction}"


def _bytes(value: bytes | bytearray | memoryview) -> str:
    return b64encode(value).decode("ascii")


_CONVERTERS: Mapping[type, Callable[..., JsonValue]] = {
    NoneType: lambda value: None,
    bool: bool,
    int: _integer,
    float: _number,
    str: _text,
    Decimal: _decimal,
    datetime: _datetime,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: _duration,
    UUID: str,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
}
