"""What the columns of a table or query are probably for. Pure; a guess is only the default of a question."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from embedconsole.catalog.discovery import ColumnKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from embedconsole.catalog.discovery import Column, Look
    from embedconsole.items import IndexType

_PROSE = 120
"""Characters from which on a text is no name that anybody filters by."""

_TITLES = re.compile(r"(product_?|item_?|post_?)?(title|name|label)", re.IGNORECASE)
_DESCRIPTIONS = re.compile(
    r"(\w+_)?(description|summary|content|body|text|excerpt|details?|features)", re.IGNORECASE
)
_IMAGES = re.compile(
    r"(\w+_)?(image|img|photo|picture|thumbnail|thumb)(_?(url|uri|path|src|link|file))?", re.IGNORECASE
)
_CHANGED = re.compile(
    r"(\w+_)?(updated?|modified|changed|last[_ ]?(update|change|modification))"
    r"([_ ]?(at|on|date|time|gmt|utc))?|mtime|row_?version",
    re.IGNORECASE,
)
_GONE_AT = re.compile(r"(deleted|removed|archived|discarded)_?(at|on|date)", re.IGNORECASE)
_GONE = re.compile(r"(is_)?(deleted|removed|archived)", re.IGNORECASE)
_OURS = re.compile(r"embedding|embedding_synced_at|needs_embedding|last_embedded_at", re.IGNORECASE)
_SECRETS = re.compile(r"passw|secret|token|api_?key|hash$|salt$", re.IGNORECASE)
_KEYWORDS = re.compile(
    r"(\w+_)?(category|brand|vendor|manufacturer|sku|slug|status|state|type|kind|colou?r|size|gender|material"
    r"|locale|language|currency|country|season|collection|tags?|ean|gtin|code)(_name)?",
    re.IGNORECASE,
)
_TABLES = re.compile(r"products?|items?|articles?|catalog|goods", re.IGNORECASE)


def is_secret(column: str) -> bool:
    """Whether a column of this name probably holds a secret."""
    return _SECRETS.search(column) is not None


def fits_template(column: str) -> bool:
    """Whether a column of this name can stand in a template: `{name}`."""
    return not set(column) & set("{}:!")


def guess_table(tables: Sequence[str]) -> str | None:
    """The table that probably holds the items."""
    named = [name for name in tables if _TABLES.fullmatch(name)]
    close = [name for name in tables if _TABLES.search(name)]
    return next(iter([*named, *close, *tables]), None)


def guess_key(look: Look) -> str:
    """The column that probably names an item."""
    unique = [column.name for column in look.columns if column.unique]
    named = [name for name in look.names if name.lower() in ("id", "uuid", "sku")]
    ids = [name for name in look.names if name.lower().endswith("id")]
    both = [name for name in named if name in unique]
    return next(iter([*both, *unique, *named, *ids, *look.names]))


def guess_changed(look: Look) -> str | None:
    """The column that probably grows with every change."""
    return _first(look.columns, lambda column: _CHANGED.fullmatch(column.name) is not None)


def guess_gone(look: Look, quoted: Callable[[str], str]) -> str | None:
    """The condition that probably leaves out what is only marked as deleted."""
    for column in look.columns:
        if _GONE_AT.fullmatch(column.name):
            return f"{quoted(column.name)} IS NULL"
        if _GONE.fullmatch(column.name):
            name = quoted(column.name)
            if column.kind is ColumnKind.BOOL:
                return f"({name} IS NULL OR NOT {name})"
            if column.kind is ColumnKind.INTEGER:
                return f"({name} IS NULL OR {name} = 0)"
    return None


def guess_text(look: Look) -> list[str]:
    """The columns of the text: what probably is its title, then what probably describes it."""
    texts = [column for column in look.columns if column.kind in (ColumnKind.TEXT, ColumnKind.OTHER)]
    texts = [column for column in texts if not is_secret(column.name) and fits_template(column.name)]
    title = _first(texts, lambda column: _TITLES.fullmatch(column.name) is not None)
    description = _first(texts, lambda column: _DESCRIPTIONS.fullmatch(column.name) is not None)
    chosen = [name for name in (title, description) if name is not None]
    if not chosen:
        chosen = [column.name for column in texts if not _IMAGES.fullmatch(column.name)][:1]
    return chosen


def guess_image(look: Look) -> str | None:
    """The column with the picture."""
    return _first(
        look.columns,
        lambda column: column.kind is ColumnKind.TEXT and _IMAGES.fullmatch(column.name) is not None,
    )


def guess_json(look: Look) -> tuple[str, ...]:
    """Text columns whose values are JSON lists and objects."""
    found = []
    for at, column in enumerate(look.columns):
        values = [str(row[at]).strip() for row in look.rows if row[at]]
        if column.kind is ColumnKind.TEXT and values and all(map(_is_json, values)):
            found.append(column.name)
    return tuple(found)


def guess_payload(look: Look) -> list[str]:
    """The columns that probably belong into the payload: nothing binary, secret, or of the sync itself."""
    return [
        column.name
        for column in look.columns
        if column.kind is not ColumnKind.BINARY
        and not any(pattern.fullmatch(column.name) for pattern in (_GONE_AT, _GONE, _OURS))
        and not is_secret(column.name)
    ]


def guess_indexes(look: Look, payload: Iterable[str]) -> dict[str, IndexType]:
    """The fields that people probably filter by, with the type of their index."""
    wanted = set(payload)
    found: dict[str, IndexType] = {}
    for at, column in enumerate(look.columns):
        kind = _index_type(column, [row[at] for row in look.rows])
        if column.name in wanted and kind is not None:
            found[column.name] = kind
    return found


def _index_type(column: Column, values: Sequence[object]) -> IndexType | None:
    if column.kind in _INDEX_TYPES:
        # A key is looked up by its point, and a row's own number is not what people filter by.
        return None if column.unique and column.kind is ColumnKind.INTEGER else _INDEX_TYPES[column.kind]
    if column.kind is not ColumnKind.TEXT:
        return None
    if _TITLES.fullmatch(column.name):
        return "text"
    short = all(len(str(value)) < _PROSE for value in values if value is not None)
    return "keyword" if short and _KEYWORDS.fullmatch(column.name) else None


_INDEX_TYPES: dict[ColumnKind, IndexType] = {
    ColumnKind.BOOL: "bool",
    ColumnKind.INTEGER: "integer",
    ColumnKind.NUMBER: "float",
    ColumnKind.UUID: "uuid",
}


def _is_json(text: str) -> bool:
    return (text[0], text[-1]) in (("[", "]"), ("{", "}"))


def _first(columns: Iterable[Column], wanted: Callable[[Column], bool]) -> str | None:
    return next((column.name for column in columns if wanted(column)), None)
