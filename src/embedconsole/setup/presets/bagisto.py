"""Bagisto: product_flat has a row for each product, locale and channel."""

from __future__ import annotations

from embedconsole.setup.presets.preset import ADDRESS, Parameter, Pick, Preset

_CATEGORY = (
    "(SELECT MIN(t.name) FROM product_categories pc"
    "\n          JOIN category_translations t ON t.category_id = pc.category_id AND t.locale = f.locale"
    "\n         WHERE pc.product_id = f.product_id)"
)
_PRICE = (
    "COALESCE((SELECT MIN(w.price) FROM products v"
    "\n          JOIN product_flat w ON w.product_id = v.id AND w.locale = f.locale AND w.channel = f.channel"
    "\n         WHERE v.parent_id = f.product_id AND w.status = 1), f.price)"
)
_OWN_STOCK = "(SELECT COALESCE(SUM(s.qty), 0) FROM product_inventories s WHERE s.product_id = f.product_id)"
_VARIANTS_STOCK = (
    "(SELECT COALESCE(SUM(s.qty), 0) FROM products v"
    "\n          JOIN product_inventories s ON s.product_id = v.id WHERE v.parent_id = f.product_id)"
)


def _image(order: str) -> str:
    # Not ||, which is OR to MySQL; and null where there is no picture, which CONCAT is not on every database.
    return (
        "(SELECT REPLACE('{storage}/@path', '@path', i.path) FROM product_images i"
        f"\n         WHERE i.product_id = f.product_id ORDER BY {order} LIMIT 1)"
    )


_WORD = r"[A-Za-z0-9_.-]{1,40}"

BAGISTO = Preset(
    name="bagisto",
    title="Bagisto: product_flat, product_inventories, product_images and the categories",
    tables={
        "f": "product_flat",
        "pc": "product_categories",
        "t": "category_translations",
        "s": "product_inventories",
        "i": "product_images",
        "v": "products",
        "w": "product_flat",
    },
    marks=("f.product_id f.locale f.channel",),
    parameters=(
        Parameter(
            "locale", "Locale", "product_flat has a row for each; one pipeline takes one.", "en", _WORD
        ),
        Parameter("channel", "Channel", "As with the locale.", "default", _WORD),
        Parameter(
            "storage",
            "Address of the pictures' folder",
            "product_images has paths below it: https://shop.example/storage.",
            "https://shop.example/storage",
            ADDRESS,
            looks=(
                "SELECT REPLACE('@host/storage', '@host', hostname) FROM channels"
                " WHERE code = '{channel}' AND hostname LIKE 'http%'",
            ),
        ),
    ),
    picks=(
        Pick("id", ("f.product_id",), required=True),
        Pick("sku", ("f.sku",)),
        Pick("title", ("f.name",), required=True),
        Pick("short_description", ("f.short_description",)),
        Pick("description", ("f.description",), required=True),
        Pick("slug", ("f.url_key",)),
        Pick("category", (_CATEGORY,)),
        Pick("price", (_PRICE, "f.price")),
        Pick("special_price", ("f.special_price",)),
        Pick("in_stock", (f"{_OWN_STOCK} + {_VARIANTS_STOCK} > 0", f"{_OWN_STOCK} > 0")),
        Pick("image_url", (_image("i.position, i.id"), _image("i.id"))),
        Pick("updated_at", ("f.updated_at",)),
    ),
    conditions=(
        "f.status = 1",
        "f.visible_individually = 1",
        "f.locale = '{locale}'",
        "f.channel = '{channel}'",
    ),
    key="id",
    changed="updated_at",
    pipeline="products",
    text="{title}\n{short_description}\n{description}",
    fields={"name": "title", "description": "description"},
    html_columns=("short_description", "description"),
    notes=(
        "product_flat.updated_at does not move with stock, pictures and categories: the next full scan",
        "(full_scan_every) sees those. A configurable product has its variants' lowest price and stock.",
    ),
)
