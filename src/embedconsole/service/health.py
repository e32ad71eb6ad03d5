"""The answer to `/health`: what the embedder's own service said lately, asked once for all callers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio

from embedconsole.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.embedders.base import Embedder

_KEPT_SECONDS = 30.0


class EmbedderHealth:
    """Remembers for half a minute how the embedder is: probes need no token, and must not cost requests."""

    def __init__(self, embedder: Embedder, clock: Callable[[], float] = time.monotonic) -> None:
        self._embedder = embedder
        self._clock = clock
        self._lock = anyio.Lock()
        self._asked_at: float | None = None
        self._fault: Fault | None = None

    async def check(self) -> None:
        """Return when the embedder is well.

        Raises:
            Throttled, Transient, Refused: It is not.
        """
        async with self._lock:
            if self._asked_at is None or self._clock() - self._asked_at >= _KEPT_SECONDS:
                try:
                    await self._embedder.health()
                    self._fault = None
                except Fault as fault:
                    self._fault = fault
                self._asked_at = self._clock()
        if self._fault is not None:
            raise self._fault
