"""From what a trigger wrote to the keys of items: as the catalog writes them, or by the user's query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from embedconsole.catalog.keys import key_kinds, key_texts, native_keys
from embedconsole.catalog.query_source import value
from embedconsole.catalog.sqltext import statement_body
from embedconsole.config.sections.watch import KEY_PARAMETER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from embedconsole.catalog.feed.base import FeedEntry
    from embedconsole.catalog.feed.triggers import Watched

    Read = Callable[[sa.Executable, dict[str, object]], Sequence[Sequence[object]]]

KEYS_IN_ONE_PAGE = 1000


def item_keys(
    entries: Sequence[FeedEntry], watched: Sequence[Watched], read: Read, dialect: str
) -> Iterator[list[str]]:
    """The keys of the items behind some entries, each once, in pages of `KEYS_IN_ONE_PAGE`.

    Entries of a table that is no longer watched give no key.

    Args:
        read: Runs a query of the user's.
        dialect: SQLAlchemy's name of the database.
    """
    by_source = {one.source: one for one in watched}
    noted = dict.fromkeys(
        (entry.source, entry.key) for entry in entries if entry.key is not None and entry.source in by_source
    )
    found = (key for source, text in noted for key in _keys_of(by_source[source], text, read, dialect))
    return _pages(found)


def _keys_of(watched: Watched, text: str, read: Read, dialect: str) -> Iterable[str]:
    natives = native_keys([text], frozenset({watched.kind}), dialect=dialect)
    if watched.keys is None:
        return key_texts(natives, frozenset({watched.kind})) if natives else (text,)
    if not natives:
        return ()
    rows = read(_query(watched.keys, dialect), {"key": natives[0]})
    keys = [row[0] for row in rows if row[0] is not None]
    return key_texts(keys, key_kinds(keys)) if keys else ()


def _query(keys: str, dialect: str) -> sa.TextClause:
    # All colons but that of the parameter mean what they mean to the database.
    body = statement_body(keys, dialect)
    parts = KEY_PARAMETER.split(body)
    text = ":key".join(part.replace(":", "\\:") for part in parts)
    return sa.text(text).bindparams(value("key"))


def _pages(keys: Iterable[str]) -> Iterator[list[str]]:
    page: dict[str, None] = {}
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            continue
        seen.add(key)
        page[key] = None
        if len(page) == KEYS_IN_ONE_PAGE:
            yield list(page)
            page = {}
    if page:
        yield list(page)
