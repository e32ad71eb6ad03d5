"""How long a batch spends in which stage."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from embedconsole.telemetry import passed

if TYPE_CHECKING:
    from collections.abc import Callable


class Stages:
    """The stages of one batch, one after the other.

    Args:
        entered: Told of each.

    Attributes:
        seconds: Stage to the time in it; one that is entered again goes on.
    """

    def __init__(self, entered: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds: dict[str, float] = {}
        self._entered = entered
        self._clock = clock
        self._stage: str | None = None
        self._began = 0.0

    def enter(self, stage: str) -> None:
        """The batch is at this now."""
        self.end()
        self._stage = stage
        self._entered(stage)

    def end(self) -> None:
        """The batch is at nothing any more."""
        now = self._clock()
        if self._stage is not None:
            spent = now - self._began
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + spent
            passed(self._stage, spent)
        self._stage, self._began = None, now
