"""A ledger takes any text, whatever the character set of the database that it is in."""

from __future__ import annotations

import uuid
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from catalog.shop import make_products
from embedconsole.catalog.sql_catalog import open_catalog
from embedconsole.config.sections.catalog import CatalogConfig
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.migrate import VERSION_TABLE
from ledger.versions import ledger_of_version
from support.databases import Database, server_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.databases import Dialect

ANY_TEXT = "入力が長すぎます 😀"


@contextmanager
def database_with(dialect: Dialect, settings: str) -> Iterator[Database]:
    """An empty database made with these settings."""
    url = make_url(server_url(dialect))
    name = f"embedconsole_{uuid.uuid4().hex}"
    admin = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} {settings}"))
    try:
        yield Database(url.set(database=name).render_as_string(hide_password=False), dialect)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))


def keeps_any_text(database: Database) -> bool:
    """Whether a ledger there gives back what was noted."""
    with open_ledger(database.url) as ledger:
        ledger.history.record("p", [("error", "item", ANY_TEXT, ANY_TEXT)])
        event = ledger.history.events()[-1]
        return (event.message, event.key) == (ANY_TEXT, ANY_TEXT)


def narrow_tables(database: Database) -> list[str]:
    """Our tables that do not take every character."""
    return [
        name
        for (name,) in database.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = database()"
            " AND table_name LIKE 'embedconsole%' AND table_collation NOT LIKE 'utf8mb4%'"
        )
    ]


@pytest.mark.parametrize("charset", ["latin1", "utf8mb3"])
def test_a_ledger_in_a_narrow_database_takes_any_text(charset: str) -> None:
    with database_with("mysql", f"CHARACTER SET {charset}") as database:
        assert keeps_any_text(database)
        assert narrow_tables(database) in ([], [VERSION_TABLE])


def test_a_narrow_ledger_that_stands_is_widened_with_all_that_is_in_it(mysql: Database) -> None:
    ledger_of_version("0006", mysql)
    mysql.insert("embedconsole_events", [{"at": 7000, "level": "info", "kind": "k", "message": "é"}])
    tables = mysql.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = database()")
    mysql.run(*(f"ALTER TABLE {name} CONVERT TO CHARACTER SET latin1" for (name,) in tables))

    assert keeps_any_text(mysql)

    assert narrow_tables(mysql) == []
    with open_ledger(mysql.url) as ledger:
        assert ledger.history.events()[0].message == "é"


def test_a_database_that_does_not_say_what_its_text_is_in_has_it_in_utf8() -> None:
    with database_with(
        "postgresql", "ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    ) as database:
        assert keeps_any_text(database)
        make_products(replace(database, url=f"{database.url}?client_encoding=utf8"), None)
        config = CatalogConfig.model_validate({"url": database.url, "table": "products", "key": "id"})
        with closing(open_catalog(config)) as catalog:
            assert catalog.count() == 1
