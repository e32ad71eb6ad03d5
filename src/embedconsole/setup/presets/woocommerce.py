"""WooCommerce: products are posts, and what is said of them stands in wp_postmeta and the term tables."""

from __future__ import annotations

from embedconsole.setup.presets.preset import ADDRESS, Parameter, Pick, Preset

_PARENT = "{prefix}postmeta m\n         WHERE m.post_id = p.ID AND m.meta_key = '@key'"
_VARIANTS = (
    "{prefix}posts v"
    "\n          JOIN {prefix}postmeta m ON m.post_id = v.ID AND m.meta_key = '@key'"
    "\n         WHERE v.post_parent = p.ID AND v.post_type = 'product_variation'"
    " AND v.post_status = 'publish'"
)
# What has no price yet has an empty one, and an empty text is 0 to a CAST.
_PRICE = "MIN(CAST(NULLIF(m.meta_value, '') AS DECIMAL(19,4)))"
_IN_STOCK = "MAX(m.meta_value <> 'outofstock')"


def _meta(key: str, value: str, of: str = _PARENT) -> str:
    return f"(SELECT {value} FROM {of.replace('@key', key)})"


def _with_variants(key: str, value: str) -> tuple[str, str]:
    """That of the variants; of the product itself where it has none."""
    own = _meta(key, value)
    return f"COALESCE({_meta(key, value, _VARIANTS)},\n       {own})", own


_TERMS = (
    "(SELECT MIN(t.name) FROM {{prefix}}term_relationships r"
    "\n          JOIN {{prefix}}term_taxonomy x ON x.term_taxonomy_id = r.term_taxonomy_id"
    "\n          JOIN {{prefix}}terms t ON t.term_id = x.term_id"
    "\n         WHERE r.object_id = p.ID AND x.taxonomy = '{taxonomy}')"
)
_IMAGE = (
    "(SELECT MIN(REPLACE('{uploads}/@file', '@file', g.meta_value)) FROM {prefix}postmeta m"
    "\n          JOIN {prefix}postmeta g"
    " ON g.post_id = CAST(m.meta_value AS UNSIGNED) AND g.meta_key = '_wp_attached_file'"
    "\n         WHERE m.post_id = p.ID AND m.meta_key = '_thumbnail_id')"
)
_UPLOADS = (
    "SELECT option_value FROM {prefix}options WHERE option_name = 'upload_url_path' AND option_value <> ''",
    "SELECT REPLACE('@site/wp-content/uploads', '@site', option_value) FROM {prefix}options"
    " WHERE option_name = 'siteurl'",
    # An attachment's guid is where its first version was: the folder of it is still right on most sites.
    "SELECT SUBSTR(guid, 1, INSTR(guid, '/uploads/') + 7) FROM {prefix}posts"
    " WHERE post_type = 'attachment' AND guid LIKE '%/uploads/%' ORDER BY ID DESC",
)

WOOCOMMERCE = Preset(
    name="woocommerce",
    title="WooCommerce: wp_posts, wp_postmeta and the term tables",
    tables={
        "p": "{prefix}posts",
        "m": "{prefix}postmeta",
        "v": "{prefix}posts",
        "g": "{prefix}postmeta",
        "r": "{prefix}term_relationships",
        "x": "{prefix}term_taxonomy",
        "t": "{prefix}terms",
    },
    marks=("p.ID p.post_title p.post_type m.meta_key",),
    parameters=(
        Parameter(
            "prefix",
            "Prefix of WordPress's tables",
            "$table_prefix of wp-config.php; wp_ unless it was changed.",
            "wp_",
            r"[A-Za-z0-9_]{0,40}",
        ),
        Parameter(
            "uploads",
            "Address of the uploads' folder",
            "Pictures are known by their paths below it: https://shop.example/wp-content/uploads.",
            "https://shop.example/wp-content/uploads",
            ADDRESS,
            looks=_UPLOADS,
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
        Pick("price", _with_variants("_price", _PRICE)),
        Pick("in_stock", _with_variants("_stock_status", _IN_STOCK)),
        Pick("image_url", (_IMAGE,)),
        Pick("updated_at", ("p.post_modified_gmt",)),
    ),
    conditions=("p.post_type = 'product'", "p.post_status = 'publish'"),
    key="id",
    changed="updated_at",
    pipeline="products",
    text="{title}\n{short_description}\n{description}",
    fields={"name": "title", "description": "description"},
    html_columns=("title", "short_description", "description", "category"),
    notes=(
        "A product in several categories has the first of them by name; a variable product its lowest price,",
        "and is in stock while one of its variants is.",
        "Stock that is sold may leave post_modified_gmt alone: the next full scan (full_scan_every) sees it.",
    ),
)
