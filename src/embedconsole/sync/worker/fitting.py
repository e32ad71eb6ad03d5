"""A collection that is there, brought to what is configured in place; what can't be is refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from embedconsole.collection.compare import differences, index_field, vector_field
from embedconsole.faults import Refused
from embedconsole.items import UNNAMED, CollectionSchema
from embedconsole.sync.worker.schema import wanted_vector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.collection.base import Collection
    from embedconsole.collection.compare import Difference
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import CollectionState
    from embedconsole.sync.resilience.gate import Gate
    from embedconsole.sync.shared.journal import Journal

_NO_NEW_VECTORS = "This Qdrant can't add vectors to a collection (1.18 can): run `embedconsole reindex`"


@dataclass(frozen=True, slots=True)
class Fitting:
    """What is added to a pipeline's collection."""

    pipeline: Pipeline
    collection: Collection
    gate: Gate
    journal: Journal

    async def fit(self, state: CollectionState) -> tuple[str, ...]:
        """Add the payload indexes that are missing.

        Returns:
            The configured vectors that are missing too, and can be added once their sizes are known.

        Raises:
            Refused: it does not fit the configuration.
        """
        pipeline = self.pipeline
        lacking = tuple(name for name in pipeline.vectors if name not in state.vectors)
        addable = lacking if UNNAMED not in lacking and state.vectors and UNNAMED not in state.vectors else ()
        vectors = {
            name: wanted_vector(pipeline, name, self._size(name, state))
            for name in pipeline.vectors
            if name not in addable
        }
        found = differences(CollectionSchema(vectors, dict(pipeline.collection.indexes)), state)
        self._refuse([difference for difference in found if difference.blocking])
        await self._add_indexes(state)
        for difference in found:
            if difference.have is not None:
                told = f"{difference.field}: have {difference.have}, want {difference.want}"
                self.journal.note("warning", "collection", f"{told}. {difference.remedy}")
        return addable

    def _size(self, name: str, state: CollectionState) -> int:
        """As configured; where nothing is, that of the collection counts."""
        there = state.vectors.get(name)
        config = self.pipeline.vectors[name]
        return config.size or self.pipeline.collection.size or (0 if there is None else there.size)

    def _refuse(self, blocking: list[Difference]) -> None:
        if not blocking:
            return
        first = blocking[0]
        raise Refused(
            self.collection.target,
            f"{first.field} is {first.have}, the configuration wants {first.want}",
            remedy=first.remedy,
        )

    async def _add_indexes(self, state: CollectionState) -> None:
        for path, kind in self.pipeline.collection.indexes.items():
            if path not in state.indexes:
                create = partial(self.collection.create_index, path, kind)
                await self.gate.call(create, self.pipeline.retry)
                self.journal.note("info", "collection", f"added {index_field(path)} {kind}")

    async def add_vectors(self, sizes: Mapping[str, int]) -> None:
        """Add vectors of these sizes; no point has one yet.

        Raises:
            Refused: the store can't.
        """
        for name, size in sizes.items():
            spec = wanted_vector(self.pipeline, name, size)
            add = partial(self.collection.add_vector, name, spec)
            if not await self.gate.call(add, self.pipeline.retry):
                raise Refused(
                    self.collection.target, f"it has no {vector_field(name)}", remedy=_NO_NEW_VECTORS
                )
            self.journal.note("info", "collection", f"added {vector_field(name)} {spec.words}")
