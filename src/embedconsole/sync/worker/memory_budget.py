"""Room in memory for what workers have in hand, in bytes."""

from __future__ import annotations

import gc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class MemoryBudget:
    """So many bytes for all workers together; what is larger has to be alone."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._free = total
        self._freed = anyio.Condition()
        self._returned = 0

    @asynccontextmanager
    async def held(self, size: int) -> AsyncIterator[None]:
        """Have room for so many bytes, once there is some."""
        size = min(size, self._total)
        async with self._freed:
            while size > self._free:
                await self._freed.wait()
            self._free -= size
        try:
            yield
        finally:
            self._free += size
            self._collect(size)
            with anyio.CancelScope(shield=True):
                async with self._freed:
                    self._freed.notify_all()

    def _collect(self, size: int) -> None:
        """Look for reference cycles by bytes: the collector counts objects, which are few in a batch."""
        self._returned += size
        if self._returned >= self._total:
            self._returned = 0
            gc.collect()
