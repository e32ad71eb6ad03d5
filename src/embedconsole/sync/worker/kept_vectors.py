"""Vectors that are paid for: kept until the collection has them, or always, and found by the next attempt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.sync.content.vectors import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.work import Batch
    from embedconsole.sync.content.recipe import Content
    from embedconsole.sync.shared.journal import Journal

    Vectors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class VectorKeeper:
    """The kept vectors of a pipeline, by what was embedded; an item may have some of its vectors there only.

    Attributes:
        always: Keep what the collection has, too.
    """

    ledger: Ledger
    journal: Journal
    always: bool

    async def take(self, batch: Batch, contents: Sequence[Content]) -> dict[str, Vectors]:
        """The kept vectors of the contents, by key; makes no query where none are kept."""
        if not batch.kept or not contents:
            return {}
        hashes = [content.hashes.embed for content in contents]
        get = partial(self.ledger.kept.get, batch.generation_id, hashes)
        kept = await anyio.to_thread.run_sync(get)
        return {
            content.key: unpack(kept[content.hashes.embed])
            for content in contents
            if content.hashes.embed in kept
        }

    async def keep(self, batch: Batch, contents: Sequence[Content], vectors: Mapping[str, Vectors]) -> None:
        """Keep the contents' vectors (by key), in place of older ones."""
        if not contents:
            return
        packed = {content.hashes.embed: pack(vectors[content.key]) for content in contents}
        put = partial(self.ledger.kept.put, batch.generation_id, packed)
        await anyio.to_thread.run_sync(put)

    async def refill(self, generation_id: int) -> bool:
        """The collection has lost everything: have it written again where that costs no embedding."""
        if not self.always:
            return False
        refill = partial(self.ledger.kept.refill, generation_id)
        count = await anyio.to_thread.run_sync(refill)
        if count:
            message = f"the collection holds no points; {count:,} are written again from kept vectors"
            self.journal.note("warning", "collection", message)
        return count > 0

    async def written(self, batch: Batch, hashes: Sequence[bytes]) -> None:
        """The collection has these now."""
        if batch.kept and hashes and not self.always:
            drop = partial(self.ledger.kept.drop, batch.generation_id, hashes)
            await anyio.to_thread.run_sync(drop)
