"""A pipeline's parts, built from its configuration and kept open from run to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.catalog.sql import open_catalog
from embedconsole.collection.build import build_collection
from embedconsole.sync.space import space_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.catalog.base import Catalog
    from embedconsole.collection.base import Collection
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.embedders.base import Embedder


@dataclass(frozen=True, slots=True)
class Assembly:
    """A pipeline with its parts.

    Attributes:
        embedders: Vector name to embedder; vectors with the same embedder share it.
    """

    pipeline: Pipeline
    catalog: Catalog
    embedders: Mapping[str, Embedder]
    collection: Collection

    @property
    def space(self) -> str:
        """See `space.space_of`."""
        return space_of({name: embedder.identity for name, embedder in self.embedders.items()})

    async def aclose(self) -> None:
        """Release the catalog and the collection; the embedders are their owner's."""
        await self.collection.aclose()
        await anyio.to_thread.run_sync(self.catalog.close)


def assemble(pipeline: Pipeline, embedders: Mapping[str, Embedder]) -> Assembly:
    """Build a pipeline's parts; nothing is connected yet.

    Args:
        embedders: Embedders by name, shared by all pipelines that use them.

    Raises:
        ConfigError: a part can't be built as configured.
    """
    return Assembly(
        pipeline=pipeline,
        catalog=open_catalog(pipeline.catalog),
        embedders={name: embedders[config.embedder] for name, config in pipeline.vectors.items()},
        collection=build_collection(pipeline.collection),
    )
