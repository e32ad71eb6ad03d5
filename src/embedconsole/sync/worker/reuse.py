"""Embeddings that an item's point has already: of a changed item, those of what did not change.

So an edit of the text pays for no picture, and one more picture for none of the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.items import MARKED_SLOTS, UNNAMED
from embedconsole.sync.content.gathering import standing
from embedconsole.sync.content.slots import vector_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.items import StoredPoint
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
