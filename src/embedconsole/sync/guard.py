"""The guard over deletions: a broken query must not empty a collection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class DeleteGuard:
    """How many items one run may delete.

    Attributes:
        held: Items the collection was wanted to hold when the run began.
        fraction: The share of them that may go, `max_delete_fraction`.
        allowed: The operator's word that any number may go.
        admitted: Deletions admitted so far.
    """

    held: int
    fraction: float
    allowed: bool = False
    admitted: int = 0

    def admit(self, count: int) -> bool:
        """Whether `count` more items may be deleted; counts them when they may. Never all of them."""
        total = self.admitted + count
        if not self.allowed and (total > self.held * self.fraction or total == self.held):
            return False
        self.admitted += count
        return True

    def refusal(self, count: int) -> str:
        """Why `count` items are not deleted, and what to do."""
        return (
            f"{count:,} of {self.held:,} items are gone from the catalog, more than max_delete_fraction "
            f"{self.fraction:g} allows; nothing was deleted. If that is right, run again with --allow-deletes"
        )
