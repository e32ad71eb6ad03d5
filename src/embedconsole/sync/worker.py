"""The worker: takes one claimed batch after the other to its end, whatever happens to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from embedconsole.faults import Refused, Transient
from embedconsole.sync.consequences import given_back
from embedconsole.sync.flow import Interrupted, Stop
from embedconsole.sync.task import RELEASE_SECONDS, BatchTaken, Task

if TYPE_CHECKING:
    from embedconsole.ledger.records.work import Batch
    from embedconsole.sync.workbench import Workbench


@dataclass(frozen=True, slots=True)
class Worker:
    """One for all workers of a pipeline: it has no state of its own."""

    bench: Workbench

    async def process(self, batch: Batch) -> int:
        """Work on a batch and settle it, whatever happens; returns how many of its items are given back.

        Raises:
            Stop: the run can't go on.
        """
        task = Task(self.bench, batch)
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
        except Refused as fault:
            stop = Stop(fault)
        except Stop as error:
            stop = error
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True), anyio.move_on_after(RELEASE_SECONDS, shield=True):
                await task.settle()
            raise
        if stop is not None:
            self.bench.give_up(stop.fault)
        released = await task.settle()
        if stop is not None:
            raise stop
        return released
