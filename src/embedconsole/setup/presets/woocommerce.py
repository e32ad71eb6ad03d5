"""WooCommerce: products are posts, and what is said of them stands in wp_postmeta and the term tables."""

from __future__ import annotations

from embedconsole.setup.presets.preset import Parameter, Pick, Preset


def _meta(key: str, value: str) -> str:
    return (
        f"(SELECT {value} FROM {{prefix}}postmeta m"
        f"\n         WHERE m.post_id = p.ID AND m.meta_key = '{key}')"
    )


_TERMS = (
    "(SELECT MIN(t.name) FROM {{prefix}}term_relationships r"
    "\n          JOIN {{prefix}}term_taxonomy x ON x.term_taxonomy_id = r.term_taxonomy_id"
    "\n          JOIN {{prefix}}terms t ON t.term_id = x.term_id"
    "\n         WHERE r.object_id = p.ID AND x.taxonomy = '{taxonomy}')"
)
_IMAGE = (
    "(SELECT MIN(a.guid) FROM {prefix}postmeta m"
    "\n          JOIN {prefix}posts a ON a.ID = CAST(m.meta_value AS UNSIGNED)"
    "\n         WHERE m.post_id = p.ID AND m.meta_key = '_thumbnail_id')"
)

WOOCOMMERCE = Preset(
    name="woocommerce",
    title="WooCommerce: wp_posts, wp_postmeta and the term tables",
    tables={
        "p": "{prefix}posts",
        "m": "{prefix}postmeta",
        "a": "{prefix}posts",
        "r": "{prefix}term_relationships",
        "x": "{prefix}term_taxonomy",
        "t": "{prefix}terms",
    },
    marks=("ID", "post_title", "post_type"),
    parameters=(
        Parameter(
            "prefix",
            "Prefix of WordPress's tables",
            "$table_prefix of wp-config.php; wp_ unless somebody changed it.",
            "wp_",
            r"[A-Za-z0-9_]{0,40}",
        ),
    ),
    picks=(
        Pick("id", ("p.ID",), required=True),
        Pick("sku", (_meta("_sku", "MAX(m.meta_value)"),)),
        Pick("title", ("p.post_title",), required=True),
        Pick("short_description", ("p.post_excerpt",)),
        Pick("description", ("p.post_content",), required=True),
        Pick("slug", ("p.post_name",)),
        Pick("category", (_TERMS.format(taxonomy="product_cat"),)),
        Pick("price", (_meta("_price", "MIN(CAST(m.meta_value AS DECIMAL(12,2)))"),)),
        Pick("in_stock", (_meta("_stock_status", "MAX(m.meta_value = 'instock')"),)),
        Pick("image_url", (_IMAGE,)),
        Pick("updated_at", ("p.post_modified_gmt",)),
    ),
    conditions=("p.post_type = 'product'", "p.post_status = 'publish'"),
    key="id",
    changed="updated_at",
    pipeline="products",
    text="{title}\n{short_description}\n{description}",
    image="{image_url}",
    fields={"name": "title", "description": "description"},
    payload={
        "product_id": "id",
        "sku": "sku",
        "title": "title",
        "slug": "slug",
        "category": "category",
        "price": "price",
        "in_stock": "in_stock",
        "image_url": "image_url",
    },
    indexes={
        "title": "text",
        "sku": "keyword",
        "category": "keyword",
        "price": "float",
        "in_stock": "bool",
    },
    embedder="http",
    embedder_name="ml",
    notes=(
        "A product in several categories has the first of them by name; a variable product its lowest price.",
        "Stock that is sold may leave post_modified_gmt alone: the next full scan (full_scan_every) sees it.",
    ),
)
