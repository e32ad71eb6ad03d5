"""A shop, an embedding service whose model can be changed, and both kinds of collections."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.config.settings import Settings
from embedconsole.sync.daemon.lifecycle import open_engine
from embedconsole.sync.reindex.reindex import Reindex, ReindexOptions
from embedconsole.sync.run.components import open_components
from embedconsole.sync.shared.options import RunOptions
from embedders.backends import ITEMS
from support.full_collection import full
from support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import JsonObject, JsonValue, PointId
    from embedconsole.sync.reindex.reindex import Reindexed
    from embedconsole.sync.run.engine import Engine
    from embedconsole.sync.shared.report import PipelineReport
    from support.databases import Database
    from support.embedding_service import EmbeddingService
    from support.installation import Json
    from support.qdrant_server import QdrantServer


@dataclass
class Site:
    """A pipeline whose configuration may change between runs.

    Attributes:
        place: Where its collections are: `url` or `path`.
        alias: The name that is configured.
        catalog, embed, collection: What the configuration says beside the usual.
    """

    shop: Shop
    service: EmbeddingService
    place: Json
    alias: str
    ledger_url: str
    catalog: Json = field(default_factory=dict)
    embed: Json = field(default_factory=dict)
    embedder: Json = field(default_factory=dict)
    collection: Json = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    say: Callable[[str], None] = lambda text: None

    def pipeline(self) -> Pipeline:
        tree: Json = {
            "embedders": {
                "ml": self.embedder
                if "type" in self.embedder
                else ITEMS.config(self.service, **self.embedder)
            },
            "pipelines": {
                "products": {
                    "catalog": {"url": self.shop.database.url, "table": "products", **self.catalog},
                    "embed": {"embedder": "ml", "text": "{title}", "fields": {"name": "title"}, **self.embed},
                    "collection": {
                        **self.place,
                        "name": self.alias,
                        "distance": "dot",
                        "payload": {"title": "title", "price": "price"},
                        **self.collection,
                    },
                }
            },
            "chunk_size": 5,
            "retry": {"call_delay": 0.01, "backoff": [60]},
        }
        return resolve_pipelines(Settings.model_validate(tree))[0]

    @asynccontextmanager
    async def engine(self) -> AsyncIterator[Engine]:
        async with open_engine([self.pipeline()], self.ledger_url, "once") as engine:
            yield engine

    async def sync(self) -> PipelineReport:
        """A normal run as configured."""
        async with self.engine() as engine:
            return (await engine.run(RunOptions())).pipelines["products"]

    async def reindex(self, options: ReindexOptions | None = None) -> Reindexed:
        """A re-index as configured."""
        async with self.engine() as engine:
            return await Reindex(engine, "products", options or ReindexOptions(), self._told).run()

    def _told(self, text: str) -> None:
        self.said.append(text)
        self.say(text)

    async def stored(self, own_name: str | None = None) -> Mapping[PointId, JsonObject]:
        """What a collection holds, by its own name or as the configured name has it now: point to payload."""
        async with open_components([self.pipeline()]) as (components,):
            collection = (components if own_name is None else components.bound_to(own_name)).collection
            return dict((await collection.scroll(None, limit=1000)).points)

    async def titles(self, own_name: str | None = None) -> dict[PointId, JsonValue]:
        """The same, their titles."""
        return {point: payload["title"] for point, payload in (await self.stored(own_name)).items()}

    async def sizes(self) -> set[int]:
        """The sizes of the vectors in what the configured name stands for."""
        async with open_components([self.pipeline()]) as (components,):
            page = await components.collection.scroll(None, limit=1000)
            stored = await full(components.collection).stored([point for point, _ in page.points])
            return {point.vectors[""].size for point in stored.values()}


ON_SERVERS = pytest.mark.parametrize("site", ["sqlite", "postgresql", "mysql"], indirect=True)
"""Where Qdrant is a server."""


@pytest.fixture(params=["embedded", "sqlite", "postgresql", "mysql"])
def site(
    request: pytest.FixtureRequest,
    embedding_service: EmbeddingService,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
) -> Site:
    """Twelve products, and the ledger in the same database; the embedded engine with SQLite."""
    embedded = request.param == "embedded"
    database: Database = request.getfixturevalue("sqlite" if embedded else request.param)
    shop = Shop(database)
    shop.create()
    shop.add(range(1, 13))
    place = {"path": str(tmp_path / "qdrant")} if embedded else {"url": qdrant.url}
    return Site(shop, embedding_service, place, collection_name, database.url)
