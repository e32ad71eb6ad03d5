"""The presets, on tables of their kind: set up unattended with nothing from outside, and synced for real."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from embedconsole.cli.commands import setup as command
from embedconsole.items import MARKER
from embedconsole.setup.presets import PRESETS
from setup.preset_shops import MAKERS, PAYLOADS
from support.installation import Installation

if TYPE_CHECKING:
    from pathlib import Path

    from support.databases import Database

_CREATED = "2026-01-02T03:04:05"
_OTHER_PRICES = {"legacy-flags": 9.95, "legacy-timestamps": 9.95, "legacy-images": 79.95}
"""What has no price has none: shops store an empty text or NULL."""

_LEGACY = ("legacy-flags", "legacy-timestamps", "legacy-images")
_CASES = [
    *((preset, dialect) for preset in PRESETS for dialect in ("sqlite", "mysql")),
    *((preset, "postgresql") for preset in _LEGACY),
]


def test_the_options_of_the_command_are_the_presets() -> None:
    """They stand there as words, since importing the presets for --help would cost every start."""
    assert tuple(PRESETS) == command._PRESETS


@pytest.mark.parametrize(("preset", "dialect"), _CASES)
def test_a_preset_syncs_its_kind_of_shop(
    preset: str, dialect: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    database: Database = request.getfixturevalue(dialect)
    MAKERS[preset](database)
    installation = Installation(tmp_path, {}, {"SHOP_DATABASE": database.url})
    flags = ("--database-url-env", "SHOP_DATABASE", "--embedder", "hashing")

    made = installation.bare("setup", "--config", str(installation.config), "--yes", *flags)

    assert made.code == 0, made.err
    assert f"This looks like {PRESETS[preset].title}." in made.err
    assert "to embed 2 " in made.out
    text = installation.config.read_text()
    assert database.url not in text
    assert yaml.safe_load(text)["pipelines"].keys() == {PRESETS[preset].pipeline}
    at = ("--config", str(installation.config))
    synced = installation.bare("--headless", "--once", "--json", *at)
    assert synced.code == 0, synced.err
    (report,) = synced.json["pipelines"].values()
    assert (report["embedded"], report["failed"], report["pending"]) == (2, 0, 0)
    words = "https://shop.example/front.jpg" if preset == "legacy-images" else "red running shoes"
    found = installation.bare("search", words, "--limit", "2", "--json", *at)
    hit, other = found.json["hits"]
    assert str(hit["payload"].pop("created_at", _CREATED)).replace(" ", "T") == _CREATED
    hit["payload"].pop(MARKER)
    assert hit["payload"] == PAYLOADS[preset]
    assert other["payload"]["price"] == _OTHER_PRICES.get(preset)
    if preset == "legacy-images":
        rows = database.rows("SELECT product_id, product_image_id, embedding FROM product_embeddings")
        assert [(row[0], row[1], row[2][:1], len(row[2]) > 2) for row in rows] == [
            (1, 11, "[", True),
            (1, 12, "[", True),
        ]
    elif preset.startswith("legacy"):
        (ours,) = (name for name in ("embedding_synced_at", "last_embedded_at") if name in text)
        unnoted = f"SELECT count(*) FROM products WHERE {ours} IS NULL OR embedding IS NULL"
        assert database.scalar(unnoted) == 1  # the deleted one
    again = installation.bare("--headless", "--once", "--json", "--full", *at)
    (report,) = again.json["pipelines"].values()
    assert (report["embedded"], report["payload_updated"], report["unchanged"]) == (0, 0, 2)


def test_what_the_shop_lacks_is_left_out_and_what_is_needed_is_named(
    sqlite: Database, tmp_path: Path
) -> None:
    sqlite.run("CREATE TABLE products (id integer PRIMARY KEY, name text, last_embedded_at text)")
    sqlite.run("INSERT INTO products VALUES (1, 'Mug', NULL)")
    installation = Installation(tmp_path, {}, {"SHOP": sqlite.url})
    config = ("--config", str(installation.config))
    flags = ("--database-url-env", "SHOP", "--embedder", "hashing", "--yes", *config)

    made = installation.bare("setup", *flags)

    assert made.code == 0, made.err
    assert "This looks like products with needs_embedding, last_embedded_at and embedding" in made.err
    pipeline = yaml.safe_load(installation.config.read_text())["pipelines"]["products"]
    assert pipeline["catalog"]["query"].splitlines() == [
        "SELECT p.id,",
        "       p.name AS title,",
        "       p.name AS description",
        "FROM products p",
    ]
    assert "changed" not in pipeline["catalog"]
    assert pipeline["collection"]["payload"] == {"title": "title"}
    assert installation.bare("--headless", "--once", *config).code == 0
    assert sqlite.scalar("SELECT last_embedded_at FROM products") is not None

    refused = installation.bare("setup", "--preset", "legacy-images", "--force", *flags)

    assert refused.code == 2
    assert "preset legacy-images: nothing is there for id, product_id, image_url" in refused.err
    assert yaml.safe_load(installation.config.read_text())["pipelines"].keys() == {"products"}


def test_a_schema_is_recognised_by_names_and_columns_and_its_prefix_is_seen(
    sqlite: Database, tmp_path: Path
) -> None:
    """Tables of a blog without a shop's columns, and one of another kind, are not mistaken for it."""
    sqlite.run("CREATE TABLE blog_posts (id integer PRIMARY KEY, title text)")
    MAKERS["woocommerce"](sqlite)
    installation = Installation(tmp_path, {}, {"SHOP": sqlite.url})
    flags = ("--database-url-env", "SHOP", "--embedder", "hashing", "--yes")

    made = installation.bare("setup", "--config", str(installation.config), *flags)

    assert made.code == 0, made.err
    assert "This looks like WooCommerce" in made.err
    assert "FROM shop_posts p" in installation.config.read_text()


def test_the_text_can_be_another_than_the_presets(sqlite: Database, tmp_path: Path) -> None:
    MAKERS["legacy-flags"](sqlite)
    installation = Installation(tmp_path, {}, {"SHOP": sqlite.url})
    config = ("--config", str(installation.config))
    flags = ("--database-url-env", "SHOP", "--embedder", "hashing", "--yes", *config)

    made = installation.bare("setup", "--text", "title", *flags)
    refused = installation.bare("setup", "--text", "tilte", "--force", *flags)

    assert made.code == 0, made.err
    embed = yaml.safe_load(installation.config.read_text())["pipelines"]["products"]["embed"]
    assert embed == {"embedder": "words", "text": "{title}", "image": "{image_url}"}
    assert refused.code == 2
    assert "--text: the preset has no column tilte; it has id, sku, title" in refused.err


def test_drafts_and_imports_without_a_date_leave_the_watermark_alone(mysql: Database, tmp_path: Path) -> None:
    MAKERS["woocommerce"](mysql)
    mysql.run(
        "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'",
        "UPDATE shop_posts SET post_modified_gmt = '0000-00-00 00:00:00' WHERE ID IN (2, 3)",
    )
    installation = Installation(tmp_path, {}, {"SHOP": mysql.url})
    config = ("--config", str(installation.config))
    flags = ("--database-url-env", "SHOP", "--embedder", "hashing", "--yes", *config)
    assert installation.bare("setup", *flags).code == 0
    assert installation.bare("--headless", "--once", *config).code == 0

    mysql.run("UPDATE shop_posts SET post_title = 'Cup' WHERE ID = 2")
    again = installation.bare("--headless", "--once", "--json", *config)

    (report,) = again.json["pipelines"].values()
    assert (again.code, report["embedded"]) == (0, 1)
