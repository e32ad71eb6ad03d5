"""The schemas of the commands that embedconsole replaces: docs/migration tells what was what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedconsole.setup.presets.preset import Pick, Preset

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.config.types import PayloadMapping
    from embedconsole.items import IndexType

_TABLES = {"p": "products", "c": "categories"}
_JOINS = {"c": "LEFT JOIN categories c ON c.id = p.category_id"}
_PICKS = (
    Pick("id", ("p.id",), required=True),
    Pick("sku", ("p.sku",)),
    Pick("title", ("p.title", "p.name"), required=True),
    Pick("description", ("p.description", "p.title", "p.name"), required=True),
    Pick("category", ("c.name", "p.category")),
    Pick("price", ("p.price",)),
    Pick("in_stock", ("p.in_stock", "p.stock > 0", "p.quantity > 0")),
    Pick("image_url", ("p.image_url", "p.image")),
    Pick("color", ("p.color",)),
    Pick("size_options", ("p.size_options",)),
    Pick("created_at", ("p.created_at",)),
    Pick("updated_at", ("p.updated_at",)),
)
_PAYLOAD: PayloadMapping = {
    "product_id": "sku",
    "title": "title",
    "category": "category",
    "price": "price",
    "in_stock": "in_stock",
    "image_url": "image_url",
    "metadata": {"color": "color", "size": "size_options"},
}
_INDEXES: Mapping[str, IndexType] = {
    "title": "text",
    "category": "keyword",
    "price": "float",
    "in_stock": "bool",
}

LEGACY_FLAGS = Preset(
    name="legacy-flags",
    title="products with embedding, embedding_synced_at and needs_embedding",
    tables=_TABLES,
    marks=("id", "embedding_synced_at", "needs_embedding"),
    picks=_PICKS,
    joins=_JOINS,
    conditions=("p.deleted_at IS NULL",),
    key="id",
    changed="updated_at",
    pipeline="products",
    text="{title}\n{description}",
    image="{image_url}",
    fields={"name": "title", "description": "description"},
    json_columns=("size_options",),
    writeback={"synced_at": "embedding_synced_at", "flag": "needs_embedding", "vector": "embedding"},
    payload=_PAYLOAD,
    indexes=_INDEXES,
    embedder="http",
    embedder_name="ml",
    notes=(
        "Replaces `sync:embeddings`. The three columns are kept up to date for those who read them; remove",
        "`vector` when nobody does: it is the slowest of them.",
    ),
)

LEGACY_TIMESTAMPS = replace(
    LEGACY_FLAGS,
    name="legacy-timestamps",
    title="products with last_embedded_at",
    marks=("id", "last_embedded_at"),
    writeback={"synced_at": "last_embedded_at"},
    notes=("Replaces `products:sync-embeddings`; last_embedded_at is kept up to date.",),
)

LEGACY_IMAGES = Preset(
    name="legacy-images",
    title="product_images, one point a picture",
    tables={"i": "product_images", "p": "products", "c": "categories"},
    marks=("id", "product_id"),
    picks=(
        Pick("id", ("i.id",), required=True),
        Pick("product_id", ("i.product_id",), required=True),
        Pick("image_url", ("i.image_url", "i.url", "i.src", "i.path", "i.image"), required=True),
        Pick("sku", ("p.sku",)),
        Pick("title", ("p.title", "p.name")),
        Pick("category", ("c.name", "p.category")),
        Pick("price", ("p.price",)),
        Pick("in_stock", ("p.in_stock", "p.stock > 0", "p.quantity > 0")),
        Pick("position", ("i.position", "i.sort_order")),
        Pick("updated_at", ("i.updated_at",)),
    ),
    joins={
        "p": "JOIN products p ON p.id = i.product_id",
        "c": "LEFT JOIN categories c ON c.id = p.category_id",
    },
    conditions=("p.deleted_at IS NULL", "i.deleted_at IS NULL"),
    key="id",
    changed="updated_at",
    product="product_id",
    pipeline="product_images",
    text=None,
    image="{image_url}",
    payload={
        "product_id": "product_id",
        "sku": "sku",
        "title": "title",
        "category": "category",
        "price": "price",
        "in_stock": "in_stock",
        "image_url": "image_url",
        "position": "position",
    },
    indexes={"product_id": "keyword", "category": "keyword", "price": "float", "in_stock": "bool"},
    embedder="replicate",
    embedder_name="clip",
    embedder_settings={"model": "openai/clip"},
    notes=(
        "Replaces `replicate:index-products`. updated_at is the picture's: an edit of its product alone",
        "reaches the payload with the next full scan (full_scan_every).",
    ),
)
