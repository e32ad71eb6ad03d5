"""The schemas of the commands that embedconsole replaces; docs/migration says what was what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedconsole.setup.presets.preset import ADDRESS, INDEXES, Noted, Parameter, Pick, Preset

if TYPE_CHECKING:
    from embedconsole.config.types import PayloadMapping


def _media(owner: str, model: str, alias: str) -> str:
    """The first picture that spatie/laravel-medialibrary keeps for a model, in its collection `main`.

    Args:
        owner: Alias of the model's table.
        alias: What the model is called in a morph map.
    """
    # A backslash in a text is an escape to MySQL alone: one of two spellings is the class, wherever it is.
    classes = rf"'App\Models\{model}', 'App\\Models\\{model}', 'App\{model}', 'App\\{model}'"
    return (
        "(SELECT REPLACE(REPLACE('{media}/@id/@file', '@id', CAST(d.id AS CHAR(20))), '@file', d.file_name)"
        "\n          FROM media d"
        f"\n         WHERE d.model_type IN ({classes}, '{alias}')"
        f"\n           AND d.model_id = {owner}.id AND d.collection_name = 'main'"
        "\n         ORDER BY d.order_column, d.id LIMIT 1)"
    )


_MEDIA = _media("p", "Product", "product")
_PARAMETERS = (
    Parameter(
        "media",
        "Address of the media library's disk",
        "A picture is at ID/FILE below it; with the disk `public` that is https://shop.example/storage.",
        "https://shop.example/storage",
        ADDRESS,
        table="media",
    ),
)
_TITLE = Pick("title", ("p.title", "p.name"), required=True)
_CATEGORY = Pick("category", ("c.name", "p.category"))
_IN_STOCK = Pick("in_stock", ("p.in_stock", "p.stock > 0", "p.quantity > 0"))
_CATEGORIES = "LEFT JOIN categories c ON c.id = p.category_id"
_PAYLOAD: PayloadMapping = {
    "product_id": "sku",
    "title": "title",
    "category": "category",
    "price": "price",
    "in_stock": "in_stock",
    "image_url": "image_url",
    "metadata": {"color": "color", "size": "size_options"},
    "created_at": "created_at",
}

LEGACY_FLAGS = Preset(
    name="legacy-flags",
    title="products with embedding and embedding_synced_at",
    tables={"p": "products", "c": "categories", "d": "media"},
    marks=("p.id p.embedding_synced_at",),
    parameters=_PARAMETERS,
    picks=(
        Pick("id", ("p.id",), required=True),
        Pick("sku", ("p.sku",)),
        _TITLE,
        Pick("description", ("p.description", "p.title", "p.name"), required=True),
        _CATEGORY,
        Pick("price", ("p.price",)),
        _IN_STOCK,
        Pick(
            "image_url",
            (f"COALESCE(NULLIF(p.image_url, ''), {_MEDIA})", _MEDIA, "p.image_url", "p.image"),
        ),
        Pick("color", ("p.color",)),
        Pick("size_options", ("p.size_options",)),
        Pick("created_at", ("p.created_at",)),
        Pick("updated_at", ("p.updated_at",)),
    ),
    joins={"c": _CATEGORIES},
    conditions=("p.deleted_at IS NULL",),
    key="id",
    changed="updated_at",
    pipeline="products",
    text="{title}\n{description}",
    fields={"name": "title", "description": "description"},
    json_columns=("size_options",),
    noted=Noted(
        "p",
        {
            "synced_at": ("embedding_synced_at", "last_embedded_at"),
            "flag": ("needs_embedding",),
            "vector": ("embedding",),
        },
    ),
    payload=_PAYLOAD,
    notes=(
        "Replaces `sync:embeddings`. The columns of `writeback` are kept up to date for those who read them;",
        "remove `vector` when none does: it is the slowest of them.",
    ),
)

LEGACY_TIMESTAMPS = replace(
    LEGACY_FLAGS,
    name="legacy-timestamps",
    title="products with needs_embedding, last_embedded_at and embedding",
    marks=("p.id p.last_embedded_at",),
    text="{title}",
    fields={},
    embedder_settings={"shape": "single"},
    notes=(
        "Replaces `products:sync-embeddings`, which sent the title alone. The columns of `writeback` are",
        "kept up to date for those who read them.",
    ),
)

LEGACY_IMAGES = Preset(
    name="legacy-images",
    title="product_images and product_embeddings, one point a picture",
    tables={
        "i": "product_images",
        "p": "products",
        "c": "categories",
        "d": "media",
        "e": "product_embeddings",
    },
    marks=("i.id i.product_id e.product_image_id",),
    parameters=_PARAMETERS,
    picks=(
        Pick("id", ("i.id",), required=True),
        Pick("product_id", ("i.product_id",), required=True),
        Pick(
            "image_url",
            (
                "i.image_url",
                "i.url",
                "i.src",
                "i.path",
                "i.image",
                _media("i", "ProductImage", "product_image"),
            ),
            required=True,
        ),
        Pick("sku", ("p.sku",)),
        replace(_TITLE, required=False),
        _CATEGORY,
        Pick("price", ("p.price",)),
        _IN_STOCK,
        Pick("position", ("i.position", "i.sort_order")),
        Pick("created_at", ("i.created_at",)),
        Pick("updated_at", ("i.updated_at",)),
    ),
    joins={"p": "JOIN products p ON p.id = i.product_id", "c": _CATEGORIES},
    conditions=("p.deleted_at IS NULL", "i.deleted_at IS NULL"),
    key="id",
    changed="updated_at",
    product="product_id",
    pipeline="product_images",
    noted=Noted(
        "e",
        {"synced_at": ("embedded_at", "indexed_at"), "vector": ("embedding", "vector")},
        key="product_image_id",
    ),
    payload={
        "product_id": "product_id",
        "product_image_id": "id",
        "sku": "sku",
        "title": "title",
        "category": "category",
        "price": "price",
        "in_stock": "in_stock",
        "image_url": "image_url",
        "position": "position",
        "created_at": "created_at",
    },
    indexes={**INDEXES, "product_id": "integer"},
    embedder="replicate",
    embedder_name="clip",
    embedder_settings={"model": "openai/clip"},
    notes=(
        "Replaces `replicate:index-products`. updated_at is the picture's: an edit of its product alone",
        "reaches the payload with the next full scan (full_scan_every). Rows that product_embeddings lacks",
        "are inserted when their pictures are embedded.",
    ),
)
