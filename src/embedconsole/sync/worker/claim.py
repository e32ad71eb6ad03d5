"""Claims of a process, and how it keeps them: leases by its own clock."""

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

if TYPE_CHECKING:
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.work import Batch
    from embedconsole.sync.shared.control import RunControl, RunState


_BOOT_TIME = getattr(time, "CLOCK_BOOTTIME", None)


def elapsed() -> float:
    """Seconds since some moment."""
    return time.monotonic() if _BOOT_TIME is None else time.clock_gettime(_BOOT_TIME)


_MARGIN = 5.0
"""Seconds that a lease is taken to be shorter: to be asked for, and for clocks that do not agree."""
POLL = 1.0
"""Seconds until a worker that found nothing asks again, unless something changes before."""


@dataclass(slots=True)
class InFlight:
    """The batches that this process holds, and the changes not yet in the ledger."""

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
class Claims:
    """The claims of one process in a run: no more than the limits of the run, and none once it is closed.

    Args:
        limit: Items to work on at most; None for all.
        after_plan: Claim nothing before the planner has come to its end. In a forced run: an item embedded
            before its page was planned would be paid for twice.
        budget: What may be spent; `price` is that of one item.

    Attributes:
        closed: Whether nothing more is to be claimed.
    """

    ledger: Ledger
    generation_id: int
    worker_id: str
    control: RunControl
    state: RunState
    chunk_size: int
    limit: int | None
    after_plan: bool = False
    budget: SpendingBudget = field(default_factory=SpendingBudget)
    price: float = 0.0
    in_flight: InFlight = field(default_factory=InFlight)
    closed: bool = False
    _counting: bool = False
    _found_nothing: tuple[anyio.Event, float] | None = None
    _claiming: anyio.Lock = field(default_factory=anyio.Lock)

    def close(self) -> None:
        """Claim nothing more."""
        self.closed = True
        self.control.notify()

    @property
    def over(self) -> bool:
        """Whether nothing more is to be claimed."""
        return self.closed or self.state.ended_early

    @property
    def busy(self) -> bool:
        """Whether there may be more work: it is being planned, or a batch may come back."""
        return self.state.planning or bool(self.in_flight.batches)

    async def claim(self, slot: int) -> Batch | None:
        """The next batch; None where there is none now, or none may be claimed."""
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

    def end(self, batch: Batch, given_back: int) -> None:
        """A batch was settled, and so many of its items returned to the queue."""
        self.in_flight.remove(batch)
        self.budget.promise(-len(batch.items) * self.price)
        if self.limit is not None:
            self.limit += given_back

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
        return change is self.control.next_change and time.monotonic() - at < POLL / 2

    async def check_done(self) -> bool:
        """Close when nothing is left here or with others who may return it; returns whether it is over."""
        if self.over or self.busy or self._counting:
            return self.over
        if self._room > 0 and not await self._nothing_pending():
            return False
        # Another process may have claimed, or planned, while the ledger was asked.
        if not self.busy:
            self.close()
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

    async def holds(self, batch: Batch, seconds: float) -> bool:
        """Whether a batch is ours for so long; asks the ledger, and extends the lease, when it may not be.

        Raises:
            Stop: the ledger stays away; the dependency that was to be called is not to blame for that.
        """
        try:
            return self.in_flight.surely_ours(batch, seconds) or await self.extend(batch)
        except Fault as fault:
            raise Stop(fault) from fault

    async def extend(self, batch: Batch) -> bool:
        """Extend a lease; False when it is lost."""
        began = elapsed()
        held = await anyio.to_thread.run_sync(self.ledger.work.extend, batch)
        if held:
            self.in_flight.extended(batch, began)
        return held
