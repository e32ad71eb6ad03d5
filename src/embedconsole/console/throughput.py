"""How many items were done lately, in time slots: what the chart draws."""

from __future__ import annotations

from dataclasses import dataclass, field

SLOT = 10.0
SLOTS = 60


@dataclass(slots=True)
class RateHistory:
    """Items done in each of the last slots of ten seconds; the last slot is still filling.

    Until something has been done there is nothing to draw, and nothing that moves.
    """

    _slots: list[float] = field(default_factory=lambda: [0.0] * SLOTS)
    _current: int | None = None
    _filled: float = SLOT
    _done: int = 0

    def add(self, now: float, done: int | None) -> None:
        """Take a look: `done` is how many items the run has done so far, None between runs."""
        slot = int(now // SLOT)
        if self._current is not None and slot > self._current:
            passed = min(SLOTS, slot - self._current)
            self._slots = self._slots[passed:] + [0.0] * passed
        if self._current is None:
            # What was done before anybody looked was done at no time we know.
            self._done = done or 0
        self._current = slot
        self._filled = max(1.0, now % SLOT)
        if done is None:
            return
        # A new run counts from nothing.
        self._slots[-1] += done - self._done if done >= self._done else done
        self._done = done

    def end(self, total: int) -> None:
        """A run ended, having done so much in all: count what no look has seen of it."""
        self._slots[-1] += max(0, total - self._done)
        self._done = 0

    @property
    def rates(self) -> tuple[float, ...]:
        """Items a second over the last ten minutes, oldest first."""
        return (*(items / SLOT for items in self._slots[:-1]), self._slots[-1] / self._filled)
