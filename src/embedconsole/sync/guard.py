"""The guard over deletions: a broken query must not empty a collection."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

WINDOW = 3600.0
"""Seconds for which deletions that came by the change feed count together."""


@dataclass(slots=True)
class DeleteGuard:
    """How many items one run may delete.

    Attributes:
        held: Items the collection was wanted to hold when the run began, or more since.
        fraction: The share of them that may go, `max_delete_fraction`.
        allowed: The operator's word that any number may go.
        admitted: Deletions admitted so far.
        recent: Of those, what earlier runs were admitted.
    """

    held: int
    fraction: float
    allowed: bool = False
    admitted: int = 0
    recent: int = 0

    def admit(self, count: int) -> bool:
        """Whether `count` more items may be deleted; counts them when they may. Never all of them."""
        total = self.admitted + count
        if not self.allowed and (total > self.held * self.fraction or total == self.held):
            return False
        self.admitted += count
        return True

    def grown_to(self, wanted: int) -> None:
        """Count from now on with so many items, if they are more."""
        self.held = max(self.held, wanted)

    def refusal(self, count: int) -> str:
        """Why `count` items are not deleted, and what to do."""
        before = f" after {self.recent:,} within the hour" if self.recent else ""
        return (
            f"{count:,} of {self.held:,} items are gone from the catalog{before}, "
            f"more than max_delete_fraction {self.fraction:g} allows; nothing was deleted. "
            "If that is right, run again with --allow-deletes"
        )


@dataclass(slots=True)
class DeleteWindow:
    """Deletions that came one run after the other: a mass delete by a thousand feed runs is still one."""

    _admitted: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, count: int, now: float) -> None:
        """Note how many a run was admitted; `now` on any steady clock."""
        if count:
            self._admitted.append((now, count))

    def recent(self, now: float) -> int:
        """How many there were within `WINDOW`."""
        while self._admitted and self._admitted[0][0] < now - WINDOW:
            self._admitted.popleft()
        return sum(count for _, count in self._admitted)
