"""What the triggers write down, and what they never do to the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from embedconsole.catalog.base import Settled
from embedconsole.catalog.feed.install import run_statements
from embedconsole.catalog.feed.outbox import SqlFeed
from embedconsole.catalog.sql_catalog import SqlCatalog
from embedconsole.config.sections.catalog import CatalogConfig
from support.feed import WITH_CATEGORIES, installed
from support.shop import QUERY, Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.catalog.feed.database import FeedDatabase
    from support.databases import Database

on_servers = pytest.mark.parametrize("database", ["postgresql", "mysql"], indirect=True)


@pytest.fixture
def shop(database: Database) -> Shop:
    """Ten products and three categories."""
    shop = Shop(database)
    shop.create()
    shop.add(range(1, 11))
    return shop


@pytest.fixture
def feed(shop: Shop) -> Iterator[FeedDatabase]:
    """Watches products and categories."""
    with installed(shop.database, WITH_CATEGORIES) as feed:
        yield feed


def noted(feed: FeedDatabase) -> list[tuple[str, str | None]]:
    """What the outbox holds, oldest first."""
    return [(entry.source, entry.key) for entry in SqlFeed(feed).read(1000)]


def keys(feed: FeedDatabase) -> list[str]:
    """The keys it stands for."""
    reader = SqlFeed(feed)
    return sorted(key for page in reader.keys(reader.read(1000)) for key in page)


def test_every_kind_of_change_is_noted_once_a_row(shop: Shop, feed: FeedDatabase) -> None:
    shop.add([11, 12])
    shop.edit([1], title="Edited")
    shop.soft_delete([2])
    shop.delete([3, 4])

    assert sorted(noted(feed)) == [("products", key) for key in ("1", "11", "12", "2", "3", "4")]


def test_what_is_rolled_back_was_never_noted(shop: Shop, feed: FeedDatabase) -> None:
    with shop.database.engine.connect() as connection:
        transaction = connection.begin()
        connection.execute(text("UPDATE products SET title = 'a mistake' WHERE id = 1"))
        with connection.begin_nested():
            connection.execute(text("DELETE FROM products WHERE id = 2"))
        transaction.rollback()

    assert not SqlFeed(feed).waiting()


def test_a_key_that_changes_leaves_both(shop: Shop, feed: FeedDatabase) -> None:
    shop.database.run("UPDATE products SET id = 77 WHERE id = 7")

    assert keys(feed) == ["7", "77"]


def test_a_key_that_the_collation_takes_as_the_same_leaves_both(database: Database) -> None:
    kind = {"sqlite": "varchar(9) COLLATE NOCASE", "mysql": "varchar(9)", "postgresql": "varchar(9)"}
    database.run(
        f"CREATE TABLE products (code {kind[database.dialect]})", "INSERT INTO products VALUES ('ABC')"
    )
    with installed(database, [{"table": "products", "key": "code"}]) as feed:
        database.run("UPDATE products SET code = 'abc'")
        assert keys(feed) == ["ABC", "abc"]


def test_a_row_without_a_key_is_nobodys(shop: Shop) -> None:
    """Such as the picture of no product; it is not to be taken for a table that was emptied."""
    with installed(shop.database, [{"table": "products", "key": "category_id"}]) as feed:
        shop.database.run(
            "INSERT INTO products (id, title) VALUES (99, 'x')",
            "UPDATE products SET title = 'y' WHERE id = 99",
            "UPDATE products SET category_id = 5 WHERE id = 99",
            "UPDATE products SET category_id = NULL WHERE id = 99",
            "DELETE FROM products WHERE id = 99",
        )
        assert noted(feed) == [("products", "5"), ("products", "5")]


def test_a_joined_table_touches_the_items_that_its_query_finds(shop: Shop, feed: FeedDatabase) -> None:
    shop.database.run("UPDATE categories SET name = 'Boots' WHERE id = 1")

    assert noted(feed) == [("categories", "1")]
    assert keys(feed) == ["3", "6", "9"]


def test_only_what_was_read_is_taken_out(shop: Shop, feed: FeedDatabase) -> None:
    """A transaction that began first and commits last has the lower ids."""
    reader = SqlFeed(feed)
    if shop.database.dialect == "sqlite":
        shop.edit([1, 2], title="Edited")
        read = reader.read(1)
    else:
        with shop.database.engine.begin() as late:
            late.execute(text("UPDATE products SET title = 'late' WHERE id = 1"))
            shop.edit([2], title="early")
            read = reader.read(1000)
    assert len(read) == 1

    reader.acknowledge(read)

    assert {entry.key for entry in reader.read(1000)} == {"1", "2"} - {read[0].key}


def test_reading_goes_on_behind_what_was_read(shop: Shop, feed: FeedDatabase) -> None:
    reader = SqlFeed(feed)
    shop.edit([1], title="a")
    shop.edit([2], title="b")
    shop.edit([3], title="c")

    first = reader.read(2)
    second = reader.read(2, first[-1].id)

    assert [entry.key for entry in (*first, *second)] == ["1", "2", "3"]


def test_the_shop_goes_on_when_the_outbox_is_gone(shop: Shop, feed: FeedDatabase) -> None:
    """Not on SQLite, whose triggers can't look first: there it is said in docs/feed.md."""
    if shop.database.dialect == "sqlite":
        pytest.skip("not applicable: a trigger of SQLite can't look whether a table is there")
    shop.database.run("DROP TABLE embedconsole_outbox")

    shop.edit([1], title="Edited")
    shop.delete([2])

    assert shop.column("title")[1] == "Edited"


def test_our_own_write_back_is_no_change(shop: Shop, feed: FeedDatabase) -> None:
    if shop.database.dialect == "sqlite":
        pytest.skip("not applicable: a trigger of SQLite can't tell who writes")
    config = CatalogConfig.model_validate(
        {"url": shop.database.url, "query": QUERY, "writeback": {"synced_at": "embedding_synced_at"}}
    )
    catalog = SqlCatalog(config)
    rows = catalog.read(["1", "2"])

    catalog.write_back([Settled(row) for row in rows.values()])
    catalog.close()

    assert shop.column("embedding_synced_at")[1] is not None
    assert not SqlFeed(feed).waiting()
    shop.edit([3], title="by the shop")
    assert keys(feed) == ["3"]


def test_a_trigger_of_the_shops_own_stays_and_still_fires(shop: Shop, feed: FeedDatabase) -> None:
    create = {
        "sqlite": [
            "CREATE TRIGGER own AFTER UPDATE ON products BEGIN"
            " UPDATE categories SET name = name || '!' WHERE id = 2; END"
        ],
        "mysql": [
            "CREATE TRIGGER own AFTER UPDATE ON products FOR EACH ROW"
            " UPDATE categories SET name = concat(name, '!') WHERE id = 2"
        ],
        "postgresql": [
            "CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN UPDATE categories SET name = name || '!' WHERE id = 2; RETURN NULL; END $$",
            "CREATE TRIGGER own AFTER UPDATE ON products FOR EACH ROW EXECUTE FUNCTION own()",
        ],
    }
    shop.database.run(*create[shop.database.dialect])

    shop.edit([1], title="Edited")

    assert shop.database.scalar("SELECT name FROM categories WHERE id = 2") == "Mugs!"
    assert sorted(noted(feed)) == [("categories", "2"), ("products", "1")]


@on_servers
def test_the_shops_own_user_needs_no_right_to_the_outbox(shop: Shop, feed: FeedDatabase) -> None:
    with shop.database.engine.connect() as connection:
        if shop.database.dialect == "postgresql":
            connection.execute(text("CREATE ROLE clerk"))
            connection.execute(text("GRANT SELECT, UPDATE ON products TO clerk"))
            connection.execute(text("SET ROLE clerk"))
            connection.execute(text("UPDATE products SET title = 'by a clerk' WHERE id = 1"))
            connection.execute(text("RESET ROLE"))
            assert list(connection.scalars(text("SELECT item_key FROM embedconsole_outbox"))) == ["1"]
            connection.rollback()
            return
    name = shop.database.engine.url.database
    clerk = f"clerk_{str(name)[-20:]}"
    shop.database.run(
        f"CREATE USER {clerk}@'%' IDENTIFIED BY 'secret'",
        f"GRANT SELECT, UPDATE ON `{name}`.products TO {clerk}@'%'",
    )
    try:
        url = shop.database.engine.url.set(username=clerk, password="secret")
        as_clerk = type(shop.database)(url.render_as_string(hide_password=False), "mysql")
        as_clerk.run("UPDATE products SET title = 'by a clerk' WHERE id = 1")
    finally:
        shop.database.run(f"DROP USER {clerk}@'%'")
    assert keys(feed) == ["1"]


def test_an_id_that_the_shop_asks_for_is_the_shops(postgresql: Database) -> None:
    """Some drivers take `lastval()` for the id of the row just inserted."""
    postgresql.run("CREATE TABLE products (id serial PRIMARY KEY, title text)")
    with installed(postgresql), postgresql.engine.begin() as connection:
        connection.execute(text("INSERT INTO products (title) VALUES ('a')"))
        assert connection.scalar(text("SELECT lastval()")) == 1


def test_a_truncated_table_is_one_entry_without_a_key(postgresql: Database) -> None:
    shop = Shop(postgresql)
    shop.create()
    shop.add([1, 2])
    with installed(postgresql) as feed:
        postgresql.run("TRUNCATE products")
        assert noted(feed) == [("products", None)]
        assert keys(feed) == []


def test_a_write_to_a_partition_is_noted_too(postgresql: Database) -> None:
    postgresql.run(
        "CREATE TABLE products (id integer, title text) PARTITION BY RANGE (id)",
        "CREATE TABLE products_1 PARTITION OF products FOR VALUES FROM (0) TO (100)",
    )
    with installed(postgresql) as feed:
        postgresql.run(
            "CREATE TABLE products_2 PARTITION OF products FOR VALUES FROM (100) TO (200)",
            "INSERT INTO products VALUES (1, 'a'), (150, 'b')",
            "UPDATE products_1 SET id = 2",
            "DELETE FROM products_2",
        )
        assert keys(feed) == ["1", "150", "2"]
        assert not SqlFeed(feed).problems()


def test_a_statement_that_changes_nothing_tells_nobody(postgresql: Database) -> None:
    shop = Shop(postgresql)
    shop.create()
    with installed(postgresql) as feed:
        postgresql.run("UPDATE products SET title = 'x'", "DELETE FROM products")
        assert noted(feed) == []


@pytest.mark.parametrize("pipeline", ["products", 'The Shop\'s "pipeline" 🙂', "a_b"])
def test_odd_names_are_quoted(database: Database, pipeline: str) -> None:
    quote = "`" if database.dialect == "mysql" else '"'
    table = f"{quote}Odd 'table'; DROP{quote}{quote}s{quote}"
    database.run(f"CREATE TABLE {table} ({quote}the 'key' %s{quote} varchar(40) PRIMARY KEY, title text)")
    name = f"Odd 'table'; DROP{quote}s"
    with installed(database, [{"table": name, "key": "the 'key' %s"}], pipeline) as feed:
        database.run(f"INSERT INTO {table} VALUES ('ключ 🙂', 'x')", f"DELETE FROM {table}")
        assert keys(feed) == ["ключ 🙂"]
        assert not SqlFeed(feed).problems()


_BINARY = {"sqlite": "blob", "mysql": "binary(16)", "postgresql": "bytea"}
_HEX = {"sqlite": "x'{}'", "mysql": "x'{}'", "postgresql": "'\\x{}'"}


def test_keys_are_written_as_the_catalog_writes_them(database: Database) -> None:
    number = "00112233445566778899aabbccddeeff"
    database.run(
        f"CREATE TABLE products (raw {_BINARY[database.dialect]}, price decimal(10,2), code char(8))",
        f"INSERT INTO products VALUES ({_HEX[database.dialect].format(number)}, 12.00, 'ab')",
    )
    for column in ("raw", "price", "code"):
        config = CatalogConfig.model_validate({"url": database.url, "table": "products", "key": column})
        catalog = SqlCatalog(config)
        (expected,) = next(iter(catalog.keys()))
        catalog.close()
        with installed(database, [{"table": "products", "key": column}], column) as feed:
            database.run("UPDATE products SET code = code")
            assert keys(feed) == [expected]
            run_statements(feed, ["DELETE FROM embedconsole_outbox"])
