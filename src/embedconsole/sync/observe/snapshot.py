"""The snapshot of the engine for the screens: immutable, taken in its own loop, cheap to pass on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from embedconsole.sync.resilience.gate import GateHealth, GateState
from embedconsole.sync.shared.report import Progress

if TYPE_CHECKING:
    from embedconsole.items import CollectionState
    from embedconsole.ledger.records.history import AuditRecord, Event, RunRecord
    from embedconsole.ledger.records.items import Counts
    from embedconsole.ledger.records.processes import Process
    from embedconsole.ledger.records.work import BatchInFlight
    from embedconsole.sync.shared.control import Halt, Pause
    from embedconsole.sync.shared.report import PipelineReport


WELL = GateHealth("ledger", GateState.CLOSED, 0.0, None, None)


class EngineState(StrEnum):
    """The activity of the engine."""

    STARTING = "starting"
    IDLE = "idle"
    PLANNING = "planning"
    RUNNING = "running"
    PAUSED = "paused"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class CollectionSeen:
    """A collection when it last answered.

    Attributes:
        at: When that was, on the monotonic clock.
        state: None when it does not exist, or has never answered.
        differences: What is not as configured, a line each.
        blocking: Whether one of them forbids writing.
        fault: Why it did not answer the last time it was asked.
    """

    at: float
    state: CollectionState | None
    differences: tuple[str, ...] = ()
    blocking: bool = False
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class PipelineView:
    """One pipeline.

    Attributes:
        counts: As of `Snapshot.counted_at`; None before the first count, or while nothing counts.
        rate: Items a second, lately; None when nothing is being done.
        eta: Seconds until the backlog is done at that rate; None when it is not known.
        dependencies: The state of the catalog, the embedders and the collection.
        last_report: What came of its last run in this process.
        seen: What its collection last said; None before it was asked.
        audit: What its last verify found; None before the first.
        total: What this process has done in it since it began, the present run included.
        run: The number of its present run in this process.
        next_run: When its next scheduled run begins; None without a schedule, and during a run.
        halted: Why it does not run any more.
    """

    name: str
    collection: str
    state: EngineState
    workers: int
    progress: Progress | None
    counts: Counts | None
    rate: float | None
    eta: float | None
    dependencies: tuple[GateHealth, ...] = ()
    last_report: PipelineReport | None = None
    seen: CollectionSeen | None = None
    audit: AuditRecord | None = None
    total: Progress = field(default_factory=Progress)
    run: int | None = None
    next_run: float | None = None
    halted: Halt | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole engine at one moment; times on the monotonic clock.

    Attributes:
        run: The number of the latest of the runs that take place here.
        next_run: When the next scheduled run of any pipeline begins; None without a schedule.
        ledger: Since when the ledger answers, or does not, and when it is asked again.
        events: The latest events of all processes, oldest first.
        runs: The latest runs of all processes, newest first.
        workers: The processes on the ledger, this one among them.
        worker: The id of this process, to tell its batches from those of others.
        pause: Since when this process claims nothing, and who paused it.
    """

    taken_at: float
    state: EngineState
    run: int | None
    pipelines: tuple[PipelineView, ...]
    in_flight: tuple[BatchInFlight, ...] = ()
    counted_at: float | None = None
    next_run: float | None = None
    ledger: GateHealth = WELL
    events: tuple[Event, ...] = ()
    runs: tuple[RunRecord, ...] = ()
    workers: tuple[Process, ...] = ()
    worker: str = ""
    pause: Pause | None = None

    @property
    def halted(self) -> dict[str, str]:
        """Pipeline to why it does not run any more; empty when all do."""
        return {view.name: view.halted.reason for view in self.pipelines if view.halted is not None}


@dataclass(slots=True)
class RateMeter:
    """Items a second over a sliding window.

    Args:
        window: Seconds that count.
    """

    window: float = 30.0
    _samples: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, now: float, done: int) -> float | None:
        """Add a sample of how many items are done; returns the rate, None with too little to go by."""
        if self._samples and done < self._samples[-1][1]:
            self._samples.clear()
        self._samples.append((now, done))
        while self._samples[0][0] < now - self.window:
            self._samples.popleft()
        began, before = self._samples[0]
        if now - began < 1.0 or done == before:
            return None
        return (done - before) / (now - began)
