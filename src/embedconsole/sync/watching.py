"""What the ledger and the collections tell those who watch; the engine itself has no use for it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.collection.compare import differences
from embedconsole.faults import Fault
from embedconsole.sync.generation import current_generation
from embedconsole.sync.snapshot import CollectionSeen
from embedconsole.sync.wanted import wanted_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.items import CollectionState
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records import BatchInFlight, Counts, Event, RunRecord
    from embedconsole.sync.assembly import Assembly

KEEP_EVENTS = 500
_RUNS = 5


@dataclass(slots=True)
class Watch:
    """The latest answers. Belongs to the engine's loop; only `_read` runs in a thread.

    Attributes:
        events: The latest of all processes, oldest first; each look asks only for what is new since.
        counted_at: When the ledger last answered, on the monotonic clock.
        collections: Pipeline to what its collection last said.
    """

    ledger: Ledger
    assemblies: Sequence[Assembly]
    counts: dict[str, Counts] = field(default_factory=dict)
    in_flight: tuple[BatchInFlight, ...] = ()
    events: tuple[Event, ...] = ()
    runs: tuple[RunRecord, ...] = ()
    counted_at: float | None = None
    collections: dict[str, CollectionSeen] = field(default_factory=dict)
    _asking: anyio.Lock = field(default_factory=anyio.Lock)

    async def count(self) -> None:
        """Ask the ledger for the counts, the batches of all processes, new events and the latest runs.

        Raises:
            Fault: the ledger does not answer; what it said last stays.
        """
        async with self._asking:
            newest = self.events[-1].id if self.events else 0
            self.counts, self.in_flight, events, self.runs = await anyio.to_thread.run_sync(
                self._read, newest
            )
            if events:
                self.events = (*self.events, *events)[-KEEP_EVENTS:]
            self.counted_at = time.monotonic()

    async def describe(self) -> None:
        """Ask each collection what it looks like, and compare it with the configuration."""
        for assembly in self.assemblies:
            name = assembly.pipeline.name
            try:
                state = await assembly.collection.describe()
                seen = CollectionSeen(time.monotonic(), state, *_compared(assembly, state))
            except Fault as fault:
                last = self.collections.get(name)
                seen = (
                    CollectionSeen(time.monotonic(), None, fault=str(fault))
                    if last is None
                    else replace(last, fault=str(fault))
                )
            self.collections[name] = seen

    def _read(
        self, newest: int
    ) -> tuple[dict[str, Counts], tuple[BatchInFlight, ...], list[Event], tuple[RunRecord, ...]]:
        counts = {}
        for assembly in self.assemblies:
            generation = current_generation(assembly, self.ledger)
            if generation is not None:
                counts[assembly.pipeline.name] = self.ledger.overview.counts(generation.id)
        return (
            counts,
            tuple(self.ledger.overview.in_flight()),
            self.ledger.history.events(after=newest, limit=KEEP_EVENTS),
            tuple(self.ledger.history.runs(limit=_RUNS)),
        )


def _compared(assembly: Assembly, state: CollectionState | None) -> tuple[tuple[str, ...], bool]:
    """What is not as configured, a line each, and whether it forbids writing."""
    if state is None:
        return (), False
    have = {name: vector.size for name, vector in state.vectors.items()}
    try:
        wanted = wanted_schema(assembly.pipeline, have)
    except Fault as fault:
        return (str(fault),), False
    found = differences(wanted, state)
    lines = tuple(f"{one.field} is {one.have or 'missing'}, want {one.want or 'nothing'}" for one in found)
    return lines, any(one.blocking for one in found)
