"""Embeddings that an item's point has already: of a changed item, those of what did not change.

So an edit of the text pays for no picture, and one more picture for none of the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.items import MARKED_SLOTS, UNNAMED
from embedconsole.sync.content.slots import vector_of
from embedconsole.sync.content.vectors import standing, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.collection.base import Collection
    from embedconsole.items import CollectionState, StoredPoint
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.content.recipe import Content
    from embedconsole.sync.worker.write import GatedCollection

    Vector = NDArray[np.float32]


async def standing_of(
    contents: Sequence[Content], collection: GatedCollection
) -> dict[str, Mapping[str, Vector]]:
    """The embeddings of the contents that are in their points, by key and slot.

    Raises:
        Fault, Stop, Interrupted: the collection can't be asked.
    """
    if not contents:
        return {}
    stored = await collection.stored(contents)
    return {
        content.key: standing_in(content, stored[content.point])
        for content in contents
        if content.point in stored
    }


def standing_in(content: Content, point: StoredPoint) -> dict[str, Vector]:
    """The embeddings of one content that its point has, by slot."""
    if point.marker is None:
        return {}
    if MARKED_SLOTS not in point.marker:
        # One vector, all of which the embed hash covers.
        same = point.marker.get("embed_hash") == content.hashes.embed.hex()
        return {UNNAMED: point.vectors[UNNAMED]} if same and UNNAMED in point.vectors else {}
    there = standing(point.marker[MARKED_SLOTS], point.vectors)
    return {
        slot: there[known]
        for slot, digest in content.slot_hashes.items()
        if (known := (vector_of(slot), digest)) in there
    }


@dataclass(slots=True)
class Donor:
    """The sources of vectors that need not be embedded.

    Args:
        generation_id: Of the one that is searched: vectors may be kept of it.
        collection: Its collection; `gated` is the same behind its gate. None where it can't be reached.
        distances: Vector name to the distance that is configured now.
    """

    ledger: Ledger
    generation_id: int
    collection: Collection | None
    gated: GatedCollection | None
    distances: Mapping[str, str]
    _usable: frozenset[str] | None = None
    _lock: anyio.Lock = field(default_factory=anyio.Lock)

    async def vectors_of(self, contents: Sequence[Content]) -> dict[str, Mapping[str, Vector]]:
        """The embeddings of the contents that are there, by key and slot.

        Raises:
            Fault, Stop, Interrupted: the ledger or the collection can't be asked.
        """
        hashes = [content.hashes.embed for content in contents]
        get = partial(self.ledger.kept.get, self.generation_id, hashes)
        kept = await anyio.to_thread.run_sync(get)
        found: dict[str, Mapping[str, Vector]] = {
            content.key: unpack(kept[content.hashes.embed])
            for content in contents
            if content.hashes.embed in kept
        }
        left = [content for content in contents if content.key not in found]
        if left and self.gated is not None and (usable := await self._usable_vectors()):
            stored = await self.gated.stored(left)
            for content in left:
                if (point := stored.get(content.point)) is not None:
                    there = standing_in(content, point)
                    found[content.key] = {slot: there[slot] for slot in there if vector_of(slot) in usable}
        return found

    async def _usable_vectors(self) -> frozenset[str]:
        async with self._lock:
            if self._usable is None:
                state = None if self.collection is None else await self.collection.describe()
                self._usable = frozenset() if state is None else _as_they_were(state, self.distances)
            return self._usable


def _as_they_were(state: CollectionState, distances: Mapping[str, str]) -> frozenset[str]:
    """The vectors that come out as good as they went in: Qdrant brings those of cosine to length 1."""
    return frozenset(
        name
        for name, distance in distances.items()
        if (spec := state.vectors.get(name)) and (spec.distance != "cosine" or distance == "cosine")
    )
