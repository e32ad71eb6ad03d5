"""Columns of each database's types arrive JSON-ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from .shop import all_rows

if TYPE_CHECKING:
    from support.databases import Database

    from .conftest import OpenCatalog


def test_text_of_a_megabyte_with_unicode(database: Database, catalog: OpenCatalog) -> None:
    kind = "mediumtext" if database.dialect == "mysql" else "text"
    database.run(f"CREATE TABLE things (id integer PRIMARY KEY, t {kind})")
    text = "größe \U0001f600 '\\%:x" * 60_000
    database.insert("things", [{"id": 1, "t": text}])
    assert all_rows(catalog(database, table="things"))[0].values["t"] == text


def test_text_with_nul(sqlite: Database, mysql: Database, catalog: OpenCatalog) -> None:
    for database in (sqlite, mysql):
        database.run("CREATE TABLE things (id integer PRIMARY KEY, t text)")
        database.insert("things", [{"id": 1, "t": "a\x00b"}])
        assert all_rows(catalog(database, table="things"))[0].values["t"] == "a\x00b"


def test_text_that_is_not_utf8(sqlite: Database, catalog: OpenCatalog) -> None:
    sqlite.run(
        "CREATE TABLE things (id integer, t text)", "INSERT INTO things VALUES (1, CAST(X'61FF' AS text))"
    )
    assert all_rows(catalog(sqlite, table="things"))[0].values["t"] == "a\ufffd"


def test_postgresql(postgresql: Database, catalog: OpenCatalog) -> None:
    postgresql.run("SET TIME ZONE 'Asia/Kolkata'")
    query = """
        SELECT 1 AS id, 10.50::numeric(10,2) AS price, 'NaN'::float8 AS nan, 'NaN'::numeric AS nan2,
          true AS yes,
          '2024-05-01 12:00+02'::timestamptz AS at, '2024-05-01'::date AS day, '01:02'::time AS clock,
          '1 day 02:00'::interval AS length, '\\x00ff'::bytea AS raw, ARRAY[1, 2] AS numbers,
          '{"a": [1, null]}'::jsonb AS b, '["\\ud800", 1e999]'::json AS j, '10.0.0.1'::inet AS host,
          int4range(1, 5) AS span, NULL AS none
    """
    values = all_rows(catalog(postgresql, query=query))[0].values
    assert orjson.loads(orjson.dumps(values)) == {
        "id": 1, "price": 10.5, "nan": None, "nan2": None, "yes": True,
        "at": "2024-05-01T10:00:00+00:00", "day": "2024-05-01", "clock": "01:02:00", "length": "26:00:00",
        "raw": "AP8=", "numbers": [1, 2],
        "b": {"a": [1, None]}, "j": ["\ufffd", None], "host": "10.0.0.1", "span": "[1, 5)", "none": None,
    }  # fmt: skip


def test_json_deeper_than_a_parser_goes(postgresql: Database, catalog: OpenCatalog) -> None:
    query = "SELECT 1 AS id, (repeat('[', 3000) || repeat(']', 3000))::json AS deep"
    assert all_rows(catalog(postgresql, query=query))[0].values["deep"] == "[" * 3000 + "]" * 3000


def test_mysql(mysql: Database, catalog: OpenCatalog) -> None:
    query = """
        SELECT 1 AS id, CAST(10.5 AS DECIMAL(10,2)) AS price, 1 > 0 AS yes,
          TIMESTAMP('2024-05-01 12:00:00') AS at, DATE('2024-05-01') AS day,
          CAST('26:00:00' AS TIME) AS clock, X'00FF' AS raw, 0.5e0 AS f, NULL AS none
    """
    values = all_rows(catalog(mysql, query=query))[0].values
    assert orjson.loads(orjson.dumps(values)) == {
        "id": 1, "price": 10.5, "yes": 1, "at": "2024-05-01T12:00:00", "day": "2024-05-01",
        "clock": "26:00:00", "raw": "AP8=", "f": 0.5, "none": None,
    }  # fmt: skip


def test_json_columns(database: Database, catalog: OpenCatalog) -> None:
    database.run("CREATE TABLE things (id integer PRIMARY KEY, j json, t text)")
    database.insert(
        "things", [{"id": 1, "j": '{"a": [1]}', "t": '["x"]'}, {"id": 2, "j": "null", "t": "no json"}]
    )
    rows = all_rows(catalog(database, query="SELECT * FROM things", json_columns=["j", "t"]))
    assert [(row.values["j"], row.values["t"]) for row in rows] == [({"a": [1]}, ["x"]), (None, "no json")]
    if database.dialect != "mysql":  # MariaDB's json is longtext
        values = all_rows(catalog(database, table="things"))[0].values
        assert (values["j"], values["t"]) == ({"a": [1]}, '["x"]')


def test_postgresql_values_that_python_has_no_type_for(postgresql: Database, catalog: OpenCatalog) -> None:
    postgresql.run("CREATE TYPE colour AS ENUM ('red', 'dark blue')", "SET TIME ZONE 'UTC'")
    query = """
        SELECT 1 AS id, 'infinity'::timestamptz AS a, '-infinity'::timestamp AS b, '0044-03-15 BC'::date AS c,
          '20260-01-01'::timestamp AS d, '24:00'::time AS e, '1 day'::interval AS f,
          ARRAY['infinity', '2026-01-01']::date[] AS g, daterange('2026-01-01', 'infinity') AS h,
          ARRAY['red', 'dark blue']::colour[] AS i, 'red'::colour AS j, '{"a": "infinity"}'::jsonb AS k,
          '1e400'::numeric AS l, 'infinity'::float8 AS m, B'1' AS n
    """
    values = all_rows(catalog(postgresql, query=query, changed="a"))[0].values
    assert orjson.loads(orjson.dumps(values)) == {
        "id": 1, "a": "infinity", "b": "-infinity", "c": "0044-03-15 BC", "d": "20260-01-01 00:00:00",
        "e": "24:00:00", "f": "24:00:00", "g": ["infinity", "2026-01-01"],
        "h": "[2026-01-01, infinity)", "i": ["red", "dark blue"], "j": "red", "k": {"a": "infinity"},
        "l": "1" + "0" * 400, "m": None, "n": "1",
    }  # fmt: skip


def test_bits_of_mysql_are_numbers(mysql: Database, catalog: OpenCatalog) -> None:
    mysql.run(
        "CREATE TABLE things (id integer PRIMARY KEY, one bit(1), many bit(64))",
        "INSERT INTO things VALUES (1, b'1', b'111111111'), (2, NULL, NULL)",
    )
    for source in ({"table": "things"}, {"query": "SELECT * FROM things"}):
        first, second = all_rows(catalog(mysql, **source))
        assert (first.values["one"], first.values["many"]) == (1, 511)
        assert (second.values["one"], second.values["many"]) == (None, None)


def test_a_sample_of_heavy_rows_is_small(database: Database, catalog: OpenCatalog) -> None:
    """A page of them would be in memory at once."""
    text_type = {"mysql": "LONGTEXT"}.get(database.dialect, "TEXT")
    database.run(f"CREATE TABLE heavy (id INTEGER PRIMARY KEY, body {text_type})")
    database.insert("heavy", [{"id": number, "body": "x" * 1_000_000} for number in range(30)])

    opened = catalog(database, table="heavy", page_size=30)

    assert 1 <= len(opened.sample().rows) <= 21
