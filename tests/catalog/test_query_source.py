"""Queries that a database evaluates as a whole are evaluated once a scan, and not once a page."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, event

from embedconsole.catalog.sqltext import is_evaluated_whole
from embedconsole.faults import Refused

from .shop import all_rows, lists, make_products, scanned_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.databases import Database

    from .conftest import OpenCatalog

_COUNT = 20
_GROUPED = "SELECT p.id, p.title, MAX(p.updated_at) AS updated_at FROM products p GROUP BY p.id, p.title"
_TIME = "2024-05-01 10:00:00"


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements on `products` and its view that any connection executes."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if "products" in statement or " v " in statement or '"v"' in statement or "`v`" in statement:
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def with_log(database: Database) -> None:
    if database.dialect == "sqlite":
        database.run("PRAGMA journal_mode = WAL")


@pytest.mark.parametrize(
    ("source", "whole"),
    [({"query": _GROUPED}, True), ({"table": "v"}, True), ({"query": "SELECT * FROM products"}, False)],
)
def test_one_statement_a_scan(
    database: Database, catalog: OpenCatalog, source: dict[str, str], whole: bool
) -> None:
    with_log(database)
    make_products(database, *[_TIME] * _COUNT)
    database.run(f"CREATE VIEW v AS {_GROUPED}")
    shop = catalog(database, page_size=4, changed="updated_at", **source)
    assert len(shop.columns) >= 3

    with statements() as seen:
        keys = scanned_keys(shop, changed_only=False)

    assert keys == [str(number) for number in range(1, _COUNT + 1)]
    assert (len(seen) == 1) is whole
    assert [len(page) for page in lists(shop.keys())] == [4] * 5
    assert scanned_keys(shop, since="datetime:2024-05-01T10:00:00") == keys


def test_an_edit_during_the_scan_waits_for_nobody(database: Database, catalog: OpenCatalog) -> None:
    with_log(database)
    make_products(database, *[_TIME] * _COUNT)
    pages = catalog(database, query=_GROUPED, page_size=4).scan()
    next(pages)
    database.run("UPDATE products SET title = 'new' WHERE id = 20")
    assert sum(len(page.rows) for page in pages) == _COUNT - 4


def test_without_a_log_sqlite_is_read_by_pages(sqlite: Database, catalog: OpenCatalog) -> None:
    """A long read would hold up the shop's writers."""
    make_products(sqlite, *[_TIME] * _COUNT)
    shop = catalog(sqlite, query=_GROUPED, page_size=4)
    pages = shop.scan()
    next(pages)
    sqlite.run("UPDATE products SET title = 'new' WHERE id = 20")
    assert [row.values["title"] for page in pages for row in page.rows][-1] == "new"


def test_a_key_twice_is_refused_wherever_the_page_ends(database: Database, catalog: OpenCatalog) -> None:
    with_log(database)
    make_products(database, *[_TIME] * 5)
    twice = f"{_GROUPED} UNION ALL SELECT id, 'again', updated_at FROM products WHERE id = 2"
    for page_size in (1, 2, 10):
        with pytest.raises(Refused, match="'2' more than once"):
            all_rows(catalog(database, query=twice, page_size=page_size))


@pytest.mark.parametrize(
    ("sql", "whole"),
    [
        ("SELECT DISTINCT id FROM p", True),
        ("SELECT id, ROW_NUMBER() OVER (ORDER BY id) FROM p", True),
        ("SELECT id FROM p UNION ALL SELECT id FROM r", True),
        ("WITH x AS (SELECT 1 AS id) SELECT * FROM x", True),
        ("SELECT id FROM (SELECT id FROM p GROUP BY id) x", True),
        ("SELECT id, 'group by' AS \"limit\" FROM p -- union", False),
    ],
)
def test_what_is_evaluated_whole(sql: str, whole: bool) -> None:
    assert is_evaluated_whole(sql, "sqlite") is whole
