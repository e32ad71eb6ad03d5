"""Polls the ledger and the collections for the screens; the engine itself does not use it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import Fault
from embedconsole.sync.observe.snapshot import CollectionSeen
from embedconsole.sync.run.generations import current_generation
from embedconsole.sync.run.init import compared

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from embedconsole.items import CollectionState
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.history import AuditRecord, Event, RunRecord
    from embedconsole.ledger.records.items import Counts
    from embedconsole.ledger.records.processes import Process
    from embedconsole.ledger.records.work import BatchInFlight
    from embedconsole.sync.run.components import Components

KEEP_EVENTS = 500
_RUNS = 20


@dataclass(frozen=True, slots=True)
class LedgerSeen:
    """The last answer of the ledger.

    Attributes:
        events: The latest of all processes, oldest first; each look asks only for what is new since.
        audits: Pipeline to what its last verify found.
    """

    counts: Mapping[str, Counts] = field(default_factory=dict)
    in_flight: tuple[BatchInFlight, ...] = ()
    events: tuple[Event, ...] = ()
    runs: tuple[RunRecord, ...] = ()
    workers: tuple[Process, ...] = ()
    audits: Mapping[str, AuditRecord] = field(default_factory=dict)


@dataclass(slots=True)
class LedgerPoller:
    """The latest answers. Belongs to the engine's loop; only `_read` runs in a thread.

    Attributes:
        counted_at: When the ledger last answered, on the monotonic clock.
        collections: Pipeline to what its collection last said.
    """

    ledger: Ledger
    all_components: Sequence[Components]
    seen: LedgerSeen = field(default_factory=LedgerSeen)
    counted_at: float | None = None
    collections: dict[str, CollectionSeen] = field(default_factory=dict)
    _asking: anyio.Lock = field(default_factory=anyio.Lock)

    async def count(self) -> None:
        """Ask the ledger for the counts, the batches, events and runs of all processes, and who they are.

        Raises:
            Fault: the ledger does not answer; what it said last stays.
        """
        async with self._asking:
            self.seen = await anyio.to_thread.run_sync(self._read, self.seen.events)
            self.counted_at = time.monotonic()

    async def describe(self, pipelines: Container[str]) -> None:
        """Ask the collections of these what they look like, and compare them with the configuration."""
        for components in self.all_components:
            name = components.pipeline.name
            if name not in pipelines:
                continue
            try:
                state = await components.collection.describe()
                seen = CollectionSeen(time.monotonic(), state, *_compared(components, state))
            except Fault as fault:
                last = self.collections.get(name)
                seen = (
                    CollectionSeen(time.monotonic(), None, fault=str(fault))
                    if last is None
                    else replace(last, fault=str(fault))
                )
            self.collections[name] = seen

    def _read(self, known: tuple[Event, ...]) -> LedgerSeen:
        counts = {}
        for components in self.all_components:
            generation = current_generation(components, self.ledger)
            if generation is not None:
                counts[components.pipeline.name] = self.ledger.overview.counts(generation.id)
        new = self.ledger.history.events(after=known[-1].id if known else 0, limit=KEEP_EVENTS)
        return LedgerSeen(
            counts=counts,
            in_flight=tuple(self.ledger.overview.in_flight()),
            events=(*known, *new)[-KEEP_EVENTS:] if new else known,
            runs=tuple(self.ledger.history.runs(limit=_RUNS)),
            workers=tuple(self.ledger.processes.workers()),
            audits={
                record.pipeline: record
                for components in self.all_components
                for record in self.ledger.audits.latest(components.pipeline.name, 1)
            },
        )


def _compared(components: Components, state: CollectionState | None) -> tuple[tuple[str, ...], bool]:
    """The differences from the configuration, a line each, and whether they forbid writing."""
    if state is None:
        return (), False
    found = compared(components, state)
    lines = tuple(
        f"{one.field} is {one.have or 'missing'}, expected {one.want or 'nothing'}" for one in found
    )
    return lines, any(one.blocking for one in found)
