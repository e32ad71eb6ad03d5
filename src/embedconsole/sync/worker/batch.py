"""A batch from claimed to settled, whatever happens to it; what it does in between is in `steps`.

No transaction is open while it waits for the network: it was claimed before; it reads, embeds, writes, and
settles with the ledger in one transaction that the lease's token fences.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.faults import BadInput, Refused, Transient
from embedconsole.ledger.items.crash_counts import LATE_WRITES_SECONDS
from embedconsole.sync.resilience.background import within_grace
from embedconsole.sync.resilience.gate import Interrupted, Stop
from embedconsole.sync.shared.fault_text import given_back
from embedconsole.sync.worker.steps import BatchSteps, BatchTaken

if TYPE_CHECKING:
    from embedconsole.ledger.records.work import Batch, Settlement
    from embedconsole.sync.worker.context import Workbench


_GRACE_SECONDS = 10.0
"""How long a batch may take to be settled once the run is cancelled."""


@dataclass(frozen=True, slots=True)
class BatchWorker:
    """One for all workers of a pipeline: it has no state of its own."""

    bench: Workbench

    async def process(self, batch: Batch) -> int:
        """Work on a batch and settle it, whatever happens; returns how many of its items return to the queue.

        Raises:
            Stop: the run can't go on.
        """
        steps = BatchSteps(self.bench, batch)
        released = 0
        try:
            stop = await self._work(steps, batch)
        finally:
            # Also when it is cancelled, at whatever moment: else the items stay held, and what was written
            # is paid for again.
            async with within_grace(_GRACE_SECONDS):
                released = await self._settle(steps, batch)
        if stop is not None:
            raise stop
        return released

    async def _work(self, steps: BatchSteps, batch: Batch) -> Stop | None:
        """Work on a batch; returns why the run can't go on."""
        stop: Stop | None = None
        try:
            await steps.work()
        except BatchTaken:
            self.bench.journal.note(
                "warning", "lease", f"batch {batch.token} was taken over by another worker"
            )
        except Interrupted:
            pass
        except Transient as fault:
            said = f"batch {batch.token} returned to the queue: {given_back(fault)}"
            self.bench.journal.note("warning", fault.kind, said)
        except (Refused, BadInput) as fault:
            # An input that is no item's, such as a look at the collection: refused for all of them.
            stop = Stop(fault)
        except Stop as error:
            stop = error
        if stop is not None:
            # Before the batch is released: no other worker may claim it.
            self.bench.give_up(stop.fault)
        return stop

    async def _settle(self, steps: BatchSteps, batch: Batch) -> int:
        """End the batch in the ledger, and note what was synced; returns how many items return to the
        queue.
        """
        steps.stages.enter("finish")
        try:
            # Before the items are released: the next worker that claims them looks for kept vectors.
            await steps.keep()
        finally:
            released = await self._record(steps, batch)
        return released

    async def _record(self, steps: BatchSteps, batch: Batch) -> int:
        settlement = steps.outcome.settlement(batch)
        for failure in settlement.failed:
            self.bench.journal.item_failed(failure, steps.rows.get(failure.item.key))
        lost = await anyio.to_thread.run_sync(partial(self.bench.ledger.work.settle, batch, settlement))
        await self._recheck_unsure(steps, batch, settlement, lost=lost)
        self._count(steps, settlement)
        if not lost:
            await self.bench.keeper.written(batch, [hashes.embed for _, hashes in settlement.written])
            await self.bench.writeback.note(batch, settlement, steps.rows, steps.vectors)
        steps.stages.end()
        self.bench.journal.batch_done(batch, settlement, steps.rows, lost=lost, stages=steps.stages.seconds)
        return len(settlement.released)

    async def _recheck_unsure(
        self, steps: BatchSteps, batch: Batch, settlement: Settlement, *, lost: int
    ) -> None:
        """Have points looked at again that we wrote without holding them, or may have written."""
        add = self.bench.ledger.rechecks.add
        generation = batch.generation_id
        if lost:
            keys = [item.key for item, _ in settlement.written] + [item.key for item in settlement.deleted]
            await anyio.to_thread.run_sync(partial(add, generation, keys, delay=0.0))
        if steps.unsure:
            await anyio.to_thread.run_sync(partial(add, generation, steps.unsure, delay=LATE_WRITES_SECONDS))

    def _count(self, steps: BatchSteps, settlement: Settlement) -> None:
        progress = self.bench.progress
        embedded = sum(1 for item, _ in settlement.written if item.key in steps.vectors)
        progress.embedded += embedded
        progress.payload_updated += len(settlement.written) - embedded
        progress.deleted += len(settlement.deleted)
        progress.newly_failed += sum(1 for failure in settlement.failed if failure.delay is None)
