"""The worker: takes one claimed batch after the other to its end, whatever happens to it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.faults import BadInput, Refused, Transient
from embedconsole.ledger.records.work import Settlement
from embedconsole.sync.resilience.background import within_grace
from embedconsole.sync.resilience.gate import Interrupted, Stop
from embedconsole.sync.shared.fault_text import given_back
from embedconsole.sync.worker.steps import BatchTaken, Task
from embedconsole.telemetry import passed

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.ledger.records.items import Hashes
    from embedconsole.ledger.records.work import Batch, ClaimedItem, Failure
    from embedconsole.sync.worker.context import Workbench


@dataclass(slots=True)
class BatchOutcome:
    """A `Settlement` in the making."""

    written: list[tuple[ClaimedItem, Hashes]] = field(default_factory=list)
    deleted: list[ClaimedItem] = field(default_factory=list)
    gone: list[ClaimedItem] = field(default_factory=list)
    back: list[tuple[ClaimedItem, Hashes]] = field(default_factory=list)
    unsynced: list[ClaimedItem] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)

    def settlement(self, batch: Batch) -> Settlement:
        """Everything decided so far; what is not decided is given back."""
        decided = {item.id for item, _ in (*self.written, *self.back)}
        decided |= {item.id for item in (*self.deleted, *self.gone, *self.unsynced)}
        decided |= {failure.item.id for failure in self.failed}
        released = [item for item in batch.items if item.id not in decided]
        return Settlement(
            self.written, self.deleted, self.gone, self.back, self.unsynced, self.failed, released
        )


class Stages:
    """The stages of one batch, one after the other.

    Args:
        entered: Told of each.

    Attributes:
        seconds: Stage to the time in it; one that is entered again goes on.
    """

    def __init__(self, entered: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds: dict[str, float] = {}
        self._entered = entered
        self._clock = clock
        self._stage: str | None = None
        self._began = 0.0

    def enter(self, stage: str) -> None:
        """The batch is at this now."""
        self.end()
        self._stage = stage
        self._entered(stage)

    def end(self) -> None:
        """The batch is at nothing any more."""
        now = self._clock()
        if self._stage is not None:
            spent = now - self._began
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + spent
            passed(self._stage, spent)
        self._stage, self._began = None, now


_GRACE_SECONDS = 10.0
"""How long a batch may take to be settled once the run is cancelled."""


@dataclass(frozen=True, slots=True)
class BatchWorker:
    """One for all workers of a pipeline: it has no state of its own."""

    bench: Workbench

    async def process(self, batch: Batch) -> int:
        """Work on a batch and settle it, whatever happens; returns how many of its items are given back.

        Raises:
            Stop: the run can't go on.
        """
        task = Task(self.bench, batch)
        released = 0
        try:
            stop = await self._work(task, batch)
        finally:
            # Also when it is cancelled, at whatever moment: else the items stay held, and what was written
            # is paid for again.
            async with within_grace(_GRACE_SECONDS):
                released = await task.settle()
        if stop is not None:
            raise stop
        return released

    async def _work(self, task: Task, batch: Batch) -> Stop | None:
        """Work on a batch; returns why the run can't go on."""
        stop: Stop | None = None
        try:
            await task.work()
        except BatchTaken:
            self.bench.journal.note(
                "warning", "lease", f"batch {batch.token} was taken over by another worker"
            )
        except Interrupted:
            pass
        except Transient as fault:
            said = f"batch {batch.token} given back: {given_back(fault)}"
            self.bench.journal.note("warning", fault.kind, said)
        except (Refused, BadInput) as fault:
            # An input that is no item's, such as a look at the collection: refused for all of them.
            stop = Stop(fault)
        except Stop as error:
            stop = error
        if stop is not None:
            # Before the batch is given back: no other worker may claim it.
            self.bench.give_up(stop.fault)
        return stop
