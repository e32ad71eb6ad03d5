"""Just enough reading of the user's SQL: where it ends, and which table its outermost FROM begins with.

A tokenizer and no parser: it knows strings, quoted names, comments and parentheses of the tested dialects, so
that what is inside them is never taken for SQL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from embedconsole.faults import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAME_TABLE = "Name the table in catalog.writeback.table"

_WHOLE = frozenset(
    ("DISTINCT", "EXCEPT", "GROUP", "HAVING", "INTERSECT", "LIMIT", "OVER", "RECURSIVE", "UNION", "WITH")
)

_COMMON = (
    ("block", r"/\*"),
    ("quoted", r'"(?:[^"]|"")*"|`(?:[^`]|``)*`'),
    ("word", r"[^\W\d][\w$]*"),
    ("space", r"\s+"),
    ("symbol", r"."),
)
_PLAIN_STRING = r"'(?:[^']|'')*'"
_ESCAPED_STRING = r"'(?:[^'\\]|''|\\.)*'"
_DIALECTS = {
    "mysql": (
        ("comment", r"--(?=\s|$)[^\n]*|#[^\n]*"),
        ("string", rf'{_ESCAPED_STRING}|"(?:[^"\\]|""|\\.)*"'),
    ),
    "postgresql": (
        ("comment", r"--[^\n]*"),
        ("string", rf"[eE]{_ESCAPED_STRING}|{_PLAIN_STRING}|(?P<dollar>\$(?:[^\W\d]\w*)?\$).*?(?P=dollar)"),
    ),
    "sqlite": (("comment", r"--[^\n]*"), ("string", _PLAIN_STRING), ("bracketed", r"\[[^\]]*\]")),
}
_DIALECTS["mariadb"] = _DIALECTS["mysql"]
_DIALECTS["mssql"] = _DIALECTS["sqlite"]
_OTHER = (("comment", r"--[^\n]*"), ("string", _PLAIN_STRING))


def _pattern(dialect: str) -> re.Pattern[str]:
    parts = (*_DIALECTS.get(dialect, _OTHER), *_COMMON)
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in parts), re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of SQL that means something: comments and white space are none."""

    kind: Literal["word", "quoted", "string", "symbol"]
    text: str
    end: int

    @property
    def keyword(self) -> str:
        """The word in upper case; empty for all but words."""
        return self.text.upper() if self.kind == "word" else ""


def tokens(sql: str, dialect: str) -> Iterator[Token]:
    """The tokens of a statement; `dialect` is SQLAlchemy's name."""
    pattern = _pattern(dialect)
    position = 0
    while match := pattern.match(sql, position):
        kind, text = str(match.lastgroup), match.group()
        if match["string"] is not None:
            kind = "string"  # lastgroup may be the group inside
        position = match.end()
        if kind == "block":
            position = _end_of_block(sql, position, nested=dialect == "postgresql")
        elif kind == "bracketed":
            yield Token("quoted", text, position)
        elif kind in ("word", "quoted", "string", "symbol"):
            yield Token(kind, text, position)  # type: ignore[arg-type]


def _end_of_block(sql: str, position: int, *, nested: bool) -> int:
    depth = 1
    for match in re.compile(r"/\*|\*/").finditer(sql, position):
        if match.group() == "*/":
            depth -= 1
        elif nested:
            depth += 1
        if depth == 0:
            return match.end()
    return len(sql)


def statement_body(sql: str, dialect: str) -> str:
    """The one statement without its `;` and what follows, fit for use in parentheses.

    Raises:
        Misconfigured: No statement, or more than one.
    """
    end = 0
    closed = False
    for token in tokens(sql, dialect):
        if token.text == ";":
            closed = True
        elif closed and end:
            raise Misconfigured(
                "catalog", "catalog.query holds more than one statement", remedy="Keep one SELECT"
            )
        else:
            end = token.end
    if not end:
        raise Misconfigured("catalog", "catalog.query is empty", remedy="Write a SELECT there")
    return sql[:end]


def is_evaluated_whole(sql: str, dialect: str) -> bool:
    """Whether a database may have to evaluate the statement as a whole to give any part of its rows."""
    return any(token.keyword in _WHOLE for token in tokens(sql, dialect))


def first_table(sql: str, dialect: str) -> tuple[str, ...]:
    """The name that the outermost FROM begins with, in its parts: `("shop", "products")`.

    Unquoted names are folded as the database folds them.

    Raises:
        Misconfigured: There is none that one could write to: a subquery, a function, a UNION, a WITH name.
    """
    outer = list(_outermost(tokens(sql, dialect)))
    start = next((index + 1 for index, token in enumerate(outer) if _is_from(outer, index, token)), None)
    if start is None:
        raise Misconfigured(
            "catalog", "catalog.query has no FROM to find the write-back table in", remedy=_NAME_TABLE
        )
    if any(token.keyword in ("UNION", "INTERSECT", "EXCEPT") for token in outer):
        raise Misconfigured(
            "catalog",
            "catalog.query combines several SELECTs, so the write-back table is not clear",
            remedy=_NAME_TABLE,
        )
    if start < len(outer) and outer[start].keyword == "ONLY":
        start += 1
    parts, end = _name(outer, start, dialect)
    if not parts or (end < len(outer) and outer[end].text == "("):
        raise Misconfigured(
            "catalog", "the outermost FROM of catalog.query begins with no table", remedy=_NAME_TABLE
        )
    if len(parts) == 1 and parts[0].lower() in _with_names(outer):
        raise Misconfigured(
            "catalog",
            f"the outermost FROM of catalog.query begins with the WITH name {parts[0]}",
            remedy=_NAME_TABLE,
        )
    return parts


def name_parts(name: str, dialect: str) -> tuple[str, ...]:
    """A table's name as written in the configuration, in its parts; empty when it is no name."""
    found = list(tokens(name, dialect))
    parts, end = _name(found, 0, dialect)
    return parts if end == len(found) else ()


def _is_from(outer: Sequence[Token], index: int, token: Token) -> bool:
    # `a IS DISTINCT FROM b` is a comparison.
    return token.keyword == "FROM" and not (index and outer[index - 1].keyword == "DISTINCT")


def _outermost(found: Iterator[Token]) -> Iterator[Token]:
    """The tokens outside all parentheses, and the opening ones themselves."""
    depth = 0
    for token in found:
        if token.text == ")" and token.kind == "symbol":
            depth = max(0, depth - 1)
            continue
        if depth == 0:
            yield token
        if token.text == "(" and token.kind == "symbol":
            depth += 1


def _with_names(outer: Sequence[Token]) -> set[str]:
    """The names that WITH gives: those before `AS (`, in lower case."""
    names = set()
    for index, token in enumerate(outer):
        if token.keyword != "AS":
            continue
        following = [other.keyword or other.text for other in outer[index + 1 : index + 4]]
        body = [text for text in following if text not in ("NOT", "MATERIALIZED")]
        # `name (column, column) AS (...)`: the columns are inside parentheses, their bracket is not.
        before = next((other for other in reversed(outer[:index]) if other.text != "("), None)
        if body[:1] == ["("] and before is not None:
            names.add(_unquoted(before.text).lower())
    return names


def _name(found: Sequence[Token], start: int, dialect: str) -> tuple[tuple[str, ...], int]:
    """The dotted name at `start` and where it ends."""
    parts: list[str] = []
    position = start
    while position < len(found) and found[position].kind in ("word", "quoted", "string"):
        token = found[position]
        if token.kind == "string" and not token.text.startswith('"'):
            break
        parts.append(_folded(token, dialect))
        position += 1
        if position >= len(found) or found[position].text != ".":
            return tuple(parts), position
        position += 1
    return (), position


def _folded(token: Token, dialect: str) -> str:
    if token.kind == "word":
        return token.text.lower() if dialect == "postgresql" else token.text
    return _unquoted(token.text)


def _unquoted(text: str) -> str:
    opening = text[:1]
    if opening == "[":
        return text[1:-1]
    if opening in ('"', "`"):
        return text[1:-1].replace(opening * 2, opening)
    return text
