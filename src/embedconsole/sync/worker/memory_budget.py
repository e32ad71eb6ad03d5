"""Room in memory for what workers have in hand, in bytes."""

from __future__ import annotations

import gc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Reservation:
    """Bytes of a budget that one worker holds."""

    def __init__(self, budget: MemoryBudget, size: int) -> None:
        self._budget = budget
        self.size = size

    async def resize(self, size: int) -> None:
        """Hold what it really weighs; never waits, so that two can not wait for each other."""
        freed, self.size = self.size - size, size
        await self._budget.free(freed)


class MemoryBudget:
    """So many bytes for all workers together; what is larger has to be alone."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._free = total
        self._freed = anyio.Condition()
        self._returned = 0

    @asynccontextmanager
    async def held(self, size: Callable[[], int | None]) -> AsyncIterator[Reservation]:
        """Hold bytes, once they are free.

        Args:
            size: Asked again after each wait, as more is known by then; None reserves everything.
        """
        async with self._freed:
            while (wanted := self._part(size())) > self._free:
                await self._freed.wait()
            self._free -= wanted
        held = Reservation(self, wanted)
        try:
            yield held
        finally:
            self._collect(held.size)
            with anyio.CancelScope(shield=True):
                await held.resize(0)

    async def free(self, size: int) -> None:
        """Give bytes back; negative: take more without waiting."""
        self._free += size  # before anything is awaited: a worker that is cancelled has given it back, too
        async with self._freed:
            self._freed.notify_all()

    def _part(self, size: int | None) -> int:
        return self._total if size is None else min(size, self._total)

    def _collect(self, size: int) -> None:
        """Look for reference cycles by bytes: the collector counts objects, which are few in a batch."""
        self._returned += size
        if self._returned >= self._total:
            self._returned = 0
            gc.collect()
