"""When a request may be sent: never too many at a time or a minute, fewer when it gets too much."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from embedconsole.embedders.pacing import Pacer
from embedconsole.faults import Overloaded, Throttled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from embedconsole.config.embedder import EmbedderSection


class Turns:
    """Gives every request of an embedder its turn.

    A service that asks for a pause gets half as many requests at a time from then on, and one more each time
    that as many as are allowed have gone well.
    """

    def __init__(self, config: EmbedderSection) -> None:
        self._most = config.concurrency
        self._slots = anyio.CapacityLimiter(config.concurrency)
        self._requests = Pacer(config.requests_per_minute)
        self._items = Pacer(config.items_per_minute)
        self._halvings = 0
        self._went_well = 0

    @property
    def at_a_time(self) -> int:
        """Requests that may be under way together now."""
        return int(self._slots.total_tokens)

    @asynccontextmanager
    async def turn(self, items: int) -> AsyncIterator[None]:
        """Wait for the turn of a request with so many items; what fails inside is taken note of."""
        async with self._slots:
            await self._requests.turn()
            await self._items.turn(items)
            halvings = self._halvings
            try:
                yield
            except (Throttled, Overloaded):
                # Requests that were under way together are one event.
                if halvings == self._halvings:
                    self._halvings += 1
                    self._went_well = 0
                    self._slots.total_tokens = max(1, self.at_a_time // 2)
                raise
            self._went_well += 1
            if self.at_a_time < self._most and self._went_well >= self.at_a_time:
                self._went_well = 0
                self._slots.total_tokens += 1
