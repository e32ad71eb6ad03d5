"""A pipeline's parts, built from its configuration when they are first needed.

A run that finds nothing to do reads the catalog and the ledger; it never pays for importing an HTTP client,
numpy or qdrant-client.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.collection.build import build_itself, own_name
from embedconsole.embedders.base import combined_identity
from embedconsole.embedders.pool import EmbedderPool
from embedconsole.redact import mask_url
from embedconsole.sync.content.picture_hashes import FingerprintedCatalog, fingerprints_of
from embedconsole.sync.content.recipe import Recipe
from embedconsole.sync.content.vector_space import space_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from embedconsole.catalog.base import Catalog
    from embedconsole.collection.base import Collection
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.embedders.base import Embedder
    from embedconsole.embedders.tickets import Tickets
    from embedconsole.sync.content.picture_hashes import Fingerprints
    from embedconsole.sync.plan.feed_intake import FeedIntake


@dataclass(slots=True)
class Components:
    """A pipeline with its parts; `intake` is that of its change feed, where it has one."""

    pipeline: Pipeline
    _catalog: Catalog
    _pool: EmbedderPool
    _fingerprints: Fingerprints
    intake: FeedIntake | None = None
    _collections: dict[str, Collection] = field(default_factory=dict)
    """By their own names; shared by all that are bound to one of them."""
    _bound_to: str | None = None

    @property
    def embedders(self) -> Mapping[str, Embedder]:
        """Vector name to its embedder; vectors with the same embedder share it."""
        return {name: self._pool.get(self.pipeline, config) for name, config in self.pipeline.vectors.items()}

    @property
    def catalog(self) -> Catalog:
        """The catalog; its rows know their pictures where those are looked at."""
        if all(vector.image_hash == "url" for vector in self.pipeline.vectors.values()):
            return self._catalog
        recipe = cache(self.recipe)  # made at the first row: it connects to the catalog
        return FingerprintedCatalog(self._catalog, self._fingerprints, lambda row: recipe().references(row))

    def recipe(self) -> Recipe:
        """How content is made of rows; connects to the catalog for its columns.

        Raises:
            ConfigError: the configuration names a column that the query does not have.
            Transient, Refused: the catalog does not answer, or not to us.
        """
        return Recipe(
            self.pipeline,
            columns=self._catalog.columns,
            default_payload=self._catalog.default_payload,
            space=self.space,
        )

    def bound_to(self, target: str) -> Components:
        """The same with the collection of this name, which may be one that the configured name stands for.

        A write names the collection itself: an alias may move while a request is under way.
        """
        return replace(self, _bound_to=target)

    def configured_as(self, pipeline: Pipeline) -> Components:
        """The same parts for another configuration of the same pipeline, on the same catalog."""
        return replace(self, pipeline=pipeline)

    def in_the_background(self) -> Components:
        """The same that tells the catalog nothing: there it is noted, and acknowledged, what is searched."""
        catalog = self.pipeline.catalog.model_copy(update={"writeback": None})
        return replace(self, pipeline=replace(self.pipeline, catalog=catalog), intake=None)

    @property
    def collection(self) -> Collection:
        """The collection."""
        name = self.own_name
        if name not in self._collections:
            self._collections[name] = build_itself(self.pipeline.collection, name)
        return self._collections[name]

    @property
    def own_name(self) -> str:
        """The collection's own name, as far as that is known without asking a server."""
        return self._bound_to or own_name(self.pipeline.collection)

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
                name: combined_identity(configs[config.embedder].identity, config.combine)
                for name, config in self.pipeline.vectors.items()
            }
        )

    async def aclose(self) -> None:
        """Release the catalog and the collection; the embedders are the pool's."""
        for collection in self._collections.values():
            await collection.aclose()
        await self._fingerprints.aclose()
        await anyio.to_thread.run_sync(self._catalog.close)
        if self.intake is not None:
            await anyio.to_thread.run_sync(self.intake.feed.close)


def components_of(all_components: Sequence[Components], pipeline: str) -> Components:
    """The one of this pipeline, which is among them."""
    return next(components for components in all_components if components.pipeline.name == pipeline)


@asynccontextmanager
async def open_components(
    pipelines: Sequence[Pipeline], tickets: Tickets | None = None
) -> AsyncIterator[list[Components]]:
    """The pipelines with their parts, all released at the end; nothing is connected yet.

    Args:
        tickets: Where embedders note what they have ordered; None keeps it in memory.

    Raises:
        ConfigError: a part can't be built as configured.
        Refused: there is no driver for a catalog's database.
    """
    for pipeline in pipelines:
        for name, config in pipeline.embedders.items():
            config.check(name)  # what can't be built is said now, not at the first item
    # It brings SQLAlchemy: the console draws its first picture without.
    from embedconsole.catalog.sql_catalog import open_catalog

    pool = EmbedderPool(tickets)
    all_components = [
        Components(
            pipeline, open_catalog(pipeline.catalog), pool, fingerprints_of(pipeline), _intake(pipeline)
        )
        for pipeline in pipelines
    ]
    try:
        yield all_components
    finally:
        with anyio.CancelScope(shield=True):
            for components in all_components:
                await components.aclose()
            await pool.aclose()


def _intake(pipeline: Pipeline) -> FeedIntake | None:
    if not pipeline.catalog.watch:
        return None
    from embedconsole.catalog.feed.outbox import open_feed
    from embedconsole.sync.plan.feed_intake import FeedIntake

    return FeedIntake(open_feed(pipeline.name, pipeline.catalog))
