"""The guard over deletions: a broken query must not empty a collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from array import array

    from embedconsole.ledger.items.deletions import Deletions
    from embedconsole.ledger.records.items import Turnover


@dataclass(frozen=True, slots=True)
class DeleteRule:
    """How many items may be deleted.

    Attributes:
        fraction: The share of the items that may go at once, and by which their number may shrink within an
            hour: `max_delete_fraction`. What is replaced by new items may go on.
        allowed: The operator has approved any number.
    """

    fraction: float
    allowed: bool = False

    def refusal(self, count: int, turnover: Turnover) -> str | None:
        """Why `count` items are not deleted, and what to do; None when they may go. Never all of them."""
        lost = turnover.most - turnover.wanted
        most = turnover.most * self.fraction
        if self.allowed or (count + lost <= most and count < turnover.wanted):
            return None
        before = f" after {lost:,} within the hour" if lost else ""
        return (
            f"{count:,} of {turnover.most:,} items are gone from the catalog{before}, "
            f"more than max_delete_fraction {self.fraction:g} allows; nothing was deleted. "
            "If that is right, run again with --allow-deletes"
        )


@dataclass(slots=True)
class DeleteGuard:
    """The rule for one run of a pipeline, with the ledger that counts for all runs and processes."""

    deletions: Deletions
    generation_id: int
    rule: DeleteRule
    _by_workers: int = 0

    def mark_gone(self, item_ids: array[int]) -> str | None:
        """Mark items as gone from the catalog, all of them or none; returns the refusal."""
        refusal = self.deletions.mark_gone(
            self.generation_id, item_ids, lambda turnover: self.rule.refusal(len(item_ids), turnover)
        )
        self._approved()
        return refusal

    def admit(self, count: int, in_catalog: int) -> str | None:
        """Decide over items that a worker finds missing; returns the refusal.

        Args:
            in_catalog: How many items the catalog has now. Where it lacks many, these are only the first.
        """

        def refuse(turnover: Turnover) -> str | None:
            # Admitted to other workers, and not marked as gone yet.
            unmarked = max(0, self._by_workers - (turnover.most - turnover.wanted))
            return self.rule.refusal(max(unmarked + count, turnover.wanted - in_catalog), turnover)

        refusal = self.deletions.admit(self.generation_id, refuse)
        if refusal is None:
            self._by_workers += count
        self._approved()
        return refusal

    def _approved(self) -> None:
        if self.rule.allowed:
            self.deletions.forget(self.generation_id)
