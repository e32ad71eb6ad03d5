"""An embedder that can be held, and a collection in memory: what an engine under test works with."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio.to_thread
import numpy as np

from embedconsole.items import (
    CollectionState,
    Embedded,
    PointPage,
    point_order,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from embedconsole.faults import Fault
    from embedconsole.items import (
        CollectionSchema,
        EmbedInput,
        JsonObject,
        PointId,
        Points,
    )

SIZE = 16
_LIMIT = 60.0


@dataclass
class HeldEmbedder:
    """Embeds once it is let go; knows who is inside.

    Attributes:
        fault: Raised instead of an answer while it is set.
        on_call: Called with each request, before it is held.
    """

    name: str = "ml"
    identity: str = f"hashing:1:{SIZE}"
    batch_size: int = 100
    concurrency: int = 8
    price_per_1000: float | None = None
    go: threading.Event = field(default_factory=threading.Event)
    fault: Fault | None = None
    on_call: Callable[[Sequence[EmbedInput]], None] = lambda inputs: None
    requests: int = 0
    inside: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        self.on_call(inputs)
        self._count(1)
        try:
            await anyio.to_thread.run_sync(self.go.wait, _LIMIT, limiter=_threads(), abandon_on_cancel=True)
            if self.fault is not None:
                raise self.fault
            return Embedded(np.ones((len(inputs), SIZE), dtype=np.float32))
        finally:
            self._count(-1)

    async def health(self) -> None:
        pass

    def wait_for(self, condition: Callable[[], bool]) -> bool:
        """Wait until calls that came or went have made this true."""
        with self._changed:
            return self._changed.wait_for(condition, timeout=_LIMIT)

    def _count(self, step: int) -> None:
        with self._changed:
            self.inside += step
            self.requests += max(0, step)
            self._changed.notify_all()

    async def aclose(self) -> None:
        pass


def _of_payload(payload: JsonObject, fields: Sequence[str] | None) -> JsonObject:
    return payload if fields is None else {name: payload[name] for name in fields if name in payload}


def _threads() -> anyio.CapacityLimiter:
    # Held calls must not take the threads that the ledger needs.
    return anyio.CapacityLimiter(1)


@dataclass
class MemoryCollection:
    """The payloads of its points: a store that does what `Collection` asks for, and nothing in addition."""

    target: str = "collection products in memory"
    points: dict[PointId, JsonObject] = field(default_factory=dict)
    schema: CollectionSchema | None = None

    async def describe(self) -> CollectionState | None:
        if self.schema is None:
            return None
        count = len(self.points)
        return CollectionState("green", count, count, 1, self.schema.vectors, self.schema.indexes)

    async def create(self, schema: CollectionSchema) -> None:
        self.schema = schema

    async def upsert(self, points: Points) -> None:
        self.points.update(zip(points.ids, points.payloads, strict=True))

    async def update(self, points: Points) -> frozenset[PointId]:
        for point, payload in zip(points.ids, points.payloads, strict=True):
            if point in self.points:
                others = {
                    name: value
                    for name, value in self.points[point].items()
                    if name not in points.without_fields
                }
                self.points[point] = others | payload
        return frozenset(points.ids) - self.points.keys()

    async def delete(self, ids: Sequence[PointId]) -> None:
        for point in ids:
            self.points.pop(point, None)

    async def retrieve(self, ids: Sequence[PointId]) -> Mapping[PointId, JsonObject]:
        return {point: self.points[point] for point in ids if point in self.points}

    async def scroll(
        self, start: PointId | None, *, fields: Sequence[str] | None = None, limit: int
    ) -> PointPage:
        begin = b"" if start is None else point_order(start)
        ids = sorted((point for point in self.points if point_order(point) >= begin), key=point_order)
        page = [(point, _of_payload(self.points[point], fields)) for point in ids[:limit]]
        return PointPage(page, ids[limit] if len(ids) > limit else None)

    async def aclose(self) -> None:
        pass
