"""Pipelines, recipes and rows for tests, as a configuration would make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.config.settings import Settings
from embedconsole.items import CatalogRow
from embedconsole.sync.content.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import JsonValue

COLUMNS = ("id", "title", "description", "image_url", "price", "in_stock", "stock")


def make_pipeline(**settings: Any) -> Pipeline:
    """A pipeline over `COLUMNS` with the hashing embedder; `settings` replace what it says."""
    pipeline: dict[str, Any] = {
        "catalog": {"url": "sqlite:///shop.db", "table": "products", "key": "id"},
        "embed": {"embedder": "ml", "text": "{title}\n{description}", "image": "{image_url}"},
        "collection": {
            "path": "./qdrant",
            "name": "products",
            "payload": {"title": "title", "facts": {"price": "price", "in_stock": "in_stock"}},
            "indexes": {"title": "text", "facts.price": "float", "facts.in_stock": "bool"},
        },
        **settings,
    }
    if "vectors" in settings:
        del pipeline["embed"]
    tree = {
        "embedders": {"ml": {"type": "hashing", "size": 16}, "clip": {"type": "hashing", "size": 8}},
        "pipelines": {"products": {name: value for name, value in pipeline.items() if value is not None}},
    }
    return resolve_pipelines(Settings.model_validate(tree))[0]


def make_recipe(
    pipeline: Pipeline | None = None, *, columns: Sequence[str] = COLUMNS, space: str = '{"":"m1"}'
) -> Recipe:
    """The recipe of a pipeline."""
    return Recipe(pipeline or make_pipeline(), columns=columns, default_payload=columns, space=space)


def make_row(key: str = "7", **values: JsonValue) -> CatalogRow:
    """A row with `COLUMNS`; `values` replace some of them."""
    full: dict[str, JsonValue] = {
        "id": int(key) if key.isdecimal() else key,
        "title": f"Product {key}",
        "description": "of wool",
        "image_url": f"https://shop.example/{key}.jpg",
        "price": 9.5,
        "in_stock": 1,
        "stock": 3,
    }
    return CatalogRow(key, {**full, **values})
