"""From a row to the payload of its point: which column goes where, and as which type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError
from embedconsole.items import MARKER
from embedconsole.sync.template import as_text, unknown_column

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from embedconsole.config.values import PayloadMapping
    from embedconsole.items import IndexType, JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class PayloadField:
    """One value of a payload.

    Attributes:
        path: Where it goes; more than one name means nested objects.
        column: The column it comes from.
        convert: Makes it what its index expects; None leaves it as it is.
    """

    path: tuple[str, ...]
    column: str
    convert: Callable[[JsonValue], JsonValue] | None


def payload_fields(
    mapping: PayloadMapping | None,
    default_columns: Collection[str],
    columns: Collection[str],
    indexes: Mapping[str, IndexType],
    place: str,
) -> tuple[PayloadField, ...]:
    """Resolve a payload mapping.

    Args:
        mapping: As configured; None stands for `default_columns` under their own names.
        columns: What the query has.
        indexes: Payload path (dotted) to index type.

    Raises:
        ConfigError: a column that the query does not have, or a name that is ours.
    """
    flat: list[tuple[tuple[str, ...], str]] = []
    if mapping is None:
        flat = [((column,), column) for column in default_columns]
    else:
        _flatten(mapping, (), flat)
    fields = []
    for path, column in flat:
        if column not in columns:
            raise ConfigError(unknown_column(f"{place}.{'.'.join(path)}", column, columns))
        if path[0] == MARKER:
            raise ConfigError(f"{place}: the name {MARKER} is taken by embedconsole itself")
        index = indexes.get(".".join(path))
        fields.append(PayloadField(path, column, _CONVERSIONS.get(index) if index else None))
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


def _flatten(
    mapping: PayloadMapping, prefix: tuple[str, ...], into: list[tuple[tuple[str, ...], str]]
) -> None:
    for name, target in mapping.items():
        if isinstance(target, str):
            into.append(((*prefix, name), target))
        else:
            _flatten(target, (*prefix, name), into)


# SQL's types are not those that an index matches: SQLite and MySQL have no boolean, a DECIMAL may come as
# text. A value that can't be converted stays as it is: it is in the payload, the index passes it by.


def _to_bool(value: JsonValue) -> JsonValue:
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.lower() in ("t", "true", "yes", "f", "false", "no"):
        return value.lower() in ("t", "true", "yes")
    return value


def _to_float(value: JsonValue) -> JsonValue:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            return value
    return value


def _to_integer(value: JsonValue) -> JsonValue:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return value
    return value


def _to_text(value: JsonValue) -> JsonValue:
    return value if value is None or isinstance(value, (str, list, dict)) else as_text(value)


_CONVERSIONS: dict[IndexType, Callable[[JsonValue], JsonValue]] = {
    "bool": _to_bool,
    "float": _to_float,
    "integer": _to_integer,
    "keyword": _to_text,
    "text": _to_text,
}
