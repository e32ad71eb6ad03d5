"""Fill the catalog's vector column again, from another collection than the one that was written last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.catalog.base import Settled
from embedconsole.collection.base import StoredVectors, lacking
from embedconsole.items import MARKER
from embedconsole.pieces import portions
from embedconsole.sync.content.marker import read_point
from embedconsole.sync.worker.writeback import as_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.sync.content.recipe import Recipe
    from embedconsole.sync.run.components import Components

_ROWS_AT_ONCE = 1000


def has_vector_column(components: Components) -> bool:
    """Whether vectors are written back."""
    writeback = components.pipeline.catalog.writeback
    return writeback is not None and writeback.vector is not None


async def rewrite_vector_column(components: Components) -> None:
    """Write back the vector of every row that its collection holds as it is now.

    Rows that differ are the next run's to embed, and to note.

    Args:
        components: Bound to the collection, and configured as that was filled.

    Raises:
        ConfigError: the recipe names a column that the query does not have.
        Fault: the catalog or the collection does not answer.
    """
    if not has_vector_column(components):
        return
    recipe = await anyio.to_thread.run_sync(components.recipe)
    pages = await anyio.to_thread.run_sync(components.catalog.keys)
    while keys := await anyio.to_thread.run_sync(next, pages, ()):
        for some in portions(keys, _ROWS_AT_ONCE):
            settled = await _settled(components, recipe, some)
            await anyio.to_thread.run_sync(components.catalog.write_back, settled)


async def _settled(components: Components, recipe: Recipe, keys: Sequence[str]) -> list[Settled]:
    rows = await anyio.to_thread.run_sync(components.catalog.read, keys)
    contents = {key: recipe.content(row) for key, row in rows.items()}
    collection = components.collection
    if not isinstance(collection, StoredVectors):
        raise lacking(collection, "vectors that can be read back")
    stored = await collection.stored([content.point for content in contents.values()])
    settled = []
    for key, content in contents.items():
        point = stored.get(content.point)
        if point is not None and read_point(content.point, {MARKER: point.marker}).holds == content.hashes:
            settled.append(Settled(rows[key], as_json(point.vectors)))
    return settled
