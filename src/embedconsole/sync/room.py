"""Room in memory for what workers have in hand, in bytes."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Room:
    """So many bytes for all workers together; what is larger has to be alone."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._free = total
        self._freed = anyio.Condition()

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
            with anyio.CancelScope(shield=True):
                async with self._freed:
                    self._freed.notify_all()
