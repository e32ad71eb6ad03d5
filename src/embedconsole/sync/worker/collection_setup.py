"""The collection made ready for writing: looked at once a run, created or completed where that is needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.collection.base import SchemaChanges
from embedconsole.collection.compare import differences, index_field, vector_field
from embedconsole.faults import Refused, Transient
from embedconsole.items import UNNAMED, CollectionSchema
from embedconsole.sync.resilience.gate import Stop
from embedconsole.sync.worker.schema import vector_size, wanted_schema, wanted_vector
from embedconsole.sync.worker.write import GatedCollection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from embedconsole.collection.base import Collection
    from embedconsole.collection.compare import Difference
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.faults import Fault
    from embedconsole.items import CollectionState, VectorSpec
    from embedconsole.sync.resilience.gate import Gate
    from embedconsole.sync.shared.journal import Journal
    from embedconsole.sync.worker.embed import KnownSize


_NO_NEW_VECTORS = "It can't add vectors to a collection (Qdrant 1.18 can): run `embedconsole reindex`"


@dataclass(frozen=True, slots=True)
class SchemaAdditions:
    """The additions to a pipeline's collection."""

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
            name: wanted_vector(pipeline, name, vector_size(pipeline, name, state) or 0)
            for name in pipeline.vectors
            if name not in addable
        }
        found = differences(CollectionSchema(vectors, dict(pipeline.collection.indexes)), state)
        self._refuse([difference for difference in found if difference.blocking])
        await self._add_indexes(state)
        for difference in found:
            if difference.have is not None:
                told = f"{difference.field}: have {difference.have}, expected {difference.want}"
                self.journal.note("warning", "collection", f"{told}. {difference.remedy}")
        return addable

    def _refuse(self, blocking: list[Difference]) -> None:
        if not blocking:
            return
        first = blocking[0]
        raise Refused(
            self.collection.target,
            f"{first.field} is {first.have}, expected {first.want}",
            remedy=first.remedy,
        )

    async def _add_indexes(self, state: CollectionState) -> None:
        for path, kind in self.pipeline.collection.indexes.items():
            if path not in state.indexes and isinstance(self.collection, SchemaChanges):
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
            if not await self._add_vector(name, spec):
                raise Refused(
                    self.collection.target, f"it has no {vector_field(name)}", remedy=_NO_NEW_VECTORS
                )
            self.journal.note("info", "collection", f"added {vector_field(name)} {spec.words}")

    async def _add_vector(self, name: str, spec: VectorSpec) -> bool:
        if not isinstance(self.collection, SchemaChanges):
            return False
        return await self.gate.call(partial(self.collection.add_vector, name, spec), self.pipeline.retry)


_EMPTIED = (
    "it holds no points, though {synced:,} items were written to it. Was it dropped, or is this another "
    "server?"
)
_EMPTIED_REMEDY = "Bring it back from a snapshot, or embed everything again with `embedconsole run --force`"


class ReadyCollection:
    """A pipeline's collection, ready when it is first needed: a run with nothing to write never asks for it.

    Args:
        refill: Has everything written again that the collection has lost, if that costs no embedding;
            tells whether it does.
        synced: How many items the ledger believes to be in it.
        force: Everything is being embedded again, so an emptied or missing collection is no surprise.
        when_there: Called before it is written to.
        when_written: Called after vectors have been written.
        held: Counts the points that are this pipeline's by its ledger.
        take_over: Points of others may be overwritten.
        former_fields: Payload fields that earlier configurations wrote, which a write removes.

    Attributes:
        looked: Whether it was looked at in this run.
        shared: Whether there were more points than ours when it was looked at: then no new point is written
            before it is known that its id is free.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        collection: Collection,
        gate: Gate,
        sizes: Mapping[str, KnownSize],
        journal: Journal,
        *,
        refill: Callable[[], Awaitable[bool]],
        synced: int,
        force: bool,
        when_there: Callable[[], Awaitable[None]],
        when_written: Callable[[], Awaitable[None]],
        held: Callable[[], int],
        take_over: bool,
        former_fields: Iterable[str] = (),
    ) -> None:
        self._pipeline = pipeline
        self._collection = collection
        self._gate = gate
        self._sizes = sizes
        self._journal = journal
        self._refill = refill
        self._when_there = when_there
        self._synced = 0 if force else synced
        self._held = held
        self._take_over = take_over
        self.shared = False
        self._lock = anyio.Lock()
        self.looked = self._missing = False
        self._given_up: Fault | None = None
        self._lacking: tuple[str, ...] = ()
        self._additions = SchemaAdditions(pipeline, collection, gate, journal)
        self._gated = GatedCollection(collection, gate, pipeline.retry, former_fields, when_written)

    async def look(self) -> None:
        """See that it can be written to, before anything is paid for.

        Raises:
            Refused: it does not fit the configuration, or is not the one that was written to before.
        """
        async with self._lock:
            await self._look()

    @property
    def missing(self) -> bool:
        """Whether it did not exist when it was looked at, and was not created since."""
        return self._missing

    async def get(self, sizes: Mapping[str, int] | None = None) -> GatedCollection:
        """The collection, looked at and created at the first call.

        Args:
            sizes: Vector name to size of what is about to be written, to create a missing collection with.

        Raises:
            Refused: as `look`, or the size of a vector is not known.
        """
        async with self._lock:
            await self._look()
            if self._missing:
                try:
                    await self._create(sizes or {})
                except Transient as fault:
                    self._gate.failed(fault)
                    raise
                self._missing = False
            await self._when_there()
            known = {name: sizes[name] for name in self._lacking if name in sizes} if sizes else {}
            if known:
                await self._additions.add_vectors(known)
                self._lacking = tuple(name for name in self._lacking if name not in known)
            self._gated.lacking = self._lacking
            return self._gated

    async def _look(self) -> None:
        if self.looked:
            return
        if self._given_up is not None:
            # Other batches waited here while the run was ended: it is not asked again for each of them.
            raise Stop(self._given_up)
        # Before the collection is asked: what another process writes in between must not hide a stranger.
        held = await anyio.to_thread.run_sync(self._held)
        try:
            state = await self._gate.call_counted(self._collection.describe, self._pipeline.retry)
        except Stop as stop:
            self._given_up = stop.fault
            raise
        self.shared = state is not None and state.points > held and not self._take_over
        if (state is None or state.points == 0) and self._synced and await self._refill():
            self._synced = 0
        if state is None and self._synced:
            raise Refused(
                self._collection.target,
                f"it does not exist, though {self._synced:,} items were written to it",
                remedy=_EMPTIED_REMEDY,
            )
        if state is None:
            self._missing = True
        elif state.points == 0 and self._synced:
            raise Refused(
                self._collection.target, _EMPTIED.format(synced=self._synced), remedy=_EMPTIED_REMEDY
            )
        else:
            await self._fit(state)
        self.looked = True

    async def _create(self, sizes: Mapping[str, int]) -> None:
        schema = wanted_schema(self._pipeline, sizes)
        try:
            await self._gate.call(lambda: self._collection.create(schema), self._pipeline.retry)
        except Refused:
            # Another process may have been faster, or our own first try got through unconfirmed.
            state = await self._gate.call(self._collection.describe, self._pipeline.retry)
            if state is None:
                raise
            await self._fit(state)
            return
        self._journal.note("info", "collection", f"created {self._collection.target}")

    async def _fit(self, state: CollectionState) -> None:
        for name, known in self._sizes.items():
            if name in state.vectors:
                known.size = known.size or state.vectors[name].size
        self._lacking = await self._additions.fit(state)
