"""From a row to the payload of its point: which column goes where, and as which type."""

from __future__ import annotations

import math
import re
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from embedconsole.config.types import payload_leaves
from embedconsole.faults import ConfigError
from embedconsole.items import MARKER
from embedconsole.payload_paths import first_name, path_of
from embedconsole.sync.content.template import as_text, unknown_column

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from embedconsole.config.types import PayloadMapping
    from embedconsole.items import IndexType, JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class PayloadField:
    """One value of a payload.

    Attributes:
        path: Where it goes; more than one name means nested objects.
        column: The column it comes from.
        index: The type of its index; None where it has none.
    """

    path: tuple[str, ...]
    column: str
    index: IndexType | None = None

    def convert(self, value: JsonValue) -> JsonValue:
        """The value as its index expects it; each entry of a list by itself."""
        conversion = _CONVERSIONS.get(self.index) if self.index is not None else None
        if conversion is None:
            return value
        return [*map(conversion, value)] if isinstance(value, list) else conversion(value)


def payload_fields(
    mapping: PayloadMapping | None,
    default_columns: Collection[str],
    columns: Collection[str],
    indexes: Mapping[str, IndexType],
    place: str,
) -> tuple[PayloadField, ...]:
    """Resolve a payload mapping.

    Args:
        mapping: As configured; None means `default_columns` under their own names.
        columns: What the query has.
        indexes: Payload path (dotted) to index type.

    Raises:
        ConfigError: a column that the query does not have, or a name that is ours.
    """
    flat: list[tuple[tuple[str, ...], str]]
    if mapping is None:
        flat = [((column,), column) for column in default_columns]
        _check_dots(indexes, default_columns, place)
    else:
        flat = list(payload_leaves(mapping))
    fields = []
    for path, column in flat:
        if column not in columns:
            raise ConfigError(unknown_column(f"{place}.{'.'.join(path)}", column, columns))
        if path[0] == MARKER:
            raise ConfigError(f"{place}: the name {MARKER} is taken by embedconsole itself")
        fields.append(PayloadField(path, column, indexes.get(path_of(path))))
    return tuple(fields)


def make_payload(fields: Sequence[PayloadField], values: Sequence[JsonValue]) -> JsonObject:
    """The payload that converted values make, field by field; without our marker."""
    payload: JsonObject = {}
    for field, value in zip(fields, values, strict=True):
        if len(field.path) == 1:
            payload[field.path[0]] = value
            continue
        inner = payload
        for name in field.path[:-1]:
            step = inner.setdefault(name, {})
            assert isinstance(step, dict)
            inner = step
        inner[field.path[-1]] = value
    return payload


def _check_dots(indexes: Mapping[str, IndexType], columns: Collection[str], place: str) -> None:
    for path in indexes:
        if path in columns and "." in path and first_name(path) not in columns:
            raise ConfigError(
                f"{place.removesuffix('payload')}indexes: write '\"{path}\"' for the column {path}; without "
                f"quotation marks it is a field inside {first_name(path)}, which no item has"
            )


# SQL's types are not those that an index matches: SQLite and MySQL have no boolean, a DECIMAL may come as
# text, BINARY(16) as base64. A value that can't be converted safely stays as it is: it is in the payload, the
# index passes it by, and `test` reports it.

CONVERSIONS_VERSION = 2
"""Raised when a value is converted differently than before: the next scan then looks at every row again."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,40}(?:\.0*)?")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INT64_END = 1 << 63
_BASE64_OF_16_BYTES = 24
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "true", "y", "yes", "on"), True),
    **dict.fromkeys(("0", "f", "false", "n", "no", "off"), False),
}


def _to_bool(value: JsonValue) -> JsonValue:
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        return _BOOLEANS.get(value.strip().lower(), value)
    return value


def _to_float(value: JsonValue) -> JsonValue:
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        return value
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        number = float(value)
        return number if math.isfinite(number) else value
    return value


def _to_integer(value: JsonValue) -> JsonValue:
    if isinstance(value, bool):
        return int(value)
    number: int | None = None
    if isinstance(value, float) and value.is_integer():
        number = int(value)
    elif isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        number = int(value.strip().partition(".")[0])
    return number if number is not None and -_INT64_END <= number < _INT64_END else value


def _to_text(value: JsonValue) -> JsonValue:
    return value if value is None or isinstance(value, (str, dict)) else as_text(value)


def _to_uuid(value: JsonValue) -> JsonValue:
    if not isinstance(value, str) or len(value) != _BASE64_OF_16_BYTES:
        return value
    try:
        return str(UUID(bytes=b64decode(value, validate=True)))
    except ValueError:
        return value


_CONVERSIONS: dict[IndexType, Callable[[JsonValue], JsonValue]] = {
    "bool": _to_bool,
    "float": _to_float,
    "integer": _to_integer,
    "keyword": _to_text,
    "text": _to_text,
    "uuid": _to_uuid,
}
