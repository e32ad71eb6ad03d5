"""Keys of every type that a catalog may have: scanned in the database's order, read back by their text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .shop import all_rows, lists, settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.databases import Database

    from .conftest import OpenCatalog

_UUIDS = [
    "00000000-0000-0000-0000-000000000001",
    "6f9619ff-8b86-d011-b42d-00c04fc964ff",
    "ffffffff-ffff-4fff-bfff-ffffffffffff",
]
_TEXTS = [
    "Aa",
    " leading",
    "a b",
    "größe",
    "Ünïcode \U0001f600",
    "x/y:z#1",
    "1",
    "01",
    "it's",
    "per%cent",
    "back\\slash",
]


def check(
    database: Database, catalog: OpenCatalog, kind: str, keys: Sequence[object], texts: list[str]
) -> None:
    """Every key is scanned once, in pages of every size, and found by its text and by no other."""
    database.run(f"CREATE TABLE things (id {kind} PRIMARY KEY, n integer)")
    database.insert("things", [{"id": key, "n": n} for n, key in enumerate(keys)])
    order = [str(row[0]) for row in database.rows("SELECT n FROM things ORDER BY id")]
    number = {str(n): text for n, text in enumerate(texts)}
    for page_size in (1, 2, 1000):
        shop = catalog(database, table="things", page_size=page_size)
        assert [row.key for row in all_rows(shop)] == [number[n] for n in order]
        assert [key for page in shop.keys() for key in page] == [number[n] for n in order]  # noqa: SIM118
    fresh = catalog(database, table="things")  # has seen no row to learn the kind from
    found = fresh.read([*texts, "missing", "-1", "00", "\x00"])
    assert list(found) == texts
    assert [row.values["n"] for row in found.values()] == list(range(len(texts)))


def test_integers(database: Database, catalog: OpenCatalog) -> None:
    keys = [-(2**63), -7, 0, 5, 10, 9, 2**63 - 1]
    check(database, catalog, "bigint", keys, [str(key) for key in keys])


def test_unsigned_integers(mysql: Database, catalog: OpenCatalog) -> None:
    check(mysql, catalog, "bigint unsigned", [0, 2**64 - 1], ["0", str(2**64 - 1)])


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_integers_beyond_64_bits(dialect: str, request: pytest.FixtureRequest, catalog: OpenCatalog) -> None:
    database: Database = request.getfixturevalue(dialect)
    keys = [-(10**29), 7, 10**29 + 1]
    check(database, catalog, "numeric(30, 0)", keys, [str(key) for key in keys])


def test_texts(database: Database, catalog: OpenCatalog) -> None:
    check(database, catalog, "varchar(60)", _TEXTS, _TEXTS)


def test_texts_that_collate_equal(database: Database, catalog: OpenCatalog) -> None:
    kind = {
        "sqlite": "text COLLATE NOCASE",
        "postgresql": "text COLLATE nocase",
        "mysql": "varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    }[database.dialect]
    if database.dialect == "postgresql":
        database.run("CREATE COLLATION nocase (provider=icu, locale='und-u-ks-level2', deterministic=false)")
    keys = ["abc", "ABC", "Abc", "b", "B", "c"]
    database.run(f"CREATE TABLE things (id {kind}, n integer)")
    database.insert("things", [{"id": key, "n": n} for n, key in enumerate(keys)])
    for page_size in (1, 2, 3, 6, 7):
        shop = catalog(database, table="things", page_size=page_size)
        seen = [key for page in lists(shop.keys()) for key in page]
        assert sorted(seen) == sorted(keys)
        assert [key.lower() for key in seen] == sorted(key.lower() for key in keys)
    assert {key: row.values["n"] for key, row in shop.read(["ABC", "c", "aBC"]).items()} == {"ABC": 1, "c": 5}


def test_uuids(database: Database, catalog: OpenCatalog) -> None:
    kind = "uuid" if database.dialect == "postgresql" else "CHAR(36)"
    check(database, catalog, kind, _UUIDS, _UUIDS)


def test_bytes(database: Database, catalog: OpenCatalog) -> None:
    kind = {"sqlite": "blob", "postgresql": "bytea", "mysql": "BINARY(16)"}[database.dialect]
    keys = [bytes.fromhex(text.replace("-", "")) for text in _UUIDS]
    check(database, catalog, kind, keys, _UUIDS)


def test_bytes_of_other_lengths(database: Database, catalog: OpenCatalog) -> None:
    kind = {"sqlite": "blob", "postgresql": "bytea", "mysql": "VARBINARY(20)"}[database.dialect]
    check(database, catalog, kind, [b"\x00", b"\x00\xff", b"%s'\\"], ["00", "00ff", "2573275c"])


def test_composite_looking_keys(database: Database, catalog: OpenCatalog) -> None:
    database.run(
        "CREATE TABLE things (a integer, b integer)", "INSERT INTO things VALUES (1, 2), (12, 3), (1, 23)"
    )
    joined = "concat(a, '-', b)" if database.dialect == "mysql" else "a || '-' || b"
    shop = catalog(database, query=f"SELECT {joined} AS id, b FROM things", page_size=1)
    assert {row.key for row in all_rows(shop)} == {"1-2", "12-3", "1-23"}
    assert shop.read(["12-3"])["12-3"].values["b"] == 3


def test_computed_integers(database: Database, catalog: OpenCatalog) -> None:
    """In SQLite such a column has no affinity: text would not be equal to it."""
    database.run("CREATE TABLE things (a integer)", "INSERT INTO things VALUES (1), (2)")
    assert list(catalog(database, query="SELECT a + 100 AS id FROM things").read(["102"])) == ["102"]


def test_a_column_that_mixes_kinds(sqlite: Database, catalog: OpenCatalog) -> None:
    sqlite.run("CREATE TABLE things (id)", "INSERT INTO things VALUES (2), ('x'), (10)")
    shop = catalog(sqlite, table="things", page_size=1)
    assert list(shop.read(["2", "x"])) == ["2", "x"]
    assert [row.key for row in all_rows(shop)] == ["2", "10", "x"]


def test_thousands_of_keys_at_once(sqlite: Database, catalog: OpenCatalog) -> None:
    sqlite.run("CREATE TABLE things (id integer PRIMARY KEY)")
    sqlite.insert("things", [{"id": number} for number in range(3000)])
    assert len(catalog(sqlite, table="things").read([str(number) for number in range(5000)])) == 3000


@pytest.mark.parametrize("page_size", [1, 2, 100])
def test_keys_that_are_no_text_are_told_apart_and_found(
    sqlite: Database, catalog: OpenCatalog, page_size: int
) -> None:
    sqlite.run(
        "CREATE TABLE products (id TEXT, title TEXT, synced TEXT)",
        "INSERT INTO products VALUES ('a', 'Mug', NULL), (CAST(x'61ff' AS TEXT), 'Hat', NULL),"
        " (CAST(x'61fe' AS TEXT), 'Tie', NULL), (CAST(x'6100' AS TEXT), 'Bag', NULL)",
    )
    opened = catalog(
        sqlite, table="products", key="id", page_size=page_size, writeback={"synced_at": "synced"}
    )
    titles = {row.key: row.values["title"] for row in all_rows(opened)}

    assert titles == {"a": "Mug", r"a\xff": "Hat", r"a\xfe": "Tie", r"a\x00": "Bag"}
    assert {key: row.values["title"] for key, row in opened.read(list(titles)).items()} == titles

    settle(opened, *titles)
    assert lists(opened.unsettled()) == []
