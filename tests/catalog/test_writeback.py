"""Write-back: the three configured columns, and nothing else."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from embedconsole.catalog import connect
from embedconsole.catalog.base import Settled
from embedconsole.catalog.sql_catalog import SqlCatalog
from embedconsole.config.sections.catalog import CatalogConfig
from embedconsole.faults import Refused, Transient

from .conftest import NOW
from .shop import all_rows, is_dirty, lists, make_products, scanned_keys, settle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedconsole.items import JsonValue
    from support.databases import Database

    from .conftest import OpenCatalog

_OLD, _NEW = "2024-05-01 10:00:00", "2024-05-01 11:00:00"
_ALL = {"synced_at": "synced", "flag": "dirty", "vector": "vector"}


def untouched(database: Database) -> list[tuple[object, ...]]:
    return database.rows("SELECT id, title, updated_at FROM products ORDER BY id")


@pytest.mark.parametrize("vector", [None, [0.25, -1.5], {"text": [1.0], "image": [2.0]}])
def test_the_three_columns(database: Database, catalog: OpenCatalog, vector: JsonValue) -> None:
    make_products(database, _OLD, _OLD, _OLD, flagged=(1, 2, 3))
    before = untouched(database)
    shop = catalog(database, table="products", changed="updated_at", writeback=_ALL)
    settle(shop, "1", "3", vector=vector)
    assert untouched(database) == before
    rows = database.rows("SELECT synced, dirty, vector FROM products ORDER BY id")
    now = NOW.replace(tzinfo=None)
    assert [str(row[0]) for row in rows] == [str(now), "2024-01-01 00:00:00", str(now)]
    assert [bool(row[1]) for row in rows] == [False, True, False]
    assert [json.loads(row[2]) if row[2] else None for row in rows] == [vector, None, vector]
    assert lists(shop.unsettled()) == [["2"]]


def test_some_with_a_vector_and_some_without(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _OLD, _OLD, flagged=(1, 2))
    shop = catalog(database, table="products", writeback=_ALL)
    first, second = shop.read(["1", "2"]).values()
    shop.write_back([Settled(first, [1.0]), Settled(second)])
    assert database.rows("SELECT vector FROM products ORDER BY id") == [("[1.0]",), (None,)]
    assert not is_dirty(database, 1)
    assert not is_dirty(database, 2)


def test_only_what_is_configured(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _OLD, flagged=(1,))
    settle(catalog(database, table="products", writeback={"flag": "dirty"}), "1", vector=[1.0])
    assert [str(row) for row in database.rows("SELECT synced, vector FROM products")[0]] != [
        str(NOW),
        "[1.0]",
    ]
    assert str(database.scalar("SELECT synced FROM products")) == "2024-01-01 00:00:00"
    assert database.scalar("SELECT vector FROM products") is None
    catalog(database, table="products").write_back([])


def test_the_vector_alone(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _OLD)
    shop = catalog(database, table="products", writeback={"vector": "vector"})
    settle(shop, "1", vector=[1.0])
    settle(shop, "1")
    assert database.scalar("SELECT vector FROM products") == "[1.0]"
    assert lists(shop.unsettled()) == []


def test_a_row_edited_since_it_was_read_keeps_its_flag(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _OLD, _OLD, None, flagged=(1, 2, 3))
    shop = catalog(database, table="products", changed="updated_at", writeback=_ALL)
    read = shop.read(["1", "2", "3"])
    database.run(f"UPDATE products SET updated_at = '{_NEW}' WHERE id IN (2, 3)")
    shop.write_back([Settled(row, [1.0]) for row in read.values()])
    assert [is_dirty(database, number) for number in (1, 2, 3)] == [False, True, True]
    assert database.rows("SELECT vector FROM products ORDER BY id") == [("[1.0]",), (None,), (None,)]


def test_a_deleted_row_is_no_fault(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _OLD, _OLD, flagged=(1, 2))
    shop = catalog(database, table="products", writeback=_ALL)
    read = shop.read(["1", "2"])
    database.run("DELETE FROM products WHERE id = 1")
    shop.write_back([Settled(row) for row in read.values()])
    assert not is_dirty(database, 2)


def test_a_newer_category_does_not_stop_the_note(database: Database, catalog: OpenCatalog) -> None:
    """The query's `changed` is the later of two tables'; the product itself was not edited."""
    make_products(database, _OLD, flagged=(1,))
    later = f"timestamp '{_NEW}'" if database.dialect == "postgresql" else f"'{_NEW}'"
    if database.dialect == "mysql":
        later = f"CAST('{_NEW}' AS DATETIME(6))"
    query = f"SELECT id, {later} AS updated_at FROM products"
    settle(catalog(database, query=query, changed="updated_at", writeback=_ALL), "1")
    assert not is_dirty(database, 1)


@pytest.mark.parametrize("of_table", ["NULL", "updated_at + INTERVAL 9 DAY"])
def test_a_computed_changed_is_compared_with_what_was_read(
    mysql: Database, catalog: OpenCatalog, of_table: str
) -> None:
    """The table's own column of that name may be NULL, newer, or of another type than the query's."""
    make_products(mysql, _OLD, _OLD, flagged=(1, 2))
    query = "SELECT id, title, CONCAT('2024-05-01 ', CHAR_LENGTH(title), ':00') AS updated_at FROM products"
    shop = catalog(mysql, query=query, changed="updated_at", writeback=_ALL)
    mysql.run(f"UPDATE products SET updated_at = {of_table}")
    read = shop.read(["1", "2"])
    mysql.run("UPDATE products SET title = 'Another product' WHERE id = 2")
    skipped = shop.write_back([Settled(row) for row in read.values()])
    assert skipped == 1
    assert [is_dirty(mysql, number) for number in (1, 2)] == [False, True]


def test_rows_whose_changed_is_null_are_compared_as_a_whole(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, None, None, flagged=(1, 2))
    shop = catalog(database, table="products", changed="updated_at", writeback=_ALL)
    read = shop.read(["1", "2"])
    database.run(
        "UPDATE products SET title = 'Another' WHERE id = 2", "UPDATE products SET synced = NULL WHERE id = 1"
    )
    assert shop.write_back([Settled(row) for row in read.values()]) == 1
    assert [is_dirty(database, number) for number in (1, 2)] == [False, True]


def test_a_zero_date_mended_meanwhile_is_an_edit(mysql: Database, catalog: OpenCatalog) -> None:
    make_products(mysql, _OLD, flagged=(1,))
    mysql.run("SET sql_mode = ''", "UPDATE products SET updated_at = '0000-00-00 00:00:00'")
    shop = catalog(mysql, table="products", changed="updated_at", writeback=_ALL)
    read = shop.read(["1"])
    mysql.run(f"UPDATE products SET updated_at = '{_NEW}'")
    assert shop.write_back([Settled(row) for row in read.values()]) == 1


def test_on_update_current_timestamp_is_held_still(mysql: Database, catalog: OpenCatalog) -> None:
    stamp = "TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
    mysql.run(
        f"CREATE TABLE products (id integer PRIMARY KEY, updated_at {stamp}, `other one` {stamp},"
        " dirty TINYINT(1), vector text)",
        f"INSERT INTO products VALUES (1, '{_OLD}', '{_OLD}', 1, NULL), (2, '{_OLD}', '{_OLD}', 1, NULL)",
    )
    writeback = {"flag": "dirty", "vector": "vector"}
    shop = catalog(mysql, table="products", changed="updated_at", writeback=writeback)
    settle(shop, "1", vector=[1.0])
    settle(shop, "2")
    assert [row[0] for row in mysql.rows("SELECT dirty FROM products")] == [0, 0]
    old = datetime.fromisoformat(_OLD)
    assert mysql.rows("SELECT updated_at, `other one` FROM products") == [(old, old), (old, old)]


def test_a_twin_of_the_key_is_not_touched(database: Database, catalog: OpenCatalog) -> None:
    kind = {
        "sqlite": "text COLLATE NOCASE",
        "postgresql": "text",
        "mysql": "varchar(9) COLLATE utf8mb4_general_ci",
    }
    database.run(
        f"CREATE TABLE things (number integer PRIMARY KEY, id {kind[database.dialect]}, flag integer)",
        "INSERT INTO things VALUES (1, 'abc', 1), (2, 'ABC', 1)",
    )
    settle(catalog(database, table="things", writeback={"flag": "flag"}), "ABC")
    assert database.rows("SELECT flag FROM things ORDER BY number") == [(1,), (0,)]


def test_a_thousand_rows_are_one_transaction(database: Database, catalog: OpenCatalog) -> None:
    database.run("CREATE TABLE things (id integer PRIMARY KEY, flag integer, v varchar(5))")
    database.insert("things", [{"id": n, "flag": 1} for n in range(1, 1202)])
    shop = catalog(database, table="things", writeback={"flag": "flag", "vector": "v"})
    rows = list(shop.read([str(n) for n in range(1, 1202)]).values())
    too_long: list[JsonValue] = [1.5, 2.5]
    if database.dialect != "sqlite":
        with pytest.raises(Refused, match=r"(?i)too long"):
            shop.write_back([*(Settled(row) for row in rows[:-1]), Settled(rows[-1], too_long)])
        assert database.scalar("SELECT count(*) FROM things WHERE flag = 0") == 0
    shop.write_back([Settled(row) for row in rows])
    assert database.scalar("SELECT count(*) FROM things WHERE flag = 0") == 1201


def test_a_read_only_database_still_scans(sqlite: Database, tmp_path: Path) -> None:
    make_products(sqlite, _OLD, flagged=(1,))
    config = CatalogConfig.model_validate(
        {
            "url": f"sqlite:///file:{tmp_path / 'test.db'}?mode=ro&uri=true",
            "table": "products",
            "writeback": {"flag": "dirty"},
        }
    )
    shop = SqlCatalog(config)
    assert scanned_keys(shop) == ["1"]
    with pytest.raises(Refused, match=r"readonly database.*catalog\.writeback"):
        settle(shop, "1")
    shop.close()
    assert is_dirty(sqlite, 1)


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_a_user_who_may_only_read(dialect: str, request: pytest.FixtureRequest, catalog: OpenCatalog) -> None:
    database: Database = request.getfixturevalue(dialect)
    make_products(database, _OLD, flagged=(1,))
    with reader_of(database) as reader:
        shop = catalog(reader, table="products", writeback={"flag": "dirty"})
        assert scanned_keys(shop) == ["1"]
        with pytest.raises(Refused, match=r"(?i)denied.*UPDATE on the write-back columns"):
            settle(shop, "1")
        shop.close()
    assert is_dirty(database, 1)


def test_a_locked_row_is_worth_another_try(
    database: Database, catalog: OpenCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "_LOCK_SECONDS", 1)  # the shortest that MySQL knows
    make_products(database, _OLD, flagged=(1,))
    shop = catalog(database, table="products", writeback={"flag": "dirty"})
    read = shop.read(["1"])
    with database.engine.begin() as other:
        other.exec_driver_sql("UPDATE products SET title = 'locked'")
        assert len(all_rows(shop)) == 1
        with pytest.raises(Transient, match=r"(?i)lock"):
            shop.write_back([Settled(read["1"])])
    assert is_dirty(database, 1)
    shop.write_back([Settled(read["1"])])
    assert not is_dirty(database, 1)


@contextmanager
def reader_of(database: Database) -> Iterator[Database]:
    """The database for a user who may read `products` and nothing else."""
    name, password = f"reader_{uuid.uuid4().hex[:12]}", uuid.uuid4().hex
    if database.dialect == "postgresql":
        database.run(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'", f"GRANT SELECT ON products TO {name}")
        leave = [f"DROP OWNED BY {name}", f"DROP ROLE {name}"]
    else:
        database.run(f"CREATE USER {name} IDENTIFIED BY '{password}'", f"GRANT SELECT ON products TO {name}")
        leave = [f"DROP USER {name}"]
    try:
        url = make_url(database.url).set(username=name, password=password)
        yield replace(database, url=url.render_as_string(hide_password=False))
    finally:
        database.run(*leave)
