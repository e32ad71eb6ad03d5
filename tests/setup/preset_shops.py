"""Shops as the presets know them: their tables with a few rows, in SQLite and MySQL/MariaDB (legacy: any)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from support.databases import Database

_TIME = {"sqlite": "TEXT", "postgresql": "timestamp", "mysql": "DATETIME"}
_FLAG = {"sqlite": "BOOLEAN", "postgresql": "boolean", "mysql": "TINYINT(1)"}
_NUMBERED = {
    "sqlite": "id integer PRIMARY KEY",
    "postgresql": "id bigserial PRIMARY KEY",
    "mysql": "id bigint unsigned AUTO_INCREMENT PRIMARY KEY",
}
_NOW = "'2026-01-02 03:04:05'"


def _products(database: Database, ours: str, *, categories: bool = True, pictures: bool = True) -> None:
    time = _TIME[database.dialect]
    if categories:
        database.run(
            "CREATE TABLE categories (id integer PRIMARY KEY, name varchar(100))",
            "INSERT INTO categories VALUES (1, 'Shoes'), (2, 'Mugs')",
        )
    picture = "image_url varchar(400)," if pictures else ""
    database.run(
        "CREATE TABLE products (id integer PRIMARY KEY, sku varchar(40), title varchar(99), description text,"
        f" category_id integer, price decimal(10,2), stock integer, {picture} color varchar(40),"
        f" size_options text, created_at {time} NULL, updated_at {time} NULL,"
        f" deleted_at {time} NULL, {ours})",
    )
    columns = "id, sku, title, description, category_id, price, stock, color, size_options, created_at"
    columns += ", updated_at, deleted_at"
    database.run(
        f"INSERT INTO products ({columns}) VALUES (1, 'S-1', 'Red running shoes', 'Light', 1, 79.95, 3,"
        f" 'red', '[\"S\", \"M\"]', {_NOW}, {_NOW}, NULL), (2, 'S-2', 'Mug', 'With 100% of a handle', 2,"
        f" 9.95, 0, NULL, NULL, {_NOW}, {_NOW}, NULL), (3, 'S-3', 'Gone', 'x', 2, 9.95, 0, NULL, NULL, NULL,"
        f" {_NOW}, {_NOW})",
    )
    if pictures:
        database.run("UPDATE products SET image_url = 'https://shop.example/1.jpg' WHERE id = 1")


def _media(database: Database) -> None:
    """The table of spatie/laravel-medialibrary: two pictures of product 1, and things that are none."""
    slash = "\\\\" if database.dialect == "mysql" else "\\"
    product, order = f"'App{slash}Models{slash}Product'", f"'App{slash}Models{slash}Order'"
    database.run(
        "CREATE TABLE media (id integer PRIMARY KEY, model_type varchar(255), model_id integer,"
        " collection_name varchar(255), file_name varchar(255), disk varchar(255),"
        " order_column integer NULL)",
        f"INSERT INTO media VALUES (7, {product}, 1, 'main', 'back.jpg', 'public', 2),"
        f" (8, {product}, 1, 'main', 'front.jpg', 'public', 1),"
        f" (9, {product}, 1, 'manual', 'manual.pdf', 'public', 0),"
        f" (10, {order}, 1, 'main', 'bill.jpg', 'public', 0)",
    )


def legacy_flags(database: Database) -> None:
    """`products` with the two columns of `sync:embeddings`; of three products one is deleted."""
    _products(database, f"embedding text NULL, embedding_synced_at {_TIME[database.dialect]} NULL")


def legacy_timestamps(database: Database) -> None:
    """`products` with the three columns of `products:sync-embeddings`; pictures are in the media library."""
    time, flag = _TIME[database.dialect], _FLAG[database.dialect]
    ours = f"needs_embedding {flag} NULL, last_embedded_at {time} NULL, embedding text NULL"
    _products(database, ours, categories=False, pictures=False)
    _media(database)


def legacy_images(database: Database) -> None:
    """`product_images` whose addresses are called `url`: two of a product, one of a deleted one."""
    _products(database, f"seen_at {_TIME[database.dialect]} NULL")
    time = _TIME[database.dialect]
    database.run(
        "CREATE TABLE product_images (id integer PRIMARY KEY, product_id integer, url varchar(400),"
        f" position integer, created_at {time} NULL, updated_at {time} NULL)",
        f"INSERT INTO product_images VALUES (11, 1, 'https://shop.example/front.jpg', 1, {_NOW}, {_NOW}),"
        f" (12, 1, 'https://shop.example/back.jpg', 2, {_NOW}, {_NOW}),"
        f" (13, 3, 'https://shop.example/x.jpg', 1, {_NOW}, {_NOW})",
        f"CREATE TABLE product_embeddings ({_NUMBERED[database.dialect]}, product_id integer NOT NULL,"
        " product_image_id integer NOT NULL, embedding text NOT NULL,"
        f" created_at {time} NULL, updated_at {time} NULL, UNIQUE (product_id, product_image_id))",
        "INSERT INTO product_embeddings (product_id, product_image_id, embedding) VALUES (1, 11, '[]')",
    )


def woocommerce(database: Database, prefix: str = "shop_") -> None:
    """Products as WordPress stores them: one with variants, one without a price, drafts, a page."""
    time = _TIME[database.dialect]
    database.run(
        f"CREATE TABLE {prefix}posts (ID integer PRIMARY KEY, post_title text, post_content text,"
        " post_excerpt text, post_status varchar(20), post_type varchar(20), post_name varchar(200),"
        f" guid varchar(255), post_modified_gmt {time} NULL, post_parent integer DEFAULT 0)",
        f"CREATE TABLE {prefix}postmeta (meta_id integer PRIMARY KEY, post_id integer, meta_key varchar(255),"
        " meta_value text)",
        f"CREATE TABLE {prefix}terms (term_id integer PRIMARY KEY, name varchar(200), slug varchar(200))",
        f"CREATE TABLE {prefix}term_taxonomy (term_taxonomy_id integer PRIMARY KEY, term_id integer,"
        " taxonomy varchar(32))",
        f"CREATE TABLE {prefix}term_relationships (object_id integer, term_taxonomy_id integer)",
        f"INSERT INTO {prefix}posts VALUES"
        f" (1, 'Red &amp; running shoes', '<p>Light &#8211; <b>fast</b></p>[gallery ids=\"1,2\"]',"
        f" '<i>Light</i>', 'publish', 'product', 'red-shoes', '', {_NOW}, 0),"
        f" (2, 'Mug', 'With a handle', '', 'publish', 'product', 'mug', '', {_NOW}, 0),"
        f" (3, 'Draft', 'x', '', 'draft', 'product', 'draft', '', {_NOW}, 0),"
        f" (4, 'Imprint', 'x', '', 'publish', 'page', 'imprint', '', {_NOW}, 0),"
        " (5, 'shoes.jpg', '', '', 'inherit', 'attachment', 'shoes',"
        f" 'https://shop.example/wp-content/uploads/2020/01/old.jpg', {_NOW}, 0),"
        f" (6, 'S', '', '', 'publish', 'product_variation', 's', '', {_NOW}, 1),"
        f" (7, 'M', '', '', 'publish', 'product_variation', 'm', '', {_NOW}, 1),"
        f" (8, 'L', '', '', 'private', 'product_variation', 'l', '', {_NOW}, 1)",
        f"INSERT INTO {prefix}postmeta VALUES (1, 1, '_sku', 'S-1'), (2, 1, '_price', ''),"
        " (3, 1, '_stock_status', 'outofstock'), (4, 1, '_thumbnail_id', '5'),"
        " (5, 5, '_wp_attached_file', '2024/05/new.jpg'), (6, 6, '_price', '89.95'),"
        " (7, 7, '_price', '79.95'), (8, 8, '_price', '1.00'), (9, 6, '_stock_status', 'instock'),"
        " (10, 7, '_stock_status', 'outofstock'),"
        " (11, 2, '_price', ''), (12, 2, '_stock_status', 'outofstock')",
        f"INSERT INTO {prefix}terms VALUES (1, 'Shoes &amp; Bags', 'shoes'), (2, 'simple', 'simple')",
        f"INSERT INTO {prefix}term_taxonomy VALUES (7, 1, 'product_cat'), (8, 2, 'product_type')",
        f"INSERT INTO {prefix}term_relationships VALUES (1, 7), (1, 8), (2, 8)",
    )


def bagisto(database: Database) -> None:
    """A product with variants and a plain one, in two locales, and one that is switched off."""
    time = _TIME[database.dialect]
    flat = (
        "product_id, sku, name, short_description, description, url_key, price, status, visible_individually,"
        " locale, channel, updated_at"
    )
    database.run(
        "CREATE TABLE products (id integer PRIMARY KEY, parent_id integer NULL)",
        "INSERT INTO products VALUES (1, NULL), (2, NULL), (3, NULL), (4, 1), (5, 1)",
        "CREATE TABLE channels (id integer PRIMARY KEY, code varchar(20), hostname varchar(100))",
        "INSERT INTO channels VALUES (1, 'default', 'https://shop.example')",
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
        f" (1, 1, 'S-1', 'Red running shoes', '<p>Light</p>', 'x', 'red', NULL, 1, 1, 'en', 'default',"
        f" {_NOW}),"
        f" (2, 1, 'S-1', 'Rote Laufschuhe', 'Leicht', 'x', 'rot', NULL, 1, 1, 'de', 'default', {_NOW}),"
        f" (3, 2, 'S-2', 'Mug', '', 'x', 'mug', NULL, 1, 1, 'en', 'default', {_NOW}),"
        f" (4, 3, 'S-3', 'Off', '', 'x', 'off', 9.95, 0, 1, 'en', 'default', {_NOW}),"
        f" (5, 4, 'S-1-S', 'S', '', 'x', 's', 89.95, 1, 0, 'en', 'default', {_NOW}),"
        f" (6, 5, 'S-1-M', 'M', '', 'x', 'm', 79.95, 1, 0, 'en', 'default', {_NOW}),"
        f" (7, 5, 'S-1-M', 'M', '', 'x', 'm', 1, 1, 0, 'de', 'default', {_NOW})",
        "INSERT INTO product_categories VALUES (1, 1)",
        "INSERT INTO category_translations VALUES (1, 1, 'Shoes', 'en'), (2, 1, 'Schuhe', 'de')",
        "INSERT INTO product_inventories VALUES (1, 0, 1), (2, 3, 5)",
        "INSERT INTO product_images VALUES (1, 'product/1/a.webp', 1)",
    )


MAKERS: Mapping[str, Callable[[Database], None]] = {
    "legacy-flags": legacy_flags,
    "legacy-timestamps": legacy_timestamps,
    "legacy-images": legacy_images,
    "woocommerce": woocommerce,
    "bagisto": bagisto,
}
_LEGACY: Mapping[str, object] = {
    "product_id": "S-1",
    "title": "Red running shoes",
    "price": 79.95,
    "in_stock": True,
    "metadata": {"color": "red", "size": ["S", "M"]},
}
PAYLOADS: Mapping[str, Mapping[str, object]] = {
    "legacy-flags": {**_LEGACY, "category": "Shoes", "image_url": "https://shop.example/1.jpg"},
    "legacy-timestamps": {**_LEGACY, "image_url": "https://shop.example/storage/8/front.jpg"},
    "legacy-images": {
        "product_id": 1,
        "product_image_id": 11,
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
        "title": "Red & running shoes",
        "slug": "red-shoes",
        "category": "Shoes & Bags",
        "price": 79.95,
        "in_stock": True,
        "image_url": "https://shop.example/wp-content/uploads/2024/05/new.jpg",
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
"""What the point of the first item says, whatever the database; but for the time of its creation."""
