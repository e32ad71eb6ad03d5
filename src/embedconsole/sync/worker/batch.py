"""The worker: takes one claimed batch after the other to its end, whatever happens to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.faults import BadInput, Refused, Transient
from embedconsole.sync.resilience.background import within_grace
from embedconsole.sync.resilience.gate import Interrupted, Stop
from embedconsole.sync.shared.fault_text import given_back
from embedconsole.sync.worker.steps import BatchTaken, Task

if TYPE_CHECKING:
    from embedconsole.ledger.records.work import Batch
    from embedconsole.sync.worker.context import Workbench


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
