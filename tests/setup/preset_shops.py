"""Shops as the presets know them: their tables with a few rows, in SQLite and MySQL/MariaDB (legacy: any)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from support.databases import Database

_TIME = {"sqlite": "TEXT", "postgresql": "timestamp", "mysql": "DATETIME"}
_FLAG = {"sqlite": "BOOLEAN", "postgresql": "boolean", "mysql": "TINYINT(1)"}
_NOW = "'2026-01-02 03:04:05'"


def _products(database: Database, ours: str, *, categories: bool = True) -> None:
    time = _TIME[database.dialect]
    if categories:
        database.run(
            "CREATE TABLE categories (id integer PRIMARY KEY, name varchar(100))",
            "INSERT INTO categories VALUES (1, 'Shoes'), (2, 'Mugs')",
        )
    database.run(
        "CREATE TABLE products (id integer PRIMARY KEY, sku varchar(40), title varchar(99), description text,"
        " category_id integer, price decimal(10,2), stock integer, image_url varchar(400), color varchar(40),"
        f" size_options text, created_at {time} NULL, updated_at {time} NULL,"
        f" deleted_at {time} NULL, {ours})",
    )
    columns = (
        "id, sku, title, description, category_id, price, stock, image_url, color, size_options, updated_at"
    )
    deleted = f"{columns}, deleted_at"
    database.run(
        f"INSERT INTO products ({columns}) VALUES (1, 'S-1', 'Red running shoes', 'Light', 1, 79.95, 3,"
        f" 'https://shop.example/1.jpg', 'red', '[\"S\", \"M\"]', {_NOW})",
        f"INSERT INTO products ({columns}) VALUES (2, 'S-2', 'Mug', 'With 100% of a handle', 2, 9.95, 0,"
        f" NULL, NULL, NULL, {_NOW})",
        f"INSERT INTO products ({deleted}) VALUES (3, 'S-3', 'Gone', 'x', 2, 9.95, 0, NULL, NULL, NULL,"
        f" {_NOW}, {_NOW})",
    )


def legacy_flags(database: Database) -> None:
    """`products` with the three columns of `sync:embeddings`; of three products one is deleted."""
    time, flag = _TIME[database.dialect], _FLAG[database.dialect]
    _products(database, f"embedding text NULL, embedding_synced_at {time} NULL, needs_embedding {flag} NULL")


def legacy_timestamps(database: Database) -> None:
    """`products` with `last_embedded_at`, and no categories."""
    _products(database, f"last_embedded_at {_TIME[database.dialect]} NULL", categories=False)


def legacy_images(database: Database) -> None:
    """`product_images` whose addresses are called `url`: two of a product, one of a deleted one."""
    _products(database, f"seen_at {_TIME[database.dialect]} NULL")
    database.run(
        "CREATE TABLE product_images (id integer PRIMARY KEY, product_id integer, url varchar(400),"
        f" position integer, updated_at {_TIME[database.dialect]} NULL)",
        f"INSERT INTO product_images VALUES (11, 1, 'https://shop.example/front.jpg', 1, {_NOW}),"
        f" (12, 1, 'https://shop.example/back.jpg', 2, {_NOW}),"
        f" (13, 3, 'https://shop.example/x.jpg', 1, {_NOW})",
    )


def woocommerce(database: Database, prefix: str = "shop_") -> None:
    """Two products on sale (one with two prices), a draft, a page, and what belongs to them."""
    time = _TIME[database.dialect]
    database.run(
        f"CREATE TABLE {prefix}posts (ID integer PRIMARY KEY, post_title text, post_content text,"
        " post_excerpt text, post_status varchar(20), post_type varchar(20), post_name varchar(200),"
        f" guid varchar(255), post_modified_gmt {time} NULL)",
        f"CREATE TABLE {prefix}postmeta (meta_id integer PRIMARY KEY, post_id integer, meta_key varchar(255),"
        " meta_value text)",
        f"CREATE TABLE {prefix}terms (term_id integer PRIMARY KEY, name varchar(200), slug varchar(200))",
        f"CREATE TABLE {prefix}term_taxonomy (term_taxonomy_id integer PRIMARY KEY, term_id integer,"
        " taxonomy varchar(32))",
        f"CREATE TABLE {prefix}term_relationships (object_id integer, term_taxonomy_id integer)",
        f"INSERT INTO {prefix}posts VALUES"
        f" (1, 'Red running shoes', 'Light & fast', 'Light', 'publish', 'product', 'red-shoes', '', {_NOW}),"
        f" (2, 'Mug', 'With a handle', '', 'publish', 'product', 'mug', '', {_NOW}),"
        f" (3, 'Draft', 'x', '', 'draft', 'product', 'draft', '', {_NOW}),"
        f" (4, 'Imprint', 'x', '', 'publish', 'page', 'imprint', '', {_NOW}),"
        f" (5, 'shoes.jpg', '', '', 'inherit', 'attachment', 'shoes', 'https://shop.example/s.jpg', {_NOW})",
        f"INSERT INTO {prefix}postmeta VALUES (1, 1, '_sku', 'S-1'), (2, 1, '_price', '89.95'),"
        " (3, 1, '_price', '79.95'), (4, 1, '_stock_status', 'instock'), (5, 1, '_thumbnail_id', '5'),"
        " (6, 2, '_price', '9.95'), (7, 2, '_stock_status', 'outofstock')",
        f"INSERT INTO {prefix}terms VALUES (1, 'Shoes', 'shoes'), (2, 'simple', 'simple')",
        f"INSERT INTO {prefix}term_taxonomy VALUES (7, 1, 'product_cat'), (8, 2, 'product_type')",
        f"INSERT INTO {prefix}term_relationships VALUES (1, 7), (1, 8), (2, 8)",
    )


def bagisto(database: Database) -> None:
    """Two products in two locales each, one of them switched off."""
    time = _TIME[database.dialect]
    flat = (
        "product_id, sku, name, short_description, description, url_key, price, status, visible_individually,"
        " locale, channel, updated_at"
    )
    database.run(
        "CREATE TABLE product_flat (id integer PRIMARY KEY, product_id integer, sku varchar(100),"
        " name varchar(200), short_description text, description text, url_key varchar(200),"
        " price decimal(12,4), special_price decimal(12,4), status TINYINT(1),"
        f" visible_individually TINYINT(1), locale varchar(20), channel varchar(20), updated_at {time} NULL)",
        "CREATE TABLE product_categories (product_id integer, category_id integer)",
        "CREATE TABLE category_translations (id integer PRIMARY KEY, category_id integer, name varchar(200),"
        " locale varchar(20))",
        "CREATE TABLE product_inventories (id integer PRIMARY KEY, qty integer, product_id integer)",
        "CREATE TABLE product_images (id integer PRIMARY KEY, path varchar(255), product_id integer)",
        f"INSERT INTO product_flat (id, {flat}) VALUES"
        f" (1, 1, 'S-1', 'Red running shoes', 'Light', 'x', 'red', 79.95, 1, 1, 'en', 'default', {_NOW}),"
        f" (2, 1, 'S-1', 'Rote Laufschuhe', 'Leicht', 'x', 'rot', 79.95, 1, 1, 'de', 'default', {_NOW}),"
        f" (3, 2, 'S-2', 'Mug', '', 'x', 'mug', 9.95, 1, 1, 'en', 'default', {_NOW}),"
        f" (4, 3, 'S-3', 'Off', '', 'x', 'off', 9.95, 0, 1, 'en', 'default', {_NOW})",
        "INSERT INTO product_categories VALUES (1, 1)",
        "INSERT INTO category_translations VALUES (1, 1, 'Shoes', 'en'), (2, 1, 'Schuhe', 'de')",
        "INSERT INTO product_inventories VALUES (1, 3, 1)",
        "INSERT INTO product_images VALUES (1, 'product/1/a.webp', 1)",
    )


MAKERS: Mapping[str, Callable[[Database], None]] = {
    "legacy-flags": legacy_flags,
    "legacy-timestamps": legacy_timestamps,
    "legacy-images": legacy_images,
    "woocommerce": woocommerce,
    "bagisto": bagisto,
}
FLAGS: Mapping[str, Sequence[str]] = {
    "bagisto": ("--set", "storage=https://shop.example/storage"),
}
PAYLOADS: Mapping[str, Mapping[str, object]] = {
    "legacy-flags": {
        "product_id": "S-1",
        "title": "Red running shoes",
        "category": "Shoes",
        "price": 79.95,
        "in_stock": True,
        "image_url": "https://shop.example/1.jpg",
        "metadata": {"color": "red", "size": ["S", "M"]},
    },
    "legacy-timestamps": {
        "product_id": "S-1",
        "title": "Red running shoes",
        "price": 79.95,
        "in_stock": True,
        "image_url": "https://shop.example/1.jpg",
        "metadata": {"color": "red", "size": ["S", "M"]},
    },
    "legacy-images": {
        "product_id": "1",
        "sku": "S-1",
        "title": "Red running shoes",
        "category": "Shoes",
        "price": 79.95,
        "in_stock": True,
        "image_url": "https://shop.example/front.jpg",
        "position": 1,
    },
    "woocommerce": {
        "product_id": 1,
        "sku": "S-1",
        "title": "Red running shoes",
        "slug": "red-shoes",
        "category": "Shoes",
        "price": 79.95,
        "in_stock": True,
        "image_url": "https://shop.example/s.jpg",
    },
    "bagisto": {
        "product_id": 1,
        "sku": "S-1",
        "title": "Red running shoes",
        "slug": "red",
        "category": "Shoes",
        "price": 79.95,
        "special_price": None,
        "in_stock": True,
        "image_url": "https://shop.example/storage/product/1/a.webp",
    },
}
"""What the point of the first item says, whatever the database."""
