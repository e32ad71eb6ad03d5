"""Values as an operator writes them, and what they are: by the field's index, else by how they look."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.filters import Value
    from embedconsole.items import IndexType

T = TypeVar("T")
Ordered: TypeAlias = int | float | date | datetime

_LOOKS_LIKE_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:[Zz]|[+-]\d\d:?\d\d)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_MOMENTS = "a date or time such as 2026-01-31 or 2026-01-31 18:00"
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Written:
    """A value as it is written; in quotes it is a text, whatever it looks like."""

    text: str
    quoted: bool = False


def equal_to(field: str, written: Written, index: IndexType | None) -> tuple[Value, ...]:
    """The values that `=` and `in` compare a field with: any of these.

    Where no index tells, what looks like a number or a boolean may also be a text in the payload.

    Args:
        index: The index of the field; None where it has none.

    Raises:
        ConfigError: The field's index holds no such values.
    """
    match index:
        case "integer":
            return (_must(_whole, field, written, index, "a whole number"),)
        case "float":
            return (_must(_number, field, written, index, "a number"),)
        case "bool":
            return (_must(_boolean, field, written, index, "true or false"),)
        case "datetime":
            return (_must(_moment, field, written, index, _MOMENTS),)
        case "geo":
            raise ConfigError(f"{field} has a geo index, and places can't be compared here")
        case "keyword" | "text" | "uuid":
            return (written.text,)
    return (written.text,) if written.quoted else _by_its_looks(written.text)


def ordered(field: str, written: Written, index: IndexType | None) -> Ordered:
    """The value that `<`, `<=`, `>` and `>=` compare a field with; raises as `equal_to`."""
    match index:
        case "integer" | "float":
            return _must(_number, field, written, index, "a number")
        case "datetime":
            return _must(_moment, field, written, index, _MOMENTS)
        case None:
            value = _number(written.text)
            found = _moment(written.text) if value is None else value
            if found is None:
                raise ConfigError(
                    f"{field}: {written.text!r} is neither a number nor a date, and only those are compared "
                    "by < <= > >="
                )
            return found
    raise ConfigError(
        f"{field} has a {index} index, and only numbers and dates are compared by < <= > >=; "
        f"write {field}=... or {field} in (...)"
    )


def _must(read: Callable[[str], T | None], field: str, written: Written, index: IndexType, what: str) -> T:
    value = read(written.text)
    if value is None:
        raise ConfigError(f"{field} has {_a(index)} index, and {written.text!r} is not {what}")
    return value


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _by_its_looks(text: str) -> tuple[Value, ...]:
    if text.lower() in ("true", "false"):
        return text.lower() == "true", text
    if _LOOKS_LIKE_NUMBER.fullmatch(text) and (number := _number(text)) is not None:
        return number, text
    moment = _moment(text)  # also one that is stored as text
    return (text,) if moment is None else (moment,)


def _boolean(text: str) -> bool | None:
    return _BOOLEANS.get(text.lower())


def _whole(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


def _number(text: str) -> int | float | None:
    whole = _whole(text)
    if whole is not None:
        return whole
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _moment(text: str) -> date | datetime | None:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:  # no such day
        return None
    return None
