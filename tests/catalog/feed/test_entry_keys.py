"""Names, and from what a trigger wrote to the keys of items: without a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.catalog.feed import entry_keys as items
from embedconsole.catalog.feed.base import FeedEntry
from embedconsole.catalog.feed.dialects import mysql, postgresql
from embedconsole.catalog.feed.entry_keys import item_keys
from embedconsole.catalog.feed.names import feed_name, feed_prefix, part_name, source_name
from embedconsole.catalog.feed.triggers import Watched
from embedconsole.catalog.keys import KeyKind
from embedconsole.catalog.query_source import TableName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Executable

PIPELINES = ["products", "a", "a_b", "A-B", "a b", "ab", "products_of_a_very_long_name", "🙂", "products" * 9]
TABLES = [
    TableName("products"),
    TableName("b_products"),
    TableName("Products"),
    TableName("products", "shop"),
    TableName("product images"),
    TableName("product_images_of_a_very_long_name" * 3),
    TableName("🙂"),
]


def test_no_two_names_are_the_same_and_all_fit_everywhere() -> None:
    names = {
        part_name(feed_name(pipeline), source_name(table), event)
        for pipeline in PIPELINES
        for table in TABLES
        for event in ("", "ins", "upd", "del", "tru")
    }
    assert len(names) == len(PIPELINES) * len(TABLES) * 5
    assert max(map(len, names)) <= 63
    assert all(name.isascii() and name.replace("_", "").isalnum() for name in names)
    assert (
        part_name(feed_name("products"), source_name(TABLES[0]), "upd")
        == "embedconsole_products_products_upd"
    )


def test_no_feeds_parts_look_like_those_of_another() -> None:
    feeds = [feed_name(pipeline) for pipeline in PIPELINES]
    for feed in feeds:
        alike = [other for other in feeds if part_name(other, "products").startswith(feed_prefix(feed))]
        assert alike == [feed]


def no_query(query: Executable, parameters: object) -> Sequence[Sequence[object]]:
    raise AssertionError(query)


def watched(kind: KeyKind, keys: str | None = None) -> Watched:
    return Watched(TableName("products"), "products", "id", kind, keys)


@pytest.mark.parametrize(
    ("kind", "written", "key"),
    [
        (KeyKind.INTEGER, "-7", "-7"),
        (KeyKind.DECIMAL, "12.00", "12"),
        (KeyKind.FLOAT, "3.0", "3"),
        (KeyKind.UUID, "00112233-4455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"),
        (KeyKind.BYTES, "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"),
        (KeyKind.BYTES, "0a0b", "0a0b"),
        (KeyKind.TEXT, "a: b ", "a: b "),
        # A column of SQLite may hold what its type does not say.
        (KeyKind.INTEGER, "abc", "abc"),
    ],
)
def test_a_key_is_written_as_the_catalog_writes_it(kind: KeyKind, written: str, key: str) -> None:
    (page,) = item_keys([FeedEntry(1, "products", written)], [watched(kind)], no_query, "sqlite")
    assert page == [key]


def test_each_item_is_named_once_and_what_is_not_watched_any_more_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(items, "KEYS_IN_ONE_PAGE", 2)
    entries = [FeedEntry(n, "products", key) for n, key in enumerate(["1", "2", "1", "3", "2"])]
    entries += [FeedEntry(9, "former", "4"), FeedEntry(10, "products", None)]

    assert list(item_keys(entries, [watched(KeyKind.INTEGER)], no_query, "sqlite")) == [["1", "2"], ["3"]]


def test_a_query_for_keys_gets_one_value_and_keeps_its_colons() -> None:
    asked: list[tuple[str, object]] = []

    def read(query: Executable, parameters: dict[str, object]) -> Sequence[Sequence[object]]:
        asked.append((str(query), parameters["key"]))
        return [(11,), (12,), (None,)]

    keys = "SELECT id::bigint FROM products WHERE category_id = :key AND note <> ':keys :x' -- :y"
    (page,) = item_keys([FeedEntry(1, "products", "5")], [watched(KeyKind.INTEGER, keys)], read, "postgresql")

    assert page == ["11", "12"]
    assert asked == [("SELECT id::bigint FROM products WHERE category_id = :key AND note <> ':keys :x'", 5)]


def test_the_grant_names_any_user_safely() -> None:
    outbox = TableName("embedconsole_outbox", "shop")
    assert mysql.grant(outbox, "o'neil\\") == (
        "GRANT SELECT, DELETE ON `shop`.`embedconsole_outbox` TO 'o''neil\\\\'@'%'"
    )
    assert postgresql.grant(outbox, 'a"b') == (
        'GRANT SELECT, DELETE ON "shop"."embedconsole_outbox" TO "a""b"'
    )
