"""Keyset pages in the database's own order, without losing or repeating keys that it takes as equal.

`WHERE key > last` would skip `ABC` after `abc` under a collation that ignores case, and would hide a key
that a multiplying JOIN returns twice when a page ends between the two. So a page begins at `key >= last`, and
what was handed out before is left out by its exact text. Keys are only compared for equality here.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from embedconsole.catalog.keys import KeyKind, key_kinds, key_texts
from embedconsole.faults import Refused

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    Rows: TypeAlias = "Sequence[Sequence[object]]"

_AT_LEAST = 2
"""The last row of the page before, and one more."""
_MIN_FETCH = 32
"""A page may be one row, and yet has to get past keys that the database takes as equal."""


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """Rows in key order; `ended` where the database has none after them."""

    rows: Rows
    ended: bool


class Fetch(Protocol):
    """Rows in key order: from the first, or from `after` on, with it and its equals.

    Up to `limit` of them; fewer where they are heavy, but not fewer than `at_least` unless there are no more.
    """

    def __call__(self, after: object | None, limit: int, at_least: int) -> FetchedPage: ...


class Seen(Protocol):
    """Called with the kinds of keys of a page."""

    def __call__(self, kinds: frozenset[KeyKind]) -> None: ...


def keyset_pages(
    fetch: Fetch, page_size: int, *, key: int = 0, seen_kinds: Seen | None = None
) -> Iterator[tuple[Rows, list[str]]]:
    """Pages of at most `page_size` rows, fewer where they are heavy, with the text of their keys.

    Args:
        fetch: Reads the rows of one page.
        page_size: Rows in a page.
        key: Where in a row its key is.
        seen_kinds: Called with the kinds of keys of each page.

    Raises:
        Refused: A key twice, or more equal keys than fit in a page.
    """
    limit = max(page_size + 1, _MIN_FETCH)
    after: object | None = None
    delivered: frozenset[str] = frozenset()
    at_least = _AT_LEAST
    while True:
        fetched = fetch(after, limit, at_least)
        rows = fetched.rows
        keys = [row[key] for row in rows]
        kinds = key_kinds(keys)
        if seen_kinds is not None and keys:
            seen_kinds(kinds)
        texts = key_texts(keys, kinds)
        refuse_duplicates(texts)
        fresh = [index for index, text in enumerate(texts) if text not in delivered]
        page = fresh[:page_size]
        if page:
            after = keys[page[-1]]
            page_texts = [texts[index] for index in page]
            again = delivered.intersection(texts)
            delivered = again.union(page_texts)
            at_least = _AT_LEAST
            yield [rows[index] for index in page], page_texts
        elif len(rows) >= limit:
            raise Refused(
                "catalog",
                f"the database takes more than {limit} keys as equal to {texts[0]!r}",
                remedy="Give the key a collation that distinguishes them",
            )
        else:
            at_least = limit  # all of these were handed out before: past them, whatever they weigh
        if fetched.ended and len(page) == len(fresh):
            return


def streamed_pages(
    parts: Generator[Rows], *, key: int = 0, seen_kinds: Seen | None = None
) -> Iterator[tuple[Rows, list[str]]]:
    """The same for rows that arrive in key order from one statement, in parts of a page each.

    Raises:
        Refused: A key twice.
    """
    before: frozenset[str] = frozenset()
    with closing(parts):
        for rows in parts:
            keys = [row[key] for row in rows]
            kinds = key_kinds(keys)
            if seen_kinds is not None:
                seen_kinds(kinds)
            texts = key_texts(keys, kinds)
            # The same key comes at once, but a page may end between the two.
            refuse_duplicates([*texts, *before.intersection(texts)])
            before = frozenset(texts)
            yield rows, texts


def refuse_duplicates(texts: Sequence[str]) -> None:
    """Refuse a page with one key twice.

    Raises:
        Refused: Naming the key.
    """
    if len(set(texts)) == len(texts):
        return
    known: set[str] = set()
    for text in texts:
        if text in known:
            raise Refused(
                "catalog",
                f"the query returns the key {text!r} more than once",
                remedy="Group by the key or use DISTINCT: a JOIN multiplies its rows",
            )
        known.add(text)
