"""The filters an operator writes: `price<50 and category in (shoes, boots)`, read and written.

filter     condition { "and" condition }
condition  field ("=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~") value
           field ["not"] "in" "(" value { "," value } ")"
           field "is" ["not"] "null"
field      name { "." name }, each with [] after it for the entries of a list, in "..." with blanks in it
value      words, or anything in '...' or "..." (a quote in there is doubled)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from embedconsole.faults import ConfigError
from embedconsole.filters import Condition
from embedconsole.payload_paths import PATH, unquoted
from embedconsole.sync.search.filter_values import Written, equal_to, ordered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embedconsole.filters import Operator, Value
    from embedconsole.items import IndexType

UNDERSTOOD = "price<50, category!=shoes, title~mug, color in (red, blue), color is null; several with and"

_FIELD = re.compile(PATH)
_COMPARISON = re.compile(r"<=|>=|!=|<>|==|!~|=|<|>|~")
_QUOTED = re.compile(r"'((?:[^']|'')*)'|\"((?:[^\"]|\"\")*)\"")
_WORD = re.compile(r"[^\s<>=!~(),\"'][^\s<>=!~(),\"]*")
_PLAIN = re.compile(r"(?!(?:and|true|false)$)[a-z][\w-]*", re.IGNORECASE)
_AND, _NOT, _IN, _IS, _NULL = (
    re.compile(rf"{word}(?![\w-])", re.IGNORECASE) for word in ("and", "not", "in", "is", "null")
)
_OPEN, _COMMA, _CLOSE = (re.compile(rf"\{sign}") for sign in "(,)")

_BEGINS = re.compile(
    rf"{PATH}\s*(?:<|>|=|!=|~|!~|\s(?:not\s+)?in\s*\(|\sis\s+(?:not\s+)?null\b)", re.IGNORECASE
)


def parse_where(text: str, indexes: Mapping[str, IndexType]) -> tuple[Condition, ...]:
    """The conditions of a filter, at least one.

    Args:
        indexes: Payload path to index type: they say what values are.

    Raises:
        ConfigError: It can't be read; says where and what is understood.
    """
    reader = _Reader(text)
    conditions = [_condition(reader, indexes)]
    while not reader.at_end:
        _check_joined(reader)
        reader.take(_AND)
        conditions.append(_condition(reader, indexes))
    return tuple(conditions)


def looks_like_filter(text: str) -> bool:
    """Whether it begins as a condition does: a field with what is asked of it."""
    return _BEGINS.match(text.strip()) is not None


def check_field(text: str) -> str:
    """The path of a payload field.

    Raises:
        ConfigError: It is none.
    """
    if not _FIELD.fullmatch(text.strip()):
        raise ConfigError(
            f"{text!r} is not the name of a payload field, such as product_id or metadata.color"
        )
    return text.strip()


def written(conditions: Iterable[Condition]) -> str:
    """A filter that reads as these conditions where the fields have no index."""
    return " and ".join(map(_written, conditions))


def _condition(reader: _Reader, indexes: Mapping[str, IndexType]) -> Condition:
    field = reader.take(_FIELD)
    if field is None:
        raise reader.error("the name of a payload field")
    if field not in indexes:
        # A name with a dot in it, written without its quotation marks.
        field = next((path for path in indexes if unquoted(path) == unquoted(field)), field)
    index = indexes.get(field)
    comparison = reader.take(_COMPARISON)
    if comparison is not None:
        return _compared(field, comparison, _value(reader), index)
    negated = reader.take(_NOT) is not None
    if reader.take(_IN) is not None:
        return _equal(field, _list(reader), index, negated=negated)
    if not negated and reader.take(_IS) is not None:
        negated = reader.take(_NOT) is not None
        if reader.take(_NULL) is None:
            raise reader.error("null")
        return Condition(field, "null", (), negated)
    raise reader.error("one of = != < <= > >= ~, in (...) or is null")


def _compared(field: str, comparison: str, value: Written, index: IndexType | None) -> Condition:
    match comparison:
        case "=" | "==" | "!=" | "<>":
            return _equal(field, [value], index, negated=comparison in ("!=", "<>"))
        case "~" | "!~":
            return Condition(field, "~", (value.text,), comparison == "!~")
    return Condition(field, cast("Operator", comparison), (ordered(field, value, index),))


def _equal(field: str, entries: list[Written], index: IndexType | None, *, negated: bool) -> Condition:
    values = [value for entry in entries for value in equal_to(field, entry, index)]
    once = {(type(value), value): value for value in values}  # 1, 1.0 and true are equal, and not the same
    return Condition(field, "in", tuple(once.values()), negated)


def _list(reader: _Reader) -> list[Written]:
    if reader.take(_OPEN) is None:
        raise reader.error("values in parentheses")
    values = [_entry(reader)]
    while reader.take(_COMMA) is not None:
        values.append(_entry(reader))
    if reader.take(_CLOSE) is None:
        raise reader.error("a comma and another value, or the closing parenthesis")
    return values


def _value(reader: _Reader) -> Written:
    """A value; of words without quotes it ends before `and`."""
    value = _one(reader, until=_AND)
    _check_joined(reader)
    return value


def _check_joined(reader: _Reader) -> None:
    if not reader.at_end and not reader.sees(_AND):
        raise reader.error("`and` with another condition, or a value in quotes (or: color in (red, blue))")


def _entry(reader: _Reader) -> Written:
    """A value of a list."""
    return _one(reader, until=_CLOSE)


def _one(reader: _Reader, *, until: re.Pattern[str]) -> Written:
    quoted = reader.take(_QUOTED)
    if quoted is not None:
        sign = quoted[0]
        return Written(quoted[1:-1].replace(sign * 2, sign), quoted=True)
    words = []
    while not reader.sees(until) and (word := reader.take(_WORD)) is not None:
        words.append(word)
    if not words:
        raise reader.error("a value")
    return Written(" ".join(words))


def _written(condition: Condition) -> str:
    field, values = condition.field, [_literal(value) for value in condition.values]
    match condition.operator:
        case "null":
            return f"{field} is {'not ' if condition.negated else ''}null"
        case "in" if len(values) != 1:
            return f"{field} {'not ' if condition.negated else ''}in ({', '.join(values)})"
        case "in":
            return f"{field}{'!=' if condition.negated else '='}{values[0]}"
    return f"{field}{'!' if condition.negated else ''}{condition.operator}{values[0]}"


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else "'" + value.replace("'", "''") + "'"
    return value.isoformat()


@dataclass(slots=True)
class _Reader:
    """A text and how far it is read; blanks between its parts mean nothing."""

    text: str
    at: int = 0

    def __post_init__(self) -> None:
        self._skip()

    @property
    def at_end(self) -> bool:
        return self.at == len(self.text)

    def sees(self, pattern: re.Pattern[str]) -> bool:
        return pattern.match(self.text, self.at) is not None

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """Consume the next token if it is this one."""
        match = pattern.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        self._skip()
        return match[0]

    def error(self, expected: str) -> ConfigError:
        """The error for the present place in the text."""
        place = f"at {self.text[self.at :]!r}" if not self.at_end else "at its end"
        words = f"the filter {self.text!r} can't be read {place}: expected {expected}"
        return ConfigError(f"{words}. Understood: {UNDERSTOOD}")

    def _skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
