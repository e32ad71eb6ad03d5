"""Embeddings that an item's point has already: of a changed item, those of what did not change.

So an edit of the text pays for no picture, and one more picture for none of the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.items import MARKED_SLOTS
from embedconsole.sync.slots import standing, vector_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.sync.content import Content
    from embedconsole.sync.writing import GatedCollection

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
    found: dict[str, Mapping[str, Vector]] = {}
    for content in contents:
        point = stored.get(content.point)
        if point is None or point.marker is None:
            continue
        there = standing(point.marker.get(MARKED_SLOTS), point.vectors)
        found[content.key] = {
            slot: there[known]
            for slot, digest in content.slot_hashes.items()
            if (known := (vector_of(slot), digest)) in there
        }
    return found
