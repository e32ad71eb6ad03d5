"""The workers of a run: how many there are, and what they report to the ledger meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import Fault
from embedconsole.sync.resilience.gate import Stop
from embedconsole.sync.worker.claim import POLL
from embedconsole.telemetry import in_batch, span

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import TaskGroup

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.work import Batch
    from embedconsole.sync.shared.control import RunControl, RunState
    from embedconsole.sync.shared.journal import Journal
    from embedconsole.sync.worker.batch import BatchWorker
    from embedconsole.sync.worker.claim import Claims


_HEARTBEAT = 1.0


@dataclass(slots=True)
class WorkerPool:
    """Concurrent workers until nothing is pending, the run is drained or it can't continue.

    Args:
        workers: Batches that embed at the same time, as configured; `control` may say otherwise.
        seconds: For how long to claim; None until nothing is pending.
    """

    claims: Claims
    ledger: Ledger
    control: RunControl
    journal: Journal
    embed_slots: anyio.CapacityLimiter
    workers: int
    seconds: float | None
    state: RunState
    _slots: int = 0

    async def work(self, group: TaskGroup, worker: Callable[[], BatchWorker]) -> None:
        """Have as many workers as are asked for; those too many go home by themselves.

        Args:
            worker: Gives what does the work; called once there is a batch to work on.
        """
        group.start_soon(self._heartbeat)
        with anyio.move_on_after(self.seconds) as shift:
            while not self.claims.over:
                change = self.control.next_change
                self.embed_slots.total_tokens = self.wanted
                while self._slots < self._wanted_slots:
                    self._slots += 1
                    group.start_soon(self._work, self._slots, worker)
                await change.wait()
        if shift.cancelled_caught:
            self.claims.close()

    @property
    def wanted(self) -> int:
        """Batches that may embed at the same time now."""
        return self.control.workers or self.workers

    @property
    def _wanted_slots(self) -> int:
        # Some more than may embed: they read ahead and write behind, so that the embedder is never idle.
        return self.wanted + self.wanted // 2 + 1

    async def _work(self, slot: int, worker: Callable[[], BatchWorker]) -> None:
        try:
            while not self.claims.over and slot <= self._wanted_slots:
                change = self.control.next_change
                if self.control.paused:
                    await change.wait()
                    continue
                batch = await self.claims.claim(slot)
                if batch is not None:
                    await self._process(worker, batch)
                elif not await self.claims.check_done():
                    with anyio.move_on_after(POLL):
                        await change.wait()
        except Stop as stop:
            self.state.give_up(stop.fault)
        except Fault as fault:
            self.state.give_up(fault)
        finally:
            self._slots -= 1
            self.control.notify()

    async def _process(self, worker: Callable[[], BatchWorker], batch: Batch) -> None:
        given_back = 0
        try:
            work = batch.work.name.lower()
            pipeline = self.journal.pipeline
            with (
                in_batch(batch.token),
                span("batch", batch=batch.token, pipeline=pipeline, work=work, items=len(batch.items)),
            ):
                given_back = await worker().process(batch)
        finally:
            self.claims.end(batch, given_back)
            self.control.notify()

    async def _heartbeat(self) -> None:
        """Once a second, tell the ledger what our batches do, extend their leases and write events."""
        while not self._quiet:
            with anyio.move_on_after(_HEARTBEAT):
                while not self._quiet:
                    await self.control.next_change.wait()
            try:
                await self._beat()
            except Fault as fault:
                # The worker that needs the ledger decides what its absence means.
                self.journal.note("warning", fault.kind, str(fault))

    @property
    def _quiet(self) -> bool:
        return self.claims.over and not self.claims.busy

    async def _beat(self) -> None:
        unreported = self.claims.in_flight.take_unreported()
        if unreported:
            await anyio.to_thread.run_sync(self.ledger.work.enter_stages, unreported)
        for batch in self.claims.in_flight.expiring():
            await self.claims.extend(batch)
        await anyio.to_thread.run_sync(self.journal.flush, self.ledger)
