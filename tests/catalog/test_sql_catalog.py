"""Scans of a catalog on each database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import Fault, Refused

from .shop import all_rows, last_watermark, lists, make_products, scanned_keys

if TYPE_CHECKING:
    from support.databases import Database

    from .conftest import FakeClock, OpenCatalog

_T0, _T1, _T2 = "2024-05-01 10:00:00", "2024-05-01 10:04:00", "2024-05-01 10:06:00"


def test_pages_counts_keys_and_columns(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, *[_T0] * 7)
    shop = catalog(
        database, query="SELECT id, title, updated_at FROM products", page_size=3, changed="updated_at"
    )
    pages = list(shop.scan())
    assert [row.key for page in pages for row in page.rows] == [*"1234567"]
    assert max(len(page.rows) for page in pages) == 3
    first = pages[0].rows[0]
    assert (first.values["id"], first.values["title"]) == (1, "Product 1")
    assert first.version == database.scalar("SELECT updated_at FROM products WHERE id = 1")
    assert lists(shop.keys()) == [["1", "2", "3"], ["4", "5", "6"], ["7"]]
    assert shop.count() == 7
    assert shop.columns == shop.default_payload == ("id", "title", "updated_at")


def test_an_empty_catalog(database: Database, catalog: OpenCatalog) -> None:
    make_products(database)
    shop = catalog(database, table="products", changed="updated_at")
    assert (list(shop.scan()), list(shop.keys()), shop.count(), shop.read(["1"])) == ([], [], 0, {})


def test_a_page_is_read_when_it_is_asked_for(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, *[_T0] * 4)
    pages = catalog(database, table="products", page_size=2).scan()
    next(pages)
    # No lock and no snapshot is held between two pages.
    database.run("UPDATE products SET title = 'new' WHERE id = 3", "DELETE FROM products WHERE id = 4")
    assert [row.values["title"] for page in pages for row in page.rows] == ["new"]


def test_a_scan_that_fails_half_way_says_so(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, *[_T0] * 4)
    pages = catalog(database, table="products", page_size=2).scan()
    next(pages)
    database.run("DROP TABLE products")
    with pytest.raises(Refused, match="products"):
        list(pages)


def test_a_value_that_fails_on_a_later_page_is_no_end_of_the_scan(
    database: Database, catalog: OpenCatalog
) -> None:
    make_products(database, *[_T0] * 5)
    fails = {
        "sqlite": "abs(CASE id WHEN 4 THEN -9223372036854775808 ELSE id END)",
        "postgresql": "1 / (id - 4)",
        "mysql": "(SELECT p.id UNION ALL SELECT 2 FROM products x WHERE p.id = 4 AND x.id < 3)",
    }[database.dialect]
    pages = catalog(database, query=f"SELECT id, {fails} AS x FROM products p", page_size=2).scan()
    with pytest.raises(Fault):
        list(pages)


def test_rows_without_a_key_are_no_items(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, *[_T0] * 4)
    shop = catalog(database, query="SELECT CASE WHEN id > 2 THEN id END AS id FROM products")
    assert scanned_keys(shop) == ["3", "4"]
    assert shop.count() == 2


@pytest.mark.parametrize("page_size", [1, 2, 3, 10, 100])
def test_a_join_that_multiplies_rows_is_refused(
    database: Database, catalog: OpenCatalog, page_size: int
) -> None:
    make_products(database, *[_T0] * 40)
    database.run("CREATE TABLE tags (product integer)", "INSERT INTO tags VALUES (1), (2), (3), (33), (33)")
    query = "SELECT p.id FROM products p LEFT JOIN tags t ON t.product = p.id"
    shop = catalog(database, query=query, page_size=page_size)
    with pytest.raises(Refused, match=r"key '33' more than once.*DISTINCT"):
        all_rows(shop)
    with pytest.raises(Refused, match="key '33' more than once"):
        shop.read(["33"])


def test_only_what_changed_since_the_watermark(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, "2024-05-01 09:00:00", _T0, _T1, None)
    shop = catalog(database, table="products", changed="updated_at", overlap="5m")
    assert shop.incremental
    since = last_watermark(shop)
    # 10:04 minus five minutes; and what has no time may have changed.
    assert scanned_keys(shop, since=since) == ["2", "3", "4"]
    database.run(f"UPDATE products SET updated_at = '{_T2}' WHERE id = 1")
    assert scanned_keys(shop, since=since) == ["1", "2", "3", "4"]
    assert scanned_keys(shop, since=last_watermark(shop)) == ["1", "3", "4"]


def test_a_row_committed_late_with_an_older_time_is_found(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _T0, _T1)
    shop = catalog(database, table="products", changed="updated_at", overlap=300)
    since = last_watermark(shop)
    database.run("INSERT INTO products (id, title, updated_at) VALUES (9, 'late', '2024-05-01 10:03:30')")
    assert "9" in scanned_keys(shop, since=since)


def test_the_same_second_counts_as_changed(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _T0, _T1)
    shop = catalog(database, table="products", changed="updated_at", overlap=0)
    assert scanned_keys(shop, since=last_watermark(shop)) == ["2"]


def test_the_watermark_never_falls(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _T0, _T1)
    shop = catalog(database, table="products", changed="updated_at")
    since = last_watermark(shop)
    database.run("DELETE FROM products WHERE id = 2")
    assert last_watermark(shop, since=since) == since


def test_an_edit_behind_a_long_scan_is_found(
    database: Database, catalog: OpenCatalog, clock: FakeClock
) -> None:
    make_products(database, _T0, _T0, _T0)
    shop = catalog(database, table="products", changed="updated_at", overlap=0, page_size=2)
    pages = shop.scan()
    next(pages)
    database.run(
        "UPDATE products SET updated_at = '2024-05-01 10:10:00' WHERE id = 1",
        "UPDATE products SET updated_at = '2024-05-01 11:00:00' WHERE id = 3",
    )
    clock.seconds = 3600
    since = [page.watermark for page in pages][-1]
    assert "1" in scanned_keys(shop, since=since)


def test_without_a_watermark_everything_is_read(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _T0, _T1)
    shop = catalog(database, table="products", changed="updated_at")
    assert scanned_keys(shop, since=None) == scanned_keys(shop, since="nonsense") == ["1", "2"]


def test_no_changed_column_is_not_incremental(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _T0, flagged=(1,))
    plain = catalog(database, table="products")
    untrusted = catalog(database, table="products", writeback={"flag": "dirty"})
    assert not plain.incremental
    assert not untrusted.incremental
    assert scanned_keys(untrusted) == ["1"]
    assert last_watermark(plain) is None


def test_flagged_rows_count_as_changed(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, "2024-01-01 00:00:00", "2024-01-02 00:00:00", _T2, flagged=(1,))
    shop = catalog(database, table="products", changed="updated_at", writeback={"flag": "dirty"})
    assert scanned_keys(shop, since=last_watermark(shop)) == ["1", "3"]
    assert lists(shop.unsettled()) == [["1"]]


def test_trusted_flags_are_enough(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _T0, _T0, _T0, flagged=(2,))
    database.run("UPDATE products SET synced = NULL WHERE id = 3")
    shop = catalog(
        database, table="products", writeback={"flag": "dirty", "synced_at": "synced"}, trust_flags=True
    )
    assert shop.incremental
    assert scanned_keys(shop) == ["2", "3"]
    assert scanned_keys(shop, changed_only=False) == ["1", "2", "3"]
    assert lists(shop.unsettled()) == [["2", "3"]]


def test_rows_that_the_query_leaves_out_are_not_unsettled(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, _T0, _T0, flagged=(1, 2))
    shop = catalog(database, query="SELECT id FROM products WHERE id > 1", writeback={"flag": "dirty"})
    assert lists(shop.unsettled()) == [["2"]]


@pytest.mark.parametrize(("step", "count"), [(1, 1), (0.001, 1), (0.000_001, 1), (1000, 4)])
def test_numbers_as_watermark(database: Database, catalog: OpenCatalog, step: float, count: int) -> None:
    """Epochs a step of minutes apart, in s, ms and us; and a counter with steps of less."""
    database.run("CREATE TABLE things (id integer PRIMARY KEY, stamp bigint)")
    unit = 1 / step
    base = 1_717_243_200 * unit
    database.insert("things", [{"id": n, "stamp": int(base + n * 60 * unit)} for n in range(1, 5)])
    shop = catalog(database, table="things", changed="stamp", overlap=30)
    assert len(scanned_keys(shop, since=last_watermark(shop))) == count


@pytest.mark.parametrize("form", ["{}T{}", "{} {}", "{}T{}Z", "{}T{}.500Z", "{} {}+00:00"])
def test_times_as_text(sqlite: Database, catalog: OpenCatalog, form: str) -> None:
    sqlite.run("CREATE TABLE things (id integer PRIMARY KEY, changed text)")
    times = ["10:00:00", "10:05:00", "10:09:00"]
    sqlite.insert("things", [{"id": n, "changed": form.format("2024-05-01", t)} for n, t in enumerate(times)])
    shop = catalog(sqlite, table="things", changed="changed", overlap=300)
    assert scanned_keys(shop, since=last_watermark(shop)) == ["1", "2"]


def test_dates_as_watermark(database: Database, catalog: OpenCatalog) -> None:
    database.run("CREATE TABLE things (id integer PRIMARY KEY, day date)")
    database.run("INSERT INTO things VALUES (1, '2024-05-01'), (2, '2024-05-02'), (3, '2024-05-03')")
    shop = catalog(database, table="things", changed="day", overlap=300)
    assert scanned_keys(shop, since=last_watermark(shop)) == ["2", "3"]


@pytest.mark.parametrize(
    "odd",
    ["31.12.2023 10:00", "2099-01-01 00:00:00", "2024-05-01T09:00:00-08:00", "0000-00-00 00:00:00", "x"],
)
def test_an_odd_text_neither_moves_the_watermark_nor_hides_its_row(
    sqlite: Database, catalog: OpenCatalog, odd: str
) -> None:
    make_products(sqlite, "2024-05-01 10:00:00", odd, "2024-05-02 10:00:00")
    shop = catalog(sqlite, table="products", changed="updated_at")
    watermark = last_watermark(shop)
    assert watermark == "text:2024-05-02 10:00:00"
    assert scanned_keys(shop, since=watermark) == ["2", "3"]


def test_zero_dates_neither_move_the_watermark_nor_hide_their_row(
    mysql: Database, catalog: OpenCatalog
) -> None:
    make_products(mysql, "2024-05-01 10:00:00", None, "2024-05-02 10:00:00")
    mysql.run("SET sql_mode = ''", "UPDATE products SET updated_at = '0000-00-00' WHERE id = 2")
    shop = catalog(mysql, table="products", changed="updated_at")
    watermark = last_watermark(shop)
    assert watermark == "datetime:2024-05-02T10:00:00"
    assert scanned_keys(shop, since=watermark) == ["2", "3"]
    assert scanned_keys(shop, since="text:0000-00-00 00:00:00") == ["1", "2", "3"]


@pytest.mark.parametrize("odd", ["infinity", "-infinity", "0044-03-15 BC", "20260-01-01"])
def test_times_that_python_has_not_neither_move_the_watermark_nor_hide_their_row(
    postgresql: Database, catalog: OpenCatalog, odd: str
) -> None:
    make_products(postgresql, "2024-05-01 10:00:00", odd, "2024-05-02 10:00:00")
    shop = catalog(postgresql, table="products", changed="updated_at")
    watermark = last_watermark(shop)
    assert watermark == "datetime:2024-05-02T10:00:00"
    assert scanned_keys(shop, since=watermark) == ["2", "3"]


def test_a_watermark_in_the_future_reads_everything(database: Database, catalog: OpenCatalog) -> None:
    make_products(database, "2024-05-01 10:00:00", "2024-05-02 10:00:00")
    shop = catalog(database, table="products", changed="updated_at")
    assert scanned_keys(shop, since="datetime:2099-01-01T00:00:00") == ["1", "2"]
