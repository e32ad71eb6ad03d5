"""What columns are taken for, by name, type and the first rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.catalog.discovery import Column, ColumnKind, Look
from embedconsole.setup.guess import (
    guess_changed,
    guess_gone,
    guess_image,
    guess_indexes,
    guess_json,
    guess_key,
    guess_payload,
    guess_table,
    guess_text,
)

if TYPE_CHECKING:
    from embedconsole.items import JsonValue

_SHOP = """
    id:integer! sku:text title:text description:text category_id:integer brand:text price:number
    in_stock:bool image_url:text size_options:text uid:uuid raw:binary password_hash:text
    embedding:text needs_embedding:bool created_at:time updated_at:time deleted_at:time
"""


def look(columns: str, *rows: list[JsonValue]) -> Look:
    """A table: `name:kind`, with an exclamation mark where the database knows it to be unique."""
    parts = [(*column.rstrip("!").partition(":"), column.endswith("!")) for column in columns.split()]
    return Look(None, tuple(Column(name, ColumnKind(kind), unique) for name, _, kind, unique in parts), rows)


def test_a_usual_shop_is_understood() -> None:
    shop = look(_SHOP)
    assert guess_key(shop) == "id"
    assert guess_changed(shop) == "updated_at"
    assert guess_text(shop) == ["title", "description"]
    assert guess_image(shop) == "image_url"
    assert guess_gone(shop, '"{}"'.format) == '"deleted_at" IS NULL'
    payload = guess_payload(shop)
    assert not {"raw", "password_hash", "embedding", "needs_embedding", "deleted_at"} & set(payload)
    assert guess_indexes(shop, payload) == {
        "sku": "keyword",
        "title": "text",
        "category_id": "integer",
        "brand": "keyword",
        "price": "float",
        "in_stock": "bool",
        "uid": "uuid",
    }


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ("title:text sku:text! id:integer", "sku"),
        ("title:text article_id:integer", "article_id"),
        ("title:text uuid:text", "uuid"),
        ("name:text body:text", "name"),
        ("no:integer! sku:text!", "sku"),
    ],
)
def test_a_key_is_what_the_database_calls_unique_or_else_what_is_named_like_one(
    columns: str, key: str
) -> None:
    assert guess_key(look(columns)) == key


@pytest.mark.parametrize(
    ("column", "condition"),
    [
        ("removed_at:text", "removed_at IS NULL"),
        ("discarded_at:time", "discarded_at IS NULL"),
        ("is_deleted:bool", "(is_deleted IS NULL OR NOT is_deleted)"),
        ("deleted:integer", "(deleted IS NULL OR deleted = 0)"),
        ("undeleted:bool", None),
        ("deleted_by:integer", None),
    ],
)
def test_marks_of_deletion(column: str, condition: str | None) -> None:
    assert guess_gone(look(f"id:integer! {column}"), str) == condition


@pytest.mark.parametrize(
    "name", ["updated_at", "modified", "last_update", "post_modified_gmt", "updatedAt", "date_modified"]
)
def test_columns_of_changes(name: str) -> None:
    assert guess_changed(look(f"id:integer! created_at:time {name}:text")) == name


def test_nothing_is_guessed_where_nothing_is() -> None:
    bare = look("a:integer b:number")
    assert (guess_changed(bare), guess_image(bare), guess_text(bare)) == (None, None, [])
    assert guess_table([]) is None
    assert guess_text(look("a:integer remark:text photo:text")) == ["remark"]


def test_the_table_of_the_items() -> None:
    assert guess_table(["categories", "product_images", "products"]) == "products"
    assert guess_table(["categories", "shop_products_v2"]) == "shop_products_v2"
    assert guess_table(["a", "b"]) == "a"


def test_json_and_prose_are_told_by_the_rows() -> None:
    rows: list[list[JsonValue]] = [["[1]", "{x", "x" * 200], ['{"a": 1}', "{y}", "short"], [None, None, None]]
    seen = look("options:text note:text brand:text", *rows)
    assert guess_json(seen) == ("options",)
    assert guess_indexes(seen, seen.names) == {}
