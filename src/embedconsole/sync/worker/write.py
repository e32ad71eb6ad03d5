"""Writing a batch to the collection, through its gate."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from embedconsole.collection.base import StoredVectors
from embedconsole.faults import BadInput, Fault, Transient
from embedconsole.items import MARKER, Points, point_id
from embedconsole.sync.content.marker import read_point
from embedconsole.sync.content.vectors import column_of, gathered
from embedconsole.sync.worker.bisect import MANY, Bisection, ServiceEvidence, verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.collection.base import Collection
    from embedconsole.config.settings import RetryConfig
    from embedconsole.items import JsonObject, PointId, StoredPoint, VectorColumn
    from embedconsole.sync.content.recipe import Content
    from embedconsole.sync.resilience.gate import Gate
    from embedconsole.sync.worker.bisect import Rejection

    Vector = NDArray[np.float32]
    Vectors = Mapping[str, Mapping[str, Vector]]
    """Embeddings by key and slot."""
    Fence = Callable[[], Awaitable[None]]
    Write = Callable[[Sequence[Content]], Awaitable[None]]
    WritePoints = Callable[[Points], Awaitable[None]]

_SAMPLE = point_id("embedconsole: a sample that is deleted at once")


class GatedCollection:
    """A collection behind its gate. What fails as a whole is counted there, and raised.

    Before every try `fence` is called: calls wait at the gate and are retried, and a worker may have lost
    its lease meanwhile. The ledger would turn it away; the collection takes whatever is sent.

    Args:
        former_fields: Top-level payload fields that points may have of an earlier configuration of ours.
        when_written: Called after vectors have been written.

    Attributes:
        lacking: Vectors that the collection does not have yet.
    """

    def __init__(
        self,
        collection: Collection,
        gate: Gate,
        retry: RetryConfig,
        former_fields: Iterable[str] = (),
        when_written: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._collection = collection
        self._gate = gate
        self._retry = retry
        self._former_fields = sorted(former_fields)
        self.pulse = ServiceEvidence()
        self.lacking: Sequence[str] = ()
        self._when_written = when_written

    async def insert(
        self, contents: Sequence[Content], vectors: Vectors, fence: Fence
    ) -> dict[str, Rejection]:
        """Write points that the collection does not have; returns what was refused alone, by key."""

        async def write(points: Points) -> None:
            await fence()
            await self._collection.upsert(points)

        async def write_sample(points: Points) -> None:
            await self._collection.upsert(points)
            # One that stays has our marker: `verify` reports it, `verify --repair` deletes it.
            with suppress(Fault):
                await self._collection.delete(points.ids)

        return await self._each_alike(contents, vectors, write, write_sample)

    async def update(
        self, contents: Sequence[Content], vectors: Vectors, fence: Fence
    ) -> dict[str, Rejection]:
        """Write our part of points that are there; returns what was refused alone, by key.

        A point that was removed behind our back is written whole.
        """

        async def write(points: Points) -> None:
            await fence()
            missing = await self._collection.update(points)
            if missing:
                lost = points.at([row for row, point in enumerate(points.ids) if point in missing])
                await fence()
                await self._collection.upsert(lost)

        async def write_sample(points: Points) -> None:
            await self._collection.update(points)  # of which there is none, so that nothing is written

        return await self._each_alike(contents, vectors, write, write_sample)

    async def _each_alike(
        self, contents: Sequence[Content], vectors: Vectors, call: WritePoints, call_sample: WritePoints
    ) -> dict[str, Rejection]:
        """Write contents with their `vectors` by key and slot; returns what was refused alone, by key."""
        whole = {content.key: gathered(vectors[content.key]) for content in contents}
        # Points of one request share their vector names; an item without a picture lacks that vector.
        alike: defaultdict[tuple[str, ...], list[Content]] = defaultdict(list)
        for content in contents:
            alike[tuple(sorted(whole[content.key]))].append(content)

        async def write(group: Sequence[Content]) -> None:
            names = whole[group[0].key]
            vectors = {name: column_of([whole[content.key][name] for content in group]) for name in names}
            await call(self._points(group, vectors))

        rejected: dict[str, Rejection] = {}
        for group in alike.values():
            first = {name: column_of([vector]) for name, vector in whole[group[0].key].items()}
            sample = Points([_SAMPLE], first, [_marker(group[0])])
            rejected |= await self._isolating(group, write, partial(call_sample, sample))
        if self._when_written is not None and len(rejected) < len(contents):
            await self._when_written()
        return rejected

    def _points(self, group: Sequence[Content], vectors: Mapping[str, VectorColumn]) -> Points:
        """Points of contents with the same vectors: an item without a picture loses that vector."""
        absent = [name for name in group[0].vector_names if name not in vectors]
        return Points(
            ids=[content.point for content in group],
            vectors=vectors,
            payloads=[content.payload for content in group],
            without_vectors=[name for name in absent if name not in self.lacking] if vectors else (),
            without_fields=self._former_fields,
        )

    async def stored(self, contents: Sequence[Content]) -> Mapping[PointId, StoredPoint]:
        """Their points in the collection by now; none where its vectors can't be read."""
        collection = self._collection
        if not isinstance(collection, StoredVectors):
            return {}
        points = [content.point for content in contents]
        return await self._gate.call_counted(lambda: collection.stored(points), self._retry)

    async def owners(self, contents: Sequence[Content]) -> Mapping[PointId, str | None]:
        """The pipeline of each point that has one of their ids; None for a point without a marker."""
        points = [content.point for content in contents]
        found = await self._gate.call_counted(lambda: self._collection.retrieve(points), self._retry)
        return {point: read_point(point, payload).pipeline for point, payload in found.items()}

    async def update_payloads(
        self, contents: Sequence[Content], fence: Fence
    ) -> tuple[frozenset[PointId], dict[str, Rejection]]:
        """Write our payload fields; returns missing points, and by key what was refused alone."""
        missing: set[PointId] = set()

        async def write(group: Sequence[Content]) -> None:
            await fence()
            missing.update(await self._collection.update(self._points(group, {})))

        async def write_sample() -> None:
            await self._collection.update(Points([_SAMPLE], {}, [_marker(contents[0])]))

        rejected = await self._isolating(contents, write, write_sample)
        return frozenset(missing), rejected

    async def delete(self, points: Sequence[PointId], fence: Fence) -> None:
        """Delete points."""

        async def fenced() -> None:
            await fence()
            await self._collection.delete(points)

        await self._gate.call_counted(fenced, self._retry)

    async def _isolating(
        self, contents: Sequence[Content], write: Write, write_sample: Callable[[], Awaitable[None]]
    ) -> dict[str, Rejection]:
        """Write contents, halving them where they are refused until each bad one is alone."""
        witness = CollectionWitness(self, write_sample)

        async def vouch(fault: Fault) -> None:
            if not await witness.alive(self.pulse.sent, 1):
                raise verdict(witness, fault)

        async def attempt(part: list[int]) -> BadInput | None:
            group = [contents[index] for index in part]
            call = self.pulse.send()
            try:
                await self._gate.call(lambda: write(group), self._retry, vouch)
            except BadInput as fault:
                return fault
            self.pulse.accept(call)
            return None

        async def alone(index: int) -> bool:
            return await attempt([index]) is None

        search = Bisection(attempt, alone, witness)
        every = list(range(len(contents)))
        try:
            fault = await search.attempt(every)
            if fault is not None:
                await search.split(every, fault)
            await search.confirm()
        except Transient as error:
            self._gate.failed(error)
            raise
        return {contents[index].key: rejection for index, rejection in search.rejected.items()}

    @property
    def gate(self) -> Gate:
        """The collection's."""
        return self._gate


def _marker(like: Content) -> JsonObject:
    """The payload of a sample: what makes a point ours, and nothing else."""
    return {MARKER: like.payload[MARKER]}


@dataclass(frozen=True, slots=True)
class CollectionWitness:
    """Checks by a sample whether a collection can be written to (a `bisect.Witness`)."""

    gated: GatedCollection
    write_sample: Callable[[], Awaitable[None]]
    remedy: str = "Check the limits and the log of the Qdrant server"
    source: str = "Qdrant"

    @property
    def pulse(self) -> ServiceEvidence:
        return self.gated.pulse

    @property
    def shut(self) -> bool:
        return self.gated.gate.shut

    async def alive(self, since: int, failed: int) -> bool | None:
        if self.pulse.accepted > since:
            return True
        try:
            await self.write_sample()
        except BadInput:
            return False
        # As long as nothing else went through, many points may have something that the sample has not.
        return True if self.pulse.accepted or failed < MANY else None
