"""The planning side of a run of one pipeline: the scan, the change feed, and what the guard lets go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.from_thread
import anyio.to_thread

from embedconsole.faults import Fault
from embedconsole.sync.plan.feed_intake import FeedFailed
from embedconsole.sync.plan.planner import LedgerSink, Planner, PlanStopped
from embedconsole.sync.plan.value_remarks import remarks
from embedconsole.sync.resilience.gate import Interrupted, Stop
from embedconsole.sync.shared.delete_guard import DeleteGuard, DeleteRule
from embedconsole.sync.shared.journal import log
from embedconsole.sync.shared.options import PlanOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.catalog.base import Catalog
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Generation
    from embedconsole.sync.content.recipe import Recipe
    from embedconsole.sync.plan.feed_intake import FeedIntake
    from embedconsole.sync.plan.planner import PlanResult
    from embedconsole.sync.resilience.gate import Gate
    from embedconsole.sync.shared.control import RunState
    from embedconsole.sync.shared.journal import Journal
    from embedconsole.sync.shared.options import RunOptions
    from embedconsole.sync.shared.report import Progress

_TAKE_EVERY = 1.0


@dataclass(slots=True)
class Planning:
    """Plans in threads, one at a time, and tells the workers through `state`.

    Args:
        reader: The gate to the catalog.
        work_found: Called in the engine's loop when the planner found something to do.

    Attributes:
        refusal: Why items that are gone were not deleted.
        remark: What the operator chose by and nothing matched.
        complete: The catalog was looked at to its end.
    """

    pipeline: Pipeline
    catalog: Catalog
    intake: FeedIntake | None
    generation: Generation
    ledger: Ledger
    options: RunOptions
    recipe: Recipe
    reader: Gate
    state: RunState
    progress: Progress
    journal: Journal
    work_found: Callable[[], None]
    refusal: str | None = None
    remark: str | None = None
    complete: bool = False
    _left: bool = False

    def guard(self) -> DeleteGuard:
        """The guard over the deletions of this run."""
        rule = DeleteRule(self.pipeline.max_delete_fraction, self.options.allow_deletes)
        return DeleteGuard(self.ledger.deletions, self.generation.id, rule)

    async def plan(self, guard: DeleteGuard) -> None:
        """Look at the catalog; a fault ends the run."""
        try:
            result = await self.reader.call(
                lambda: anyio.to_thread.run_sync(self._look, guard, abandon_on_cancel=True),
                self.pipeline.retry,
            )
            self.remark = result.remark
            if result.remark is not None:
                self.journal.note("warning", "force", result.remark)
            self._note_refusal(result)
            self.complete = True
        except (PlanStopped, Interrupted):
            pass
        except Stop as stop:
            self.state.give_up(stop.fault)
        except Fault as fault:
            self.state.give_up(fault)
        except anyio.get_cancelled_exc_class():
            # A query that takes long is left behind in its thread, and its result is dropped.
            self._left = True
            raise
        finally:
            self.state.planned()

    async def keep_taking(self, guard: DeleteGuard) -> None:
        """Have what the change feed names planned also while the workers are still running."""
        intake = self.intake
        # A run that a caller waits for has to end.
        if intake is None or not (self.options.plan and self.options.patient):
            return
        take = partial(intake.take, partial(self._planner, guard), self.journal)
        while True:
            await anyio.sleep(_TAKE_EVERY)
            try:
                if not self.state.planning and await anyio.to_thread.run_sync(intake.waiting):
                    self._note_refusal(await anyio.to_thread.run_sync(take))
            except PlanStopped:
                return
            except (Fault, FeedFailed) as error:
                # It stays in the outbox; the call that needs catalog or ledger decides what this means.
                log.debug("the change feed waits: %s", error)

    def _look(self, guard: DeleteGuard) -> PlanResult:
        """Look at the catalog as the options say; in the planner's thread."""
        # A planner that failed has left nothing behind that matters: the next one starts afresh.
        self.progress.scanned = self.progress.unchanged = 0
        planner = partial(self._planner, guard)
        intake = self.intake
        if intake is not None and self.options.feed:
            return intake.take(planner, self.journal)
        if self.generation.scan_age is None:
            self._note_remarks()
        options = plan_options(self.options, self.pipeline, self.catalog, self.generation)
        if intake is not None:
            return intake.beside_a_scan(planner, options, self.journal)
        return planner().run(options)

    def _note_remarks(self) -> None:
        """Before the first scan: note remarks on the catalog's values for the operator."""
        for remark in remarks(self.pipeline, self.catalog, self.recipe):
            self.journal.note("warning", "catalog", remark)

    def _note_refusal(self, result: PlanResult) -> None:
        if result.refusal is not None:
            self.journal.note("error", "guard", result.refusal)
            self.refusal = result.refusal

    def _planner(self, guard: DeleteGuard) -> Planner:
        return Planner(
            catalog=self.catalog,
            ledger=self.ledger,
            generation=self.generation,
            recipe=self.recipe,
            progress=self.progress,
            sink=LedgerSink(self.ledger, self.generation.id, self.progress, guard, self._work_found),
            stop=lambda: self._left or self.state.ended_early,
        )

    def _work_found(self) -> None:
        """Called by the planner, in its thread."""
        anyio.from_thread.run_sync(self.work_found)


def plan_options(
    options: RunOptions, pipeline: Pipeline, catalog: Catalog, generation: Generation
) -> PlanOptions:
    """Translate a run's options into those of the planner."""
    return PlanOptions(
        full=options.full or options.force or full_scan_due(pipeline, catalog, generation),
        force=options.again,
        force_limit=options.limit,
    )


def full_scan_due(pipeline: Pipeline, catalog: Catalog, generation: Generation) -> bool:
    """Whether every row has to be read because a scan for changes would not do."""
    if not catalog.incremental or generation.scan_age is None:
        return True
    return generation.scan_age >= pipeline.catalog.full_scan_every
