"""A change feed installed in a test's shop."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from embedconsole.catalog.feed.database import FeedDatabase
from embedconsole.catalog.feed.install import run_statements, statements_to_install
from embedconsole.catalog.feed.status import inspect_feed
from embedconsole.config.sections.catalog import CatalogConfig
from support.shop import QUERY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.databases import Database

Watch = list[dict[str, Any]]

PRODUCTS: Watch = [{"table": "products", "key": "id"}]
WITH_CATEGORIES: Watch = [
    *PRODUCTS,
    {"table": "categories", "key": "id", "keys": "SELECT id FROM products WHERE category_id = :key"},
]


def feed_database(database: Database, watch: Watch = PRODUCTS, pipeline: str = "products") -> FeedDatabase:
    """The feed of a pipeline over the shop's query; the caller closes it."""
    config = CatalogConfig.model_validate({"url": database.url, "query": QUERY, "watch": watch})
    return FeedDatabase(pipeline, config)


def install(feed: FeedDatabase) -> None:
    """As `feed install` does when the operator says yes."""
    run_statements(feed, statements_to_install(feed, inspect_feed(feed)))


@contextmanager
def installed(
    database: Database, watch: Watch = PRODUCTS, pipeline: str = "products"
) -> Iterator[FeedDatabase]:
    """A feed that is there."""
    feed = feed_database(database, watch, pipeline)
    try:
        install(feed)
        yield feed
    finally:
        feed.close()
