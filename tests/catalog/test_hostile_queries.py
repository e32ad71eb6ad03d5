"""Queries with everything that parameter parsing of SQLAlchemy or a driver could trip over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import Refused

from .shop import all_rows, lists

if TYPE_CHECKING:
    from support.databases import Database

    from .conftest import OpenCatalog


@pytest.fixture
def things(database: Database) -> Database:
    """A table `things` with two rows."""
    database.run("CREATE TABLE things (id integer PRIMARY KEY, name varchar(50))")
    database.insert("things", [{"id": 1, "name": "100% off: a ::b"}, {"id": 2, "name": "plain?"}])
    return database


@pytest.mark.parametrize(
    "select",
    [
        "SELECT id, '50% :off' AS x FROM things",
        "SELECT id, '%s %(after)s %%' AS x FROM things",
        "SELECT id, ':page_after ::x a:b : :' AS x FROM things",
        "SELECT id, '? $1 {x} @y' AS x FROM things",
        "SELECT id, 'it''s -- no /* comment' AS x FROM things",
        "SELECT id, 'größe \U0001f600' AS x FROM things",
    ],
)
@pytest.mark.parametrize("ending", ["", ";", " ; \n", "-- the end", "; -- the end :x 50%", "/* :x % */"])
def test_literals_and_endings(things: Database, catalog: OpenCatalog, select: str, ending: str) -> None:
    if things.dialect == "mysql" and ending == "-- the end":
        ending = " -- the end"
    shop = catalog(things, query=select + ending, page_size=1)
    literal = select[len("SELECT id, '") : select.index("' AS x")].replace("''", "'")
    assert [row.values for row in all_rows(shop)] == [{"id": 1, "x": literal}, {"id": 2, "x": literal}]
    assert shop.count() == 2
    assert shop.read(["2"])["2"].values["x"] == literal


def test_operators(things: Database, catalog: OpenCatalog) -> None:
    remainder = {"sqlite": "id % 2", "postgresql": "(id % 2)::int", "mysql": "id % 2"}[things.dialect]
    query = f"SELECT id, {remainder} AS odd FROM things WHERE name LIKE '%% off:%' ORDER BY name DESC"
    assert [row.values for row in all_rows(catalog(things, query=query))] == [{"id": 1, "odd": 1}]


def test_names_that_need_quotes(things: Database, catalog: OpenCatalog) -> None:
    quote = "`" if things.dialect == "mysql" else '"'
    names = ["Key", "the %", "a:b", "select", "x y", "größe"]
    columns = ", ".join(f"id AS {quote}{name}{quote}" for name in names)
    shop = catalog(things, query=f"SELECT {columns} FROM things", key="Key", changed="the %", page_size=1)
    assert shop.columns == tuple(names)
    assert [row.key for row in all_rows(shop, since="int:1", changed_only=True)] == ["1", "2"]
    assert [row.key for row in all_rows(shop, since="int:1000", changed_only=True)] == ["2"] * 0
    assert list(shop.read(["2"])) == ["2"]


def test_with_union_and_limit(things: Database, catalog: OpenCatalog) -> None:
    query = "WITH t AS (SELECT id FROM things) SELECT * FROM t UNION ALL SELECT 3 ORDER BY 1 DESC LIMIT 2"
    assert lists(catalog(things, query=query).keys()) == [["2", "3"]]


def test_a_query_can_not_write(things: Database, catalog: OpenCatalog) -> None:
    with pytest.raises(Refused):
        catalog(things, query="SELECT 1 AS id) q; DELETE FROM things; --").count()
    if things.dialect == "postgresql":
        things.run(
            "CREATE FUNCTION clear() RETURNS integer LANGUAGE sql AS 'DELETE FROM things RETURNING 1'",
        )
        with pytest.raises(Refused, match="read-only"):
            all_rows(catalog(things, query="SELECT id, clear() FROM things"))
    assert things.scalar("SELECT count(*) FROM things") == 2


def test_dollar_quotes(postgresql: Database, catalog: OpenCatalog) -> None:
    query = "SELECT 1 AS id, $a$; :x '%$a$ AS x, E'it\\'s :y' AS y, '{\"a\": 1}'::jsonb ? 'a' AS z;"
    shop = catalog(postgresql, query=query)
    assert all_rows(shop)[0].values == {"id": 1, "x": "; :x '%", "y": "it's :y", "z": True}


def test_backslashes_and_hashes(mysql: Database, catalog: OpenCatalog) -> None:
    query = r"SELECT 1 AS id, 'it\'s; :y' AS y, " '"a # b"' " AS z # the end;"
    shop = catalog(mysql, query=query)
    assert all_rows(shop)[0].values == {"id": 1, "y": "it's; :y", "z": "a # b"}


@pytest.mark.parametrize("query", ["SELECT a.id, b.id FROM things a JOIN things b ON a.id = b.id"])
def test_two_columns_of_one_name_are_refused(things: Database, catalog: OpenCatalog, query: str) -> None:
    with pytest.raises(Refused, match=r"(?i)(two columns named|duplicate column name '?)\s*id"):
        _ = catalog(things, query=query).columns


def test_a_broken_query_is_refused(things: Database, catalog: OpenCatalog) -> None:
    with pytest.raises(Refused, match=r"catalog\.query"):
        _ = catalog(things, query="SELEKT * FROM things").columns
