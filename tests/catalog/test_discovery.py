"""What a database tells one who sets up a catalog, on each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.catalog.discovery import Column, ColumnKind, Discovery
from embedconsole.faults import Refused

if TYPE_CHECKING:
    from support.databases import Database

_KINDS = {
    "sqlite": ("BOOLEAN", "TEXT", "BLOB", "TEXT"),
    "postgresql": ("boolean", "timestamp", "bytea", "uuid"),
    "mysql": ("TINYINT(1)", "DATETIME", "BLOB", "CHAR(36)"),
}


def make(database: Database) -> None:
    """A table with a column of each kind, and a view of it."""
    flag, time, blob, uid = _KINDS[database.dialect]
    database.run(
        "CREATE TABLE things (id integer PRIMARY KEY, sku varchar(40) UNIQUE, title text,"
        f" price decimal(10,2), weight float, active {flag}, seen {time}, raw {blob}, uid {uid},"
        " pair_a integer, pair_b integer, UNIQUE (pair_a, pair_b))",
        "CREATE VIEW some_things AS SELECT id, title FROM things",
        "INSERT INTO things (id, sku, title, price) VALUES (1, 'a', 'One', 1.5), (2, 'b', 'One', NULL)",
    )


def test_a_table_is_told_by_its_schema(database: Database) -> None:
    make(database)
    with Discovery(database.url) as discovery:
        assert discovery.dialect == database.dialect
        assert discovery.tables() == ["some_things", "things"]
        assert discovery.columns("things")[:2] == ("id", "sku")
        assert discovery.columns("nothing") == ()
        look = discovery.look(table="things", limit=1)
    kinds = {column.name: column.kind for column in look.columns}
    assert (kinds["id"], kinds["price"], kinds["weight"]) == ("integer", "number", "number")
    assert (kinds["title"], kinds["sku"], kinds["active"], kinds["raw"]) == ("text", "text", "bool", "binary")
    assert kinds["seen"] == ("text" if database.dialect == "sqlite" else "time")
    assert kinds["uid"] == ("uuid" if database.dialect == "postgresql" else "text")
    assert [column.name for column in look.columns if column.unique] == ["id", "sku"]
    assert [row[:4] for row in look.rows] == [[1, "a", "One", 1.5]]


def test_a_query_and_a_view_are_told_too(database: Database) -> None:
    """A query has no types: its rows tell; where there is none, nothing is known."""
    make(database)
    with Discovery(database.url) as discovery:
        look = discovery.look(query="SELECT id, title, price FROM things WHERE price IS NOT NULL", limit=5)
        empty = discovery.look(query="SELECT id, title FROM things WHERE id > 9", limit=5)
        view = discovery.look(table="some_things", limit=5)
    assert look.table is None
    assert look.columns == (
        Column("id", ColumnKind.INTEGER),
        Column("title", ColumnKind.TEXT),
        Column("price", ColumnKind.NUMBER),
    )
    assert {column.kind for column in empty.columns} == {ColumnKind.OTHER}
    assert (empty.names, list(empty.rows)) == (("id", "title"), [])
    assert view.names == ("id", "title")
    assert view.find("title") is not None
    assert view.find("nothing") is None


def test_values_that_come_twice_are_found(database: Database) -> None:
    make(database)
    with Discovery(database.url) as discovery:
        assert discovery.repeated("title", table="things")
        assert not discovery.repeated("sku", table="things")
        assert not discovery.repeated("price", table="things")
        assert discovery.repeated("a", query="SELECT 1 AS a, id FROM things")


def test_a_selection_is_a_query_that_reads_the_same(database: Database) -> None:
    quote = "`" if database.dialect == "mysql" else '"'
    database.run(
        f"CREATE TABLE {quote}my things{quote}"
        f" (id integer PRIMARY KEY, {quote}Order{quote} text, gone integer)",
        f"INSERT INTO {quote}my things{quote} VALUES (1, 'x', 0), (2, 'y', 1)",
    )
    with Discovery(database.url) as discovery:
        look = discovery.look(table="my things", limit=5)
        query = discovery.selection(look, ["id", "Order"], f"{discovery.quoted('gone')} = 0")
        again = discovery.look(query=query, limit=5)
    assert again.names == ("id", "Order")
    assert [list(row) for row in again.rows] == [[1, "x"]]


def test_nothing_can_be_written_and_what_is_missing_is_named(database: Database) -> None:
    make(database)
    with Discovery(database.url) as discovery:
        with pytest.raises(Refused, match="there is no table nothing; the database has"):
            discovery.look(table="nothing", limit=1)
        with pytest.raises(Refused):
            discovery.look(query="DELETE FROM things", limit=1)
    assert database.scalar("SELECT count(*) FROM things") == 2
