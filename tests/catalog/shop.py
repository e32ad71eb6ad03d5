"""A small shop in any of the databases, and ways to look at what a catalog returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.catalog.base import Settled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from embedconsole.catalog.sql_catalog import SqlCatalog
    from embedconsole.items import CatalogRow, JsonValue
    from support.databases import Database

BOOLEAN = {"sqlite": "BOOLEAN", "postgresql": "boolean", "mysql": "TINYINT(1)"}
TIME = {"sqlite": "TEXT", "postgresql": "timestamp", "mysql": "DATETIME(6)"}
NO = {"sqlite": "0", "postgresql": "false", "mysql": "0"}
YES = {"sqlite": "1", "postgresql": "true", "mysql": "1"}


def make_products(database: Database, *times: str | None, flagged: tuple[int, ...] = ()) -> None:
    """A table `products`: ids from 1, a row for each time, synced at 2024-01-01, flagged where told."""
    kind = database.dialect
    database.run(
        "CREATE TABLE products (id integer PRIMARY KEY, title varchar(100),"
        f" updated_at {TIME[kind]} NULL, synced {TIME[kind]} NULL, dirty {BOOLEAN[kind]}, vector text)",
        *(
            f"INSERT INTO products VALUES ({number}, 'Product {number}', {_literal(time)},"
            f" '2024-01-01 00:00:00', {(YES if number in flagged else NO)[kind]}, NULL)"
            for number, time in enumerate(times, 1)
        ),
    )


def _literal(text: str | None) -> str:
    return "NULL" if text is None else f"'{text}'"


def all_rows(
    catalog: SqlCatalog, *, since: str | None = None, changed_only: bool = False
) -> list[CatalogRow]:
    """Every row of a scan."""
    return [row for page in catalog.scan(since=since, changed_only=changed_only) for row in page.rows]


def scanned_keys(catalog: SqlCatalog, *, since: str | None = None, changed_only: bool = True) -> list[str]:
    """The keys of a scan."""
    return [row.key for row in all_rows(catalog, since=since, changed_only=changed_only)]


def last_watermark(catalog: SqlCatalog, *, since: str | None = None) -> str | None:
    """What a full scan leaves as its watermark."""
    watermark = since
    for page in catalog.scan(since=since):
        watermark = page.watermark
    return watermark


def lists(pages: Iterable[Sequence[str]]) -> list[list[str]]:
    """Pages of keys as lists."""
    return [list(page) for page in pages]


def settle(catalog: SqlCatalog, *keys: str, vector: JsonValue = None) -> None:
    """Note rows as synced, as they are now."""
    catalog.write_back([Settled(row, vector) for row in catalog.read(keys).values()])


def make_things(database: Database, column: str) -> None:
    """A table with one row, whose other column is NULL."""
    database.run(f"CREATE TABLE things (id integer PRIMARY KEY, {column})")
    database.run("INSERT INTO things (id) VALUES (1)")


def is_dirty(database: Database, number: int) -> bool:
    """Whether a product is flagged."""
    return bool(database.scalar("SELECT dirty FROM products WHERE id = :id", id=number))
