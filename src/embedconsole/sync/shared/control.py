"""The switches of an engine and of each of its runs, and the signal that wakes what waits for a change."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import anyio

from embedconsole.sync.shared.fault_text import stopped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from embedconsole.faults import Fault
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.shared.journal import Journal


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause: since when nothing is claimed (seconds since 1970, by our clock), and who ordered it."""

    since: float
    by: str


@dataclass(frozen=True, slots=True)
class Halt:
    """The reason why a pipeline does not run, and when it is retried on the monotonic clock.

    Attributes:
        until: None when it waits for the operator.
    """

    reason: str
    until: float | None


class OrderKind(StrEnum):
    """The kinds of orders."""

    SYNC = "sync"
    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    WORKERS = "workers"


class Control:
    """Pause, workers and drain of an engine; all of it belongs to the engine's loop.

    Attributes:
        drained: Set once the engine is to come to its end: no run begins any more.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.drained = anyio.Event()
        self._pause: Pause | None = None
        self._workers = workers
        self._runs: list[RunControl] = []

    @property
    def draining(self) -> bool:
        """Whether the engine is to end with what is in flight."""
        return self.drained.is_set()

    @property
    def paused(self) -> bool:
        """Whether nothing may be claimed for now."""
        return self._pause is not None

    @property
    def paused_by(self) -> Pause | None:
        """Since when and by whose word nothing may be claimed."""
        return self._pause

    @property
    def workers(self) -> int | None:
        """Workers of a run asked for; None leaves it to the configuration."""
        return self._workers

    def pause(self, by: str = "", since: float | None = None) -> None:
        """Claim nothing from now on; what is in flight continues. The first pause stays the one shown."""
        self._pause = self._pause or Pause(time.time() if since is None else since, by)
        self.notify()

    def resume(self) -> None:
        """Claim again."""
        self._pause = None
        self.notify()

    def set_workers(self, count: int) -> None:
        """Have this many batches of a run embedding at the same time, at least one."""
        self._workers = max(1, count)
        self.notify()

    @contextmanager
    def running(self, pipelines: Collection[str]) -> Iterator[RunControl]:
        """A run of these pipelines takes place in the block; gives its own switches."""
        run = RunControl(self, frozenset(pipelines))
        if self.draining:
            run.end()
        self._runs.append(run)
        try:
            yield run
        finally:
            self._runs.remove(run)

    def cancel(self, pipelines: Collection[str] | None = None) -> None:
        """End the present runs of these pipelines, None for all, with what is in flight."""
        for run in self._runs:
            if pipelines is None or not run.pipelines.isdisjoint(pipelines):
                run.end()

    def drain(self) -> None:
        """End all runs with what is in flight, and the engine with them."""
        self.drained.set()
        self.cancel()

    def notify(self) -> None:
        """Wake what waits for a change in any run."""
        for run in self._runs:
            run.notify()


class RunControl:
    """The switches as one run sees them: its own end, and those of its engine.

    Attributes:
        pipelines: The pipelines that take part.
        ending: Set once the run is to end early: nothing is claimed any more, and nothing waits any longer.
    """

    def __init__(self, engine: Control, pipelines: frozenset[str]) -> None:
        self.pipelines = pipelines
        self.ending = anyio.Event()
        self._engine = engine
        self._changed = anyio.Event()

    @property
    def draining(self) -> bool:
        """Whether the engine is to end with what is in flight."""
        return self._engine.draining

    @property
    def cancelled(self) -> bool:
        """Whether this run alone is to end with what is in flight."""
        return self.ending.is_set() and not self.draining

    @property
    def paused(self) -> bool:
        """Whether nothing may be claimed for now."""
        return self._engine.paused

    @property
    def workers(self) -> int | None:
        """Workers asked for; None leaves it to the configuration."""
        return self._engine.workers

    def end(self) -> None:
        """End with what is in flight."""
        self.ending.set()
        self.notify()

    def notify(self) -> None:
        """Wake all who wait for a change."""
        self._changed.set()
        self._changed = anyio.Event()

    @property
    def next_change(self) -> anyio.Event:
        """Set at the next change. Take it before looking at the state, so that none is missed."""
        return self._changed


@dataclass(slots=True)
class RunState:
    """Progress of one pipeline's run: shared by its planner and its workers.

    Attributes:
        planning: The planner is still finding work, so batches may wait until they are full.
        stopped_by: The fault that ended the run.
    """

    control: RunControl
    journal: Journal
    planning: bool
    stopped_by: Fault | None = None

    @property
    def ended_early(self) -> bool:
        """Whether the run ends before everything is done."""
        return self.stopped_by is not None or self.control.ending.is_set()

    def give_up(self, fault: Fault) -> None:
        """End the run because of a fault; what is in flight is finished."""
        if self.stopped_by is None:
            self.stopped_by = fault
            self.journal.note("error", fault.kind, f"stopped: {stopped(fault)}")
        self.control.notify()

    def planned(self) -> None:
        """The planner has come to its end."""
        self.planning = False
        self.control.notify()


def pause_in_force(ledger: Ledger) -> Pause | None:
    """The pause that an operator has ordered and that has not been ended, on this ledger; blocks.

    Raises:
        Fault: the ledger does not answer.
    """
    last = ledger.orders.lasting()
    return Pause(last.at, last.sender) if last is not None and last.verb == OrderKind.PAUSE else None
