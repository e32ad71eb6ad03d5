"""What is wrong with a catalog is said when it is first used, and what comes back is tried again."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from embedconsole.catalog.sql_catalog import SqlCatalog, open_catalog
from embedconsole.config.sections.catalog import CatalogConfig
from embedconsole.faults import Fault, Refused, Transient, Unreachable
from support.processes import wait_until

from .shop import all_rows, make_products

if TYPE_CHECKING:
    from pathlib import Path

    from support.databases import Database

    from .conftest import OpenCatalog

_TIME = "2024-05-01 10:00:00"
_SERVERS = pytest.mark.parametrize("server", ["postgresql", "mysql"])


def fault_of(url: str) -> Fault:
    """What a catalog at this URL fails of."""
    with pytest.raises(Fault) as caught, closing(open_at(url)) as catalog:
        catalog.count()
    assert "\n" not in str(caught.value)
    return caught.value


def open_at(url: str) -> SqlCatalog:
    return open_catalog(CatalogConfig.model_validate({"url": url, "table": "products"}))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"key": "sku"}, r"catalog.key names the column sku, but the catalog has only id, title, updated_at"),
        ({"changed": "modified"}, r"catalog.changed names the column modified"),
        ({"product": "product_id"}, r"catalog.product names the column product_id"),
        ({"json_columns": ["title", "tags"]}, r"catalog.json_columns names the column tags"),
    ],
)
@pytest.mark.parametrize("source", [{"table": "products"}, {"query": "SELECT * FROM products"}])
def test_a_missing_column_is_named(
    database: Database,
    catalog: OpenCatalog,
    settings: dict[str, object],
    message: str,
    source: dict[str, str],
) -> None:
    make_products(database, _TIME)
    with pytest.raises(Refused, match=message):
        catalog(database, **source, **settings).count()


def test_a_missing_table_is_named(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _TIME)
    with pytest.raises(Refused, match=r"no table product; the database has products\. Check catalog\.table"):
        catalog(database, table="product").count()
    with pytest.raises(Refused, match=r"product.*catalog\.query"):
        catalog(database, query="SELECT * FROM product").count()


def test_what_was_mended_works_at_the_next_use(database: Database, catalog: OpenCatalog) -> None:
    shop = catalog(database, table="products")
    with pytest.raises(Refused):
        shop.count()
    make_products(database, _TIME)
    assert shop.count() == 1


@pytest.mark.parametrize("name", ["misspelt.db", "no folder/shop.db", ""])
def test_a_misspelt_sqlite_file_is_not_made(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    fault = fault_of(f"sqlite:///{path}")
    assert isinstance(fault, Refused)
    assert str(path) in fault.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_sqlite_database_in_memory_is_no_catalog(url: str) -> None:
    assert isinstance(fault_of(url), Refused)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.write_text("this is not a database " * 100)
    assert "not a database" in str(fault_of(f"sqlite:///{path}"))


@pytest.mark.parametrize("name", ["a b.db", "100%?.db", "größe#1.db"])
def test_any_file_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE products (id integer)")
    escaped = str(path).replace("%", "%25").replace("?", "%3F")
    with closing(open_at(f"sqlite:///{escaped}")) as catalog:
        assert catalog.count() == 0


def test_no_such_driver() -> None:
    assert isinstance(fault_of("nosuchdb://somewhere/x"), Refused)


@_SERVERS
def test_nobody_answers(server: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(server)
    url = make_url(database.url).set(host="127.0.0.1", port=1, password="s3cret-word")
    fault = fault_of(url.render_as_string(hide_password=False))
    assert isinstance(fault, Transient)
    assert "s3cret-word" not in str(fault)


@_SERVERS
def test_an_unknown_database(server: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(server)
    url = make_url(database.url).set(database="no_such_database", password="s3cret-word")
    fault = fault_of(url.render_as_string(hide_password=False))
    assert isinstance(fault, Refused)


@_SERVERS
def test_an_unknown_user(server: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(server)
    url = make_url(database.url).set(username="nobody_here", password="s3cret-word")
    fault = fault_of(url.render_as_string(hide_password=False))
    assert isinstance(fault, Refused)
    assert "user and the password in catalog.url" in str(fault)
    assert "s3cret-word" not in str(fault)


@_SERVERS
def test_a_connection_cut_by_the_server_is_made_anew(
    server: str, request: pytest.FixtureRequest, catalog: OpenCatalog
) -> None:
    database: Database = request.getfixturevalue(server)
    make_products(database, _TIME)
    shop = catalog(database, table="products")
    assert shop.count() == 1
    cut_all(database)
    assert shop.count() == 1


@_SERVERS
def test_a_statement_cut_by_the_server_is_worth_another_try(
    server: str, request: pytest.FixtureRequest, catalog: OpenCatalog
) -> None:
    database: Database = request.getfixturevalue(server)
    make_products(database, _TIME)
    pause = "(SELECT pg_sleep(60)::text)" if server == "postgresql" else "SLEEP(60)"
    shop = catalog(database, query=f"SELECT id, {pause} AS x FROM products")
    assert shop.columns == ("id", "x")
    failed: list[Fault] = []

    def scan() -> None:
        try:
            all_rows(shop)
        except Fault as fault:
            failed.append(fault)

    scanning = threading.Thread(target=scan)
    scanning.start()
    while scanning.is_alive():
        cut_all(database, only="%60%")
        scanning.join(0.05)
    assert [type(fault) for fault in failed] == [Unreachable]


@_SERVERS
def test_a_page_that_is_cut_is_read_again(
    server: str, request: pytest.FixtureRequest, catalog: OpenCatalog
) -> None:
    database: Database = request.getfixturevalue(server)
    make_products(database, _TIME)
    pause = "(SELECT pg_sleep(2)::text)" if server == "postgresql" else "SLEEP(2)"
    shop = catalog(database, query=f"SELECT id, {pause} AS x FROM products")
    assert shop.columns == ("id", "x")
    with ThreadPoolExecutor(1) as threads:
        scanning = threads.submit(all_rows, shop)
        wait_until(lambda: cut_all(database, only="%(2)%LIMIT%") > 0, "the page is being read")
        assert len(scanning.result()) == 1


def cut_all(database: Database, only: str = "%") -> int:
    """End the server's other connections to this database that run, or last ran, such a statement.

    Returns:
        How many there were.
    """
    with database.engine.connect() as connection:
        if database.dialect == "postgresql":
            return connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE %(only)s",
                {"only": only},
            ).rowcount
        numbers = connection.exec_driver_sql(
            "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
            " AND coalesce(info, '') LIKE %(only)s",
            {"only": only},
        ).fetchall()
        for (number,) in numbers:
            connection.exec_driver_sql(f"KILL {int(number)}")
        return len(numbers)


def test_many_threads_open_it_once(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, *[_TIME] * 20)
    shop = catalog(database, table="products", page_size=3)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(len(all_rows(shop)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [20] * 8


def test_closed_and_used_again(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _TIME)
    shop = catalog(replace(database), table="products")
    assert shop.count() == 1
    shop.close()
    assert shop.count() == 1
