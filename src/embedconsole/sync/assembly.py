"""A pipeline's parts, built from its configuration when they are first needed.

A run that finds nothing to do reads the catalog and the ledger; it never pays for importing an HTTP client,
numpy or qdrant-client.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.collection.build import build_collection
from embedconsole.config.masking import mask_url
from embedconsole.embedders.build import build_embedder, check_embedder
from embedconsole.embedders.identity import identity_of
from embedconsole.sync.content import Recipe
from embedconsole.sync.space import space_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from embedconsole.catalog.base import Catalog
    from embedconsole.collection.base import Collection
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.embedders.base import Embedder
    from embedconsole.embedders.tickets import Tickets
    from embedconsole.sync.intake import Intake


@dataclass(slots=True)
class EmbedderPool:
    """Embedders by name, shared by all vectors and pipelines that use them."""

    tickets: Tickets | None = None
    _built: dict[str, Embedder] = field(default_factory=dict)

    def get(self, pipeline: Pipeline, name: str) -> Embedder:
        """The embedder of this name, built at the first call."""
        if name not in self._built:
            self._built[name] = build_embedder(name, pipeline.embedders[name], tickets=self.tickets)
        return self._built[name]

    async def aclose(self) -> None:
        """Close what was built."""
        for embedder in self._built.values():
            await embedder.aclose()


@dataclass(slots=True)
class Assembly:
    """A pipeline with its parts; `intake` is that of its change feed, where it has one."""

    pipeline: Pipeline
    catalog: Catalog
    _pool: EmbedderPool
    intake: Intake | None = None
    _collection: Collection | None = None

    @property
    def embedders(self) -> Mapping[str, Embedder]:
        """Vector name to its embedder; vectors with the same embedder share it."""
        return {
            name: self._pool.get(self.pipeline, config.embedder)
            for name, config in self.pipeline.vectors.items()
        }

    def recipe(self) -> Recipe:
        """How content is made of rows; connects to the catalog for its columns.

        Raises:
            ConfigError: the configuration names a column that the query does not have.
            Transient, Refused: the catalog does not answer, or not to us.
        """
        return Recipe(
            self.pipeline,
            columns=self.catalog.columns,
            default_payload=self.catalog.default_payload,
            space=self.space,
        )

    @property
    def collection(self) -> Collection:
        """The collection."""
        if self._collection is None:
            self._collection = build_collection(self.pipeline.collection)
        return self._collection

    @property
    def target(self) -> str:
        """The collection in words, without its secrets."""
        config = self.pipeline.collection
        return f"{config.name} at {mask_url(config.url) if config.url else config.path}"

    @property
    def space(self) -> str:
        """See `space.space_of`.

        Raises:
            ConfigError: this version has no such embedder.
        """
        configs = self.pipeline.embedders
        return space_of(
            {
                name: identity_of(config.embedder, configs[config.embedder])
                for name, config in self.pipeline.vectors.items()
            }
        )

    async def aclose(self) -> None:
        """Release the catalog and the collection; the embedders are the pool's."""
        if self._collection is not None:
            await self._collection.aclose()
        await anyio.to_thread.run_sync(self.catalog.close)
        if self.intake is not None:
            await anyio.to_thread.run_sync(self.intake.feed.close)


def assembly_of(assemblies: Sequence[Assembly], pipeline: str) -> Assembly:
    """The one of this pipeline, which is among them."""
    return next(assembly for assembly in assemblies if assembly.pipeline.name == pipeline)


@asynccontextmanager
async def assembled(
    pipelines: Sequence[Pipeline], tickets: Tickets | None = None
) -> AsyncIterator[list[Assembly]]:
    """The pipelines with their parts, all released at the end; nothing is connected yet.

    Args:
        tickets: Where embedders note what they have ordered; None keeps it in memory.

    Raises:
        ConfigError: a part can't be built as configured.
        Refused: there is no driver for a catalog's database.
    """
    for pipeline in pipelines:
        for name, config in pipeline.embedders.items():
            check_embedder(name, config)  # what can't be built is said now, not at the first item
    # It brings SQLAlchemy: the console draws its first picture without.
    from embedconsole.catalog.sql import open_catalog

    pool = EmbedderPool(tickets)
    assemblies = [
        Assembly(pipeline, open_catalog(pipeline.catalog), pool, _intake(pipeline)) for pipeline in pipelines
    ]
    try:
        yield assemblies
    finally:
        with anyio.CancelScope(shield=True):
            for assembly in assemblies:
                await assembly.aclose()
            await pool.aclose()


def _intake(pipeline: Pipeline) -> Intake | None:
    if not pipeline.catalog.watch:
        return None
    from embedconsole.catalog.feed.outbox import open_feed
    from embedconsole.sync.intake import Intake

    return Intake(open_feed(pipeline.name, pipeline.catalog))
