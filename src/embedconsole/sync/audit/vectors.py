"""Some vectors made again and compared with those in the collection: a silently changed model shows."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import anyio
import anyio.to_thread

from embedconsole.collection.base import StoredVectors
from embedconsole.embedders.isolate import embed_isolated
from embedconsole.pieces import portions
from embedconsole.sync.audit.report import NotChecked, VectorAudit
from embedconsole.sync.content.slots import vector_of
from embedconsole.sync.content.vectors import by_slot
from embedconsole.sync.resilience.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.embedders.base import Embedder
    from embedconsole.items import Embedded, EmbedInput, PointId
    from embedconsole.ledger.records.items import SyncedItem
    from embedconsole.sync.content.recipe import Content
    from embedconsole.sync.run.components import Components

    Vector = NDArray[np.float32]

SAME = 0.999
"""The cosine similarity from which on two vectors are taken for the same: no two machines add alike."""


@dataclass(slots=True)
class Reservoir:
    """A few of many, each with the same chance, without knowing how many will come."""

    size: int
    luck: random.Random = field(default_factory=random.Random)
    kept: list[SyncedItem] = field(default_factory=list)
    _seen: int = 0

    def offer(self, item: SyncedItem) -> None:
        """Take it into account."""
        self._seen += 1
        if len(self.kept) < self.size:
            self.kept.append(item)
        elif (place := self.luck.randrange(self._seen)) < self.size:
            self.kept[place] = item


async def audit_vectors(components: Components, sample: Sequence[SyncedItem]) -> VectorAudit | NotChecked:
    """Embed the sampled items again and compare; items that were edited since they were synced are left out.

    Raises:
        Fault, Stop: the catalog, an embedder or the collection fails.
    """
    collection = components.collection
    if not isinstance(collection, StoredVectors):
        return NotChecked("this kind of collection does not give its vectors back")
    contents = await anyio.to_thread.run_sync(_unedited, components, sample)
    stored = await collection.stored([content.point for content in contents])
    there = {point: by_slot(found.vectors) for point, found in stored.items()}
    lowest: dict[PointId, float] = {}
    for name, embedder in components.embedders.items():
        pairs = [
            _Pair(content.point, entry, there[content.point][slot])
            for content in contents
            for slot, entry in content.inputs.items()
            if vector_of(slot) == name and slot in there.get(content.point, {})
        ]
        for piece in portions(pairs, embedder.batch_size):
            for point, similarity in await _similarities(components, embedder, piece):
                lowest[point] = min(similarity, lowest.get(point, 1.0))
    if not lowest:
        return NotChecked("there was no synced item to sample")
    differing = sum(similarity < SAME for similarity in lowest.values())
    return VectorAudit(len(lowest), differing, min(lowest.values()))


def _unedited(components: Components, sample: Sequence[SyncedItem]) -> list[Content]:
    recipe = components.recipe()
    rows = components.catalog.read([item.key for item in sample])
    contents = {key: recipe.content(row) for key, row in rows.items()}
    return [
        contents[item.key]
        for item in sample
        if item.key in contents and contents[item.key].hashes.embed == item.synced_embed
    ]


class _Pair(NamedTuple):
    """An input that is embedded again, and its stored embedding."""

    point: PointId
    entry: EmbedInput
    stored: Vector


async def _similarities(
    components: Components, embedder: Embedder, piece: Sequence[_Pair]
) -> list[tuple[PointId, float]]:
    gate = Gate(f"embedder {embedder.name}", concurrency=1, patient=False, drained=anyio.Event())

    async def embed(inputs: Sequence[EmbedInput]) -> Embedded:
        return await gate.call(lambda: embedder.embed(inputs), components.pipeline.retry)

    # What is refused is left out: it was embedded once, what the service thinks of it now is another matter.
    answers = await embed_isolated(embed, [pair.entry for pair in piece])
    return [
        (pair.point, _similarity(answer, pair.stored))
        for pair, answer in zip(piece, answers, strict=True)
        if not isinstance(answer, str)
    ]


def _similarity(one: Vector, other: Vector) -> float:
    """The cosine of their angle; that of vectors of two sizes is 0."""
    if one.shape != other.shape:
        return 0.0
    length = float((one @ one) * (other @ other)) ** 0.5
    return float(one @ other) / length if length else 0.0
