"""Options of one run and of its planner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.sync.shared.selection import EVERY_ITEM, SelectedRows

if TYPE_CHECKING:
    from collections.abc import Container

    from embedconsole.items import CatalogRow
    from embedconsole.sync.shared.selection import Selection


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of one run.

    Attributes:
        plan: Look at the catalog first; without, only pending items are worked on.
        feed: Look only at what the change feed names.
        full: Look at every row, even where changes could be found without.
        force: Embed again even what has not changed.
        only: With `force`: just these items; the others are planned as ever.
        pipelines: Only these, by name; None for all.
        limit: Work on this many items at most.
        seconds: Claim for this long at most; what is in flight then is finished.
        max_cost: Spend this much on embeddings at most, in the operator's currency.
        allow_deletes: The operator's word that any share of the items may be deleted.
        take_over: The operator's word that points of others with the ids of items may be overwritten.
        bulk: Have Qdrant build its index when the run has ended, and not meanwhile.
        building: Fill the generation that is being built next to the searched one.
        patient: Wait for dependencies that are away (a daemon) instead of ending the run (cron).
    """

    plan: bool = True
    feed: bool = False
    full: bool = False
    force: bool = False
    only: Selection | None = None
    pipelines: frozenset[str] | None = None
    limit: int | None = None
    seconds: float | None = None
    max_cost: float | None = None
    allow_deletes: bool = False
    take_over: bool = False
    bulk: bool = False
    building: bool = False
    patient: bool = False

    @property
    def from_scratch(self) -> bool:
        """Whether everything is embedded again, so that nothing of what was there has to be kept."""
        return self.force and self.only is None

    @property
    def again(self) -> Container[CatalogRow]:
        """The rows that are embedded again whether they changed or not."""
        if not self.force:
            return ()
        return EVERY_ITEM if self.only is None else SelectedRows(self.only)

    def concerns(self, pipeline: str) -> bool:
        """Whether a pipeline takes part."""
        return self.pipelines is None or pipeline in self.pipelines


WHAT_IS_DUE = RunOptions(plan=False, patient=True)
"""Options for working on pending items, next to the process that plans."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How to plan.

    Attributes:
        full: Read every row, not only those that may have changed.
        force: Which rows to embed again even when nothing changed, at most `force_limit` of them.
    """

    full: bool = False
    force: Container[CatalogRow] = ()
    force_limit: int | None = None
