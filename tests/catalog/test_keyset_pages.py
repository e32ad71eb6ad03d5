"""Keyset pages against a table in memory that takes keys as equal without regard to case."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.catalog.keyset_pages import Fetch, FetchedPage, keyset_pages
from embedconsole.faults import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence


def table(keys: Sequence[str], fitting: int = 1 << 20) -> Fetch:
    ordered = sorted(keys, key=str.lower)

    def fetch(after: object | None, limit: int, at_least: int) -> FetchedPage:
        rows = [(key,) for key in ordered if after is None or key.lower() >= str(after).lower()]
        count = max(at_least, min(limit, fitting))
        return FetchedPage(rows[:count], ended=len(rows) <= count)

    return fetch


@given(st.sets(st.text("abAB", max_size=3), max_size=60), st.integers(1, 70))
def test_every_key_once_in_the_databases_order(keys: set[str], page_size: int) -> None:
    pages = [texts for _, texts in keyset_pages(table(sorted(keys)), page_size)]
    assert all(len(texts) == page_size for texts in pages[:-1])
    assert [key for texts in pages for key in texts] == sorted(sorted(keys), key=str.lower)


@given(st.sets(st.text("abAB", max_size=3), max_size=60), st.integers(1, 70), st.integers(1, 5))
def test_heavy_rows_make_smaller_pages_and_lose_no_key(keys: set[str], page_size: int, fitting: int) -> None:
    pages = [texts for _, texts in keyset_pages(table(sorted(keys), fitting), page_size)]
    assert [key for texts in pages for key in texts] == sorted(sorted(keys), key=str.lower)


@pytest.mark.parametrize("page_size", [1, 2, 3, 40, 50, 51, 100])
def test_a_key_returned_twice_is_refused_wherever_the_page_ends(page_size: int) -> None:
    keys = [f"{number:03}" for number in range(100)] + ["049"]
    with pytest.raises(Refused, match=r"'049' more than once.*DISTINCT"):
        list(keyset_pages(table(keys), page_size))


def test_more_equal_keys_than_a_page_are_refused_and_not_skipped() -> None:
    twins = ["".join(letters) for letters in itertools.product("xX", repeat=6)]
    with pytest.raises(Refused, match="takes more than 32 keys as equal"):
        list(keyset_pages(table(twins), 10))


def test_rows_that_vanish_between_pages_stop_nothing() -> None:
    keys = [f"{number:03}" for number in range(100)]
    seen: list[str] = []
    fetch = table(keys)

    def shrinking(after: object | None, limit: int, at_least: int) -> FetchedPage:
        fetched = fetch(after, limit, at_least)
        return FetchedPage([row for row in fetched.rows if row[0] != after], fetched.ended)

    for _, texts in keyset_pages(shrinking, 10):
        seen += texts
    assert seen == keys
