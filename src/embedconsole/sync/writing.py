"""Writing a batch to the collection, through its gate."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from embedconsole.faults import BadInput, FaultClass
from embedconsole.items import Points
from embedconsole.sync.gathering import column_of, gathered
from embedconsole.sync.isolate import Rejection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.collection.base import Collection
    from embedconsole.config.model import RetryConfig
    from embedconsole.items import PointId, StoredPoint, VectorColumn
    from embedconsole.sync.content import Content
    from embedconsole.sync.flow import Gate

    Vector = NDArray[np.float32]
    Vectors = Mapping[str, Mapping[str, Vector]]
    """Embeddings by key and slot."""
    Fence = Callable[[], Awaitable[None]]

T = TypeVar("T")


class GatedCollection:
    """A collection behind its gate. What fails as a whole is counted there, and raised.

    Before every try `fence` is called: calls wait at the gate and are tried again, and a worker may have lost
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
        self.lacking: Sequence[str] = ()
        self._when_written = when_written

    async def insert(
        self, contents: Sequence[Content], vectors: Vectors, fence: Fence
    ) -> dict[str, Rejection]:
        """Write points that the collection does not have; returns what was refused alone, by key."""

        async def write(points: Points) -> None:
            await self._call(lambda: self._collection.upsert(points), fence)

        return await self._each_alike(contents, vectors, write)

    async def update(
        self, contents: Sequence[Content], vectors: Vectors, fence: Fence
    ) -> dict[str, Rejection]:
        """Write our part of points that are there; returns what was refused alone, by key.

        A point that was removed behind our back is written whole.
        """

        async def write(points: Points) -> None:
            missing = await self._call(lambda: self._collection.update(points), fence)
            if missing:
                lost = points.at([row for row, point in enumerate(points.ids) if point in missing])
                await self._call(lambda: self._collection.upsert(lost), fence)

        return await self._each_alike(contents, vectors, write)

    async def _each_alike(
        self, contents: Sequence[Content], vectors: Vectors, call: Callable[[Points], Awaitable[None]]
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
            rejected |= await _isolating(group, write)
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
        """What the collection has of them by now."""
        points = [content.point for content in contents]
        return await self._gate.call_counted(lambda: self._collection.stored(points), self._retry)

    async def update_payloads(
        self, contents: Sequence[Content], fence: Fence
    ) -> tuple[frozenset[PointId], dict[str, Rejection]]:
        """Write our payload fields; returns missing points, and by key what was refused alone."""
        missing: set[PointId] = set()

        async def write(group: Sequence[Content]) -> None:
            points = self._points(group, {})
            missing.update(await self._call(lambda: self._collection.update(points), fence))

        rejected = await _isolating(contents, write)
        return frozenset(missing), rejected

    async def delete(self, points: Sequence[PointId], fence: Fence) -> None:
        """Delete points."""
        await self._call(lambda: self._collection.delete(points), fence)

    async def _call(self, work: Callable[[], Awaitable[T]], fence: Fence) -> T:
        async def fenced() -> T:
            await fence()
            return await work()

        return await self._gate.call_counted(fenced, self._retry)


async def _isolating(
    contents: Sequence[Content], write: Callable[[Sequence[Content]], Awaitable[None]]
) -> dict[str, Rejection]:
    """Write contents, halving them where they are refused until the bad ones stand alone."""
    try:
        await write(contents)
    except BadInput as fault:
        if len(contents) == 1:
            return {contents[0].key: Rejection(FaultClass.ITEM, str(fault))}
        middle = len(contents) // 2
        return await _isolating(contents[:middle], write) | await _isolating(contents[middle:], write)
    return {}
