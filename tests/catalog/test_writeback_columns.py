"""Where write-back goes: tables, keys and columns of every type."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import Refused

from .conftest import NOW
from .shop import is_dirty, lists, make_products, make_things, settle

if TYPE_CHECKING:
    from support.databases import Database

    from .conftest import OpenCatalog

_OLD, _NEW = "2024-05-01 10:00:00", "2024-05-01 11:00:00"
_ALL = {"synced_at": "synced", "flag": "dirty", "vector": "vector"}


@pytest.mark.parametrize(
    ("dialect", "kind", "expected"),
    [
        ("sqlite", "DATETIME", "2024-06-01 12:00:00"),
        ("sqlite", "TIMESTAMP", "2024-06-01 12:00:00"),
        ("sqlite", "", "2024-06-01 12:00:00"),
        ("sqlite", "INTEGER", int(NOW.timestamp())),
        ("postgresql", "timestamptz", NOW),
        ("postgresql", "timestamp", NOW.replace(tzinfo=None)),
        ("postgresql", "date", NOW.date()),
        ("postgresql", "bigint", int(NOW.timestamp())),
        ("postgresql", "varchar(30)", "2024-06-01 12:00:00"),
        ("mysql", "DATETIME", NOW.replace(tzinfo=None)),
        ("mysql", "DATE", NOW.date()),
        ("mysql", "INT UNSIGNED", int(NOW.timestamp())),
        ("mysql", "VARCHAR(30)", "2024-06-01 12:00:00"),
    ],
)
def test_the_time_in_the_columns_own_type(
    dialect: str, kind: str, expected: object, request: pytest.FixtureRequest, catalog: OpenCatalog
) -> None:
    database: Database = request.getfixturevalue(dialect)
    make_things(database, f"at {kind}")
    shop = catalog(database, table="things", writeback={"synced_at": "at"})
    assert lists(shop.unsettled()) == [["1"]]
    settle(shop, "1")
    assert database.scalar("SELECT at FROM things") == expected
    assert lists(shop.unsettled()) == []


def test_a_mysql_timestamp_is_the_servers_instant(mysql: Database, catalog: OpenCatalog) -> None:
    make_things(mysql, "at TIMESTAMP NULL")
    settle(catalog(mysql, table="things", writeback={"synced_at": "at"}), "1")
    written = mysql.scalar("SELECT UNIX_TIMESTAMP(at) FROM things")
    assert abs(datetime.now(UTC).timestamp() - written) < 600


@pytest.mark.parametrize(
    ("dialect", "kind"), [("postgresql", "float8[]"), ("postgresql", "jsonb"), ("mysql", "BLOB")]
)
def test_the_vector_in_the_columns_own_type(
    dialect: str, kind: str, request: pytest.FixtureRequest, catalog: OpenCatalog
) -> None:
    database: Database = request.getfixturevalue(dialect)
    make_things(database, f"v {kind}")
    settle(catalog(database, table="things", writeback={"vector": "v"}), "1", vector=[0.5, 1.0])
    assert database.scalar("SELECT v FROM things") in ([0.5, 1.0], b"[0.5,1.0]")


@pytest.mark.parametrize("kind", ["smallint", "integer"])
def test_an_integer_flag(database: Database, catalog: OpenCatalog, kind: str) -> None:
    database.run(
        f"CREATE TABLE things (id integer PRIMARY KEY, flag {kind})",
        "INSERT INTO things VALUES (1, 1), (2, 0)",
    )
    shop = catalog(database, table="things", writeback={"flag": "flag"})
    assert lists(shop.unsettled()) == [["1"]]
    settle(shop, "1")
    assert lists(shop.unsettled()) == []


def test_the_first_table_of_the_query(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _OLD, flagged=(1,))
    database.run(
        "CREATE TABLE categories (id integer PRIMARY KEY, dirty integer)",
        "INSERT INTO categories VALUES (1, 1)",
    )
    query = "SELECT p.id, p.title FROM products p LEFT JOIN categories c ON c.id = p.id; -- FROM categories"
    settle(catalog(database, query=query, writeback={"flag": "dirty"}), "1")
    assert not is_dirty(database, 1)
    assert database.scalar("SELECT dirty FROM categories") == 1


def test_another_table_and_key(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _OLD)
    database.run(
        "CREATE TABLE sync_state (product integer, flag integer)",
        "INSERT INTO sync_state VALUES (1, 1), (7, 1)",
    )
    writeback = {"table": "sync_state", "key": "product", "flag": "flag"}
    shop = catalog(database, table="products", changed="updated_at", writeback=writeback)
    assert lists(shop.unsettled()) == [["1"]]
    settle(shop, "1")
    assert database.rows("SELECT product, flag FROM sync_state ORDER BY 1") == [(1, 0), (7, 1)]


def test_a_schema(postgresql: Database, catalog: OpenCatalog) -> None:
    postgresql.run(
        'CREATE SCHEMA "Shop"',
        'CREATE TABLE "Shop"."Products" (id integer PRIMARY KEY, "needs it" boolean)',
        'INSERT INTO "Shop"."Products" VALUES (1, true)',
        "CREATE TABLE products (id integer, dirty boolean)",
    )
    for settings in (
        {"query": 'SELECT id FROM "Shop"."Products"'},
        {"table": '"Shop"."Products"'},
        {"table": "Shop.Products"},
    ):
        if settings == {"table": "Shop.Products"}:
            with pytest.raises(Refused, match=r"no table shop\.products"):
                catalog(postgresql, **settings).count()
            continue
        shop = catalog(postgresql, **settings, writeback={"flag": "needs it"})
        settle(shop, "1")
        assert postgresql.scalar('SELECT "needs it" FROM "Shop"."Products"') is False
        postgresql.run('UPDATE "Shop"."Products" SET "needs it" = true')


def test_keys_of_bytes(database: Database, catalog: OpenCatalog) -> None:
    kind = {"sqlite": "blob", "postgresql": "bytea", "mysql": "BINARY(16)"}[database.dialect]
    database.run(f"CREATE TABLE things (id {kind} PRIMARY KEY, flag integer)")
    database.insert("things", [{"id": bytes([n]) * 16, "flag": 1} for n in (1, 2)])
    settle(
        catalog(database, table="things", writeback={"flag": "flag"}), "01010101-0101-0101-0101-010101010101"
    )
    assert database.rows("SELECT flag FROM things ORDER BY id") == [(0,), (1,)]


def test_write_back_columns_are_no_payload(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _OLD)
    shop = catalog(database, table="products", writeback=_ALL)
    assert shop.default_payload == ("id", "title", "updated_at")
    assert shop.columns == ("id", "title", "updated_at", "synced", "dirty", "vector")


@pytest.mark.parametrize(
    ("writeback", "message"),
    [
        (
            {"flag": "nope"},
            r"catalog.writeback.flag names the column nope, but the table products has only id, title",
        ),
        ({"synced_at": "nope"}, r"catalog.writeback.synced_at names the column nope"),
        ({"vector": "nope"}, r"catalog.writeback.vector names the column nope"),
        ({"flag": "dirty", "key": "nope"}, r"catalog.writeback.key names the column nope"),
        (
            {"flag": "dirty", "table": "nope"},
            r"no table nope; the database has .*products.*catalog.writeback.table",
        ),
        ({"flag": "dirty", "table": "products; DROP"}, r"no table products; DROP"),
        ({"flag": "title"}, r"the column title is VARCHAR, but catalog.writeback.flag needs boolean"),
    ],
)
def test_what_is_missing_is_named(
    database: Database, catalog: OpenCatalog, writeback: dict[str, str], message: str
) -> None:
    make_products(database, _OLD)
    with pytest.raises(Refused, match=message):
        _ = catalog(database, table="products", writeback=writeback).columns
