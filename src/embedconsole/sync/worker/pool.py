"""The workers of a run: how many there are, what they claim, and what they tell the ledger meanwhile."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import Fault
from embedconsole.ledger.items.claim import LEASE_SECONDS
from embedconsole.sync.resilience.gate import Stop
from embedconsole.sync.shared.budget import SpendingBudget
from embedconsole.telemetry import in_batch, span

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import TaskGroup

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.work import Batch
    from embedconsole.sync.shared.control import RunControl, RunState
    from embedconsole.sync.shared.journal import Journal
    from embedconsole.sync.worker.batch import BatchWorker


_BOOT_TIME = getattr(time, "CLOCK_BOOTTIME", None)


def elapsed() -> float:
    """Seconds since some moment."""
    return time.monotonic() if _BOOT_TIME is None else time.clock_gettime(_BOOT_TIME)


_HEARTBEAT = 1.0
_MARGIN = 5.0
"""Seconds that a lease is taken to be shorter: to be asked for, and for clocks that do not agree."""
_POLL = 1.0


@dataclass(slots=True)
class InFlight:
    """The batches that this process holds, and what the ledger does not know of them yet."""

    batches: dict[int, Batch] = field(default_factory=dict)
    _extended: dict[int, float] = field(default_factory=dict)
    _unreported: dict[int, str] = field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        """A batch was claimed."""
        self.batches[batch.token] = batch
        self._extended[batch.token] = elapsed()

    def remove(self, batch: Batch) -> None:
        """A batch was settled."""
        for record in (self.batches, self._extended, self._unreported):
            record.pop(batch.token, None)

    def enter_stage(self, token: int, stage: str) -> None:
        """A batch does something else now."""
        self._unreported[token] = stage

    def take_unreported(self) -> dict[int, str]:
        """The stages entered since the last call."""
        unreported, self._unreported = self._unreported, {}
        return unreported

    def expiring(self) -> list[Batch]:
        """The batches whose lease is to be extended, a third of it being over."""
        now = elapsed()
        return [self.batches[token] for token, at in self._extended.items() if now - at >= LEASE_SECONDS / 3]

    def extended(self, batch: Batch, at: float) -> None:
        """The lease counts from `at` now."""
        if batch.token in self.batches:
            self._extended[batch.token] = at

    def surely_ours(self, batch: Batch, seconds: float) -> bool:
        """Whether the lease can't run out within so many seconds, by our own clock."""
        return elapsed() - self._extended[batch.token] < LEASE_SECONDS - seconds - _MARGIN


@dataclass(slots=True)
class WorkerPool:
    """Workers side by side until nothing is due, the run is drained or it can't go on.

    Args:
        workers: Batches that embed at the same time, as configured; `control` may say otherwise.
        limit: Items to work on at most; None for all.
        seconds: For how long to claim; None until nothing is due.
        after_plan: Claim nothing before the planner has come to its end. In a forced run: an item embedded
            before its page was planned would be paid for twice.
        budget: What may be spent; `price` is that of one item.
    """

    ledger: Ledger
    generation_id: int
    worker_id: str
    control: RunControl
    journal: Journal
    embed_slots: anyio.CapacityLimiter
    workers: int
    chunk_size: int
    limit: int | None
    seconds: float | None
    state: RunState
    after_plan: bool = False
    budget: SpendingBudget = field(default_factory=SpendingBudget)
    price: float = 0.0
    in_flight: InFlight = field(default_factory=InFlight)
    _done: bool = False
    _counting: bool = False
    _found_nothing: tuple[anyio.Event, float] | None = None
    _slots: int = 0
    _claiming: anyio.Lock = field(default_factory=anyio.Lock)

    async def work(self, group: TaskGroup, worker: Callable[[], BatchWorker]) -> None:
        """Have as many workers as are asked for; those too many go home by themselves.

        Args:
            worker: Gives what does the work; called once there is a batch to work on.
        """
        group.start_soon(self._heartbeat)
        with anyio.move_on_after(self.seconds) as shift:
            while not self.over:
                change = self.control.next_change
                self.embed_slots.total_tokens = self.wanted
                while self._slots < self._wanted_slots:
                    self._slots += 1
                    group.start_soon(self._work, self._slots, worker)
                await change.wait()
        if shift.cancelled_caught:
            self._done = True
            self.control.notify()

    @property
    def wanted(self) -> int:
        """Batches that may embed at the same time now."""
        return self.control.workers or self.workers

    @property
    def over(self) -> bool:
        """Whether nothing more is to be claimed."""
        return self._done or self.state.ended_early

    @property
    def _wanted_slots(self) -> int:
        # Some more than may embed: they read ahead and write behind, so that the embedder is never idle.
        return self.wanted + self.wanted // 2 + 1

    async def _work(self, slot: int, worker: Callable[[], BatchWorker]) -> None:
        try:
            while not self.over and slot <= self._wanted_slots:
                change = self.control.next_change
                if self.control.paused:
                    await change.wait()
                    continue
                batch = await self._claim(slot)
                if batch is not None:
                    await self._process(worker, batch)
                elif not await self._is_done():
                    with anyio.move_on_after(_POLL):
                        await change.wait()
        except Stop as stop:
            self.state.give_up(stop.fault)
        except Fault as fault:
            self.state.give_up(fault)
        finally:
            self._slots -= 1
            self.control.notify()

    async def _claim(self, slot: int) -> Batch | None:
        async with self._claiming:
            limit = min(self.chunk_size, self._room)
            too_early = self.state.planning and self.after_plan
            if limit == 0 or self.over or too_early or self._just_found_nothing():
                return None
            change = self.control.next_change
            held = list(self.in_flight.batches.values())
            claim = partial(
                self.ledger.work.claim,
                self.generation_id,
                worker_id=self.worker_id,
                slot=slot,
                limit=limit,
                at_least=limit if self.state.planning else 1,
                suspects=not any(batch.suspect for batch in held),
            )
            batch = await anyio.to_thread.run_sync(claim)
            if batch is None:
                self._found_nothing = change, time.monotonic()
            else:
                self.in_flight.add(batch)
                self.budget.promise(len(batch.items) * self.price)
                if self.limit is not None:
                    self.limit -= len(batch.items)
            return batch

    @property
    def _room(self) -> int:
        """Items that may still be claimed, by number and by price."""
        limits = (self.limit, self.budget.room(self.price))
        return min((limit for limit in limits if limit is not None), default=sys.maxsize)

    @property
    def out_of_money(self) -> bool:
        """Whether what may be spent does not pay for another item."""
        return self.budget.room(self.price) == 0

    def _just_found_nothing(self) -> bool:
        """Whether another worker asked a moment ago, and nothing has changed here since."""
        if self._found_nothing is None:
            return False
        change, at = self._found_nothing
        return change is self.control.next_change and time.monotonic() - at < _POLL / 2

    async def _process(self, worker: Callable[[], BatchWorker], batch: Batch) -> None:
        try:
            work = batch.work.name.lower()
            pipeline = self.journal.pipeline
            with (
                in_batch(batch.token),
                span("batch", batch=batch.token, pipeline=pipeline, work=work, items=len(batch.items)),
            ):
                given_back = await worker().process(batch)
            if self.limit is not None:
                self.limit += given_back
        finally:
            self.in_flight.remove(batch)
            self.budget.promise(-len(batch.items) * self.price)
            self.control.notify()

    async def _is_done(self) -> bool:
        """Whether nothing is left: not here, and not with others who may give it back."""
        if self.over or self._busy or self._counting:
            return self.over
        if self._room > 0 and not await self._nothing_pending():
            return False
        # Another process may have claimed, or planned, while the ledger was asked.
        if not self._busy:
            self._done = True
            self.control.notify()
        return self.over

    async def _nothing_pending(self) -> bool:
        # One worker asks for all who are idle: a large ledger takes a tenth of a second to count.
        self._counting = True
        try:
            count = partial(self.ledger.overview.counts, self.generation_id)
            counts = await anyio.to_thread.run_sync(count)
        finally:
            self._counting = False
        return not counts.in_flight and counts.pending <= counts.retrying

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
    def _busy(self) -> bool:
        return self.state.planning or bool(self.in_flight.batches)

    @property
    def _quiet(self) -> bool:
        return self.over and not self._busy

    async def _beat(self) -> None:
        unreported = self.in_flight.take_unreported()
        if unreported:
            await anyio.to_thread.run_sync(self.ledger.work.enter_stages, unreported)
        for batch in self.in_flight.expiring():
            await self._extend(batch)
        await anyio.to_thread.run_sync(self.journal.flush, self.ledger)

    async def holds(self, batch: Batch, seconds: float) -> bool:
        """Whether a batch is ours for so long; asks the ledger, and extends the lease, when it may not be.

        Raises:
            Stop: the ledger stays away; the dependency that was to be called is not to blame for that.
        """
        try:
            return self.in_flight.surely_ours(batch, seconds) or await self._extend(batch)
        except Fault as fault:
            raise Stop(fault) from fault

    async def _extend(self, batch: Batch) -> bool:
        began = elapsed()
        held = await anyio.to_thread.run_sync(self.ledger.work.extend, batch)
        if held:
            self.in_flight.extended(batch, began)
        return held
