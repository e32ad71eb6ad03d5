"""What is said of a catalog's values before they are synced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.sync.plan.value_remarks import remarks
from embedconsole.sync.run.components import open_components
from sync.makers import make_pipeline

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.anyio


async def remarks_on(sqlite: Database, *rows: str, changed: str | None = None) -> list[str]:
    sqlite.run("CREATE TABLE products (id INTEGER, title, price, raw, edited)")
    sqlite.run(*(f"INSERT INTO products VALUES ({row})" for row in rows))
    pipeline = make_pipeline(
        catalog={"url": sqlite.url, "table": "products", "key": "id", "changed": changed},
        embed={"embedder": "ml", "text": "{title} {raw}"},
        collection={"path": "./qdrant", "name": "p", "indexes": {"price": "float"}},
    )
    async with open_components([pipeline]) as (components,):
        return remarks(components.pipeline, components.catalog, components.recipe())


async def test_nothing_is_said_of_a_tidy_catalog(sqlite: Database) -> None:
    assert await remarks_on(sqlite, "1, 'Mug', '5.37', 'x', '2026-01-01'", "2, 'Hat', NULL, NULL, NULL") == []


async def test_bytes_and_values_that_an_index_ignores(sqlite: Database) -> None:
    assert await remarks_on(
        sqlite, "1, 'Mug', '5,37', x'4d', NULL", "2, 'Hat', 'n/a', x'4d', NULL", "3, 'Tie', 1, NULL, NULL"
    ) == [
        "the column raw holds bytes and is sent as base64; cast it to text in catalog.query",
        "in 2 of the first 3 rows price does not fit its float index, which ignores it, such as '5,37' "
        "(key 1)",
    ]


async def test_a_changed_column_without_a_watermark_costs_every_pass(sqlite: Database) -> None:
    assert await remarks_on(sqlite, "1, 'Mug', 1, NULL, '31.12.2025'", changed="edited") == [
        "in 1 of the first 1 rows edited is not a past time in ISO form, such as '31.12.2025' (key 1): every "
        "pass reads the whole catalog"
    ]
