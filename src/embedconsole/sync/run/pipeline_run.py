"""A run of one pipeline: a planner and a pool of workers side by side, until nothing is left to do."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import TYPE_CHECKING, TypeAlias

import anyio
import anyio.to_thread

from embedconsole.collection.build import address_of
from embedconsole.collection.qdrant.glance import is_lost
from embedconsole.faults import Fault, Transient
from embedconsole.sync.content.recipe import Recipe
from embedconsole.sync.plan.plan_task import Planning
from embedconsole.sync.resilience.background import alongside
from embedconsole.sync.resilience.gate import Interrupted, Stop
from embedconsole.sync.run.deferred_index import DeferredIndex
from embedconsole.sync.run.generations import forget_former_fields, former_fields, note_space
from embedconsole.sync.run.leases import TakenOver
from embedconsole.sync.shared.budget import SpendingBudget, item_price
from embedconsole.sync.shared.control import RunState
from embedconsole.sync.shared.fault_text import left_for_later
from embedconsole.sync.shared.journal import Journal, product_column
from embedconsole.sync.shared.report import Outcome, PipelineReport, Progress, report_of, stopped_by
from embedconsole.sync.worker.claim import Claims
from embedconsole.sync.worker.pool import WorkerPool
from embedconsole.sync.worker.recheck import Rechecker
from embedconsole.sync.worker.writeback import settle_flags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Set

    from embedconsole.collection.base import Collection
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Counts, Generation
    from embedconsole.sync.content.recipe import Recipe
    from embedconsole.sync.resilience.gate import Gate, GateHealth
    from embedconsole.sync.resilience.shared_gates import Gates
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.shared.control import RunControl
    from embedconsole.sync.shared.delete_guard import DeleteGuard
    from embedconsole.sync.shared.options import RunOptions
    from embedconsole.sync.worker.batch import BatchWorker

    MakeWorker: TypeAlias = "Callable[[PipelineRun, DeleteGuard, Counts], BatchWorker]"

CANCELLED = "cancelled by the operator"

_DAY = 24 * 3600.0
_KEPT_UNWANTED = 7 * _DAY
"""How long a kept vector may wait for an item that wants it again."""
_KEPT_UNUSED = 30 * _DAY
"""How long the items of a collection are remembered that no run uses; coming back later is free, too."""


@dataclass(slots=True)
class PipelineRun:
    """One run of one pipeline.

    Args:
        gates: Shared by all pipelines.
        worker_id: Who we are, on batches.
        budget: What may be spent, shared by all pipelines.
        make_worker: Makes what works on batches; called once there is a first one.
        donor: The generation (its id) whose vectors are used where they are the same, and its collection
            where that can be reached.
    """

    components: Components
    generation: Generation
    ledger: Ledger
    gates: Gates
    control: RunControl
    options: RunOptions
    worker_id: str
    budget: SpendingBudget = field(default_factory=SpendingBudget)
    donor: tuple[int, Collection | None] | None = None
    make_worker: MakeWorker = field(kw_only=True)
    progress: Progress = field(default_factory=Progress)
    journal: Journal = field(init=False)
    state: RunState = field(init=False)
    claims: Claims = field(init=False)
    pool: WorkerPool = field(init=False)
    planning: Planning = field(init=False)
    reader: Gate = field(init=False)
    writer: Gate = field(init=False)
    embedders: Mapping[str, Gate] = field(init=False)
    recipe: Recipe = field(init=False)
    former_fields: Set[str] = frozenset()
    deferring: DeferredIndex = field(init=False)
    _space_noted: bool = False
    _taken_over: str | None = None

    def __post_init__(self) -> None:
        pipeline, catalog = self.components.pipeline, self.components.catalog
        self.journal = Journal(
            pipeline.name, product_column(pipeline.catalog.product, catalog.columns, pipeline.catalog.key)
        )
        self.reader = self.gates.catalog(pipeline.catalog)
        self.writer = self.gates.collection(pipeline.collection, self.components.target)
        self.embedders = {
            name: self.gates.embedder(name, config) for name, config in pipeline.embedders.items()
        }
        self.recipe = self.components.recipe()
        self.deferring = DeferredIndex(
            ledger=self.ledger,
            generation=self.generation,
            collection=lambda: self.components.collection,
            gate=self.writer,
            retry=pipeline.retry,
            journal=self.journal,
            wanted=self.options.bulk,
        )
        workers = self.control.workers or pipeline.workers
        self.state = RunState(self.control, self.journal, planning=self.options.plan)
        self.claims = Claims(
            ledger=self.ledger,
            generation_id=self.generation.id,
            worker_id=self.worker_id,
            control=self.control,
            state=self.state,
            chunk_size=pipeline.chunk_size,
            limit=self.options.limit,
            after_plan=self.options.force,
            budget=self.budget,
            price=item_price(pipeline) or 0.0,
        )
        self.pool = WorkerPool(
            claims=self.claims,
            ledger=self.ledger,
            control=self.control,
            journal=self.journal,
            embed_slots=anyio.CapacityLimiter(workers),
            workers=pipeline.workers,
            seconds=self.options.seconds,
            state=self.state,
        )
        self.planning = Planning(
            pipeline=pipeline,
            catalog=catalog,
            intake=self.components.intake,
            generation=self.generation,
            ledger=self.ledger,
            options=self.options,
            recipe=self.recipe,
            reader=self.reader,
            state=self.state,
            progress=self.progress,
            journal=self.journal,
            work_found=self.control.notify,
        )

    @property
    def health(self) -> tuple[GateHealth, ...]:
        """The dependencies as this run last saw them."""
        return tuple(gate.seen for gate in (self.reader, *self.embedders.values(), self.writer))

    async def run(self) -> PipelineReport:
        """Plan and work until nothing is due, the run is drained or it can't go on."""
        began = time.monotonic()
        try:
            if await self._looked_at():
                await self._plan_and_work()
        finally:
            if self.options.plan:  # who only helps leaves it to the run that is helped
                await self.deferring.end()
        counts = await anyio.to_thread.run_sync(self.ledger.overview.counts, self.generation.id)
        if self.options.plan and not self.state.ended_early:
            await anyio.to_thread.run_sync(self._keep_house, counts)
        await anyio.to_thread.run_sync(self.journal.flush, self.ledger)
        report = self._report(counts, time.monotonic() - began)
        whole = self.options.plan and not self.options.feed and report.outcome is Outcome.OK
        if self.former_fields and whole and counts.synced == counts.total:
            forget = partial(forget_former_fields, self.generation, self.recipe.fields, self.ledger)
            await anyio.to_thread.run_sync(forget)
        return report

    async def _looked_at(self) -> bool:
        """See what a collection holds that this ledger has not used before; False when the run ends there.

        A run that does not plan has no lease, and leaves it to one that does.
        """
        if self.generation.unused_for is not None or self.options.building or not self.options.plan:
            return True
        # Only the first run of a collection pays for importing it.
        from embedconsole.sync.run.takeover import Takeover

        takeover = Takeover(
            self.components, self.generation, self.ledger, self.recipe, self.writer, self.options
        )
        try:
            self._taken_over = await takeover.look()
        except Interrupted:
            return False
        except Stop as stop:
            self.state.give_up(stop.fault)
            return False
        except Fault as fault:
            self.state.give_up(fault)
            return False
        if self._taken_over is not None:
            self.journal.note("info", "collection", self._taken_over)
        return True

    async def note_space(self) -> None:
        """Note of which model the vectors are, once some have been written."""
        if not self._space_noted:
            note = partial(note_space, self.generation, self.components, self.ledger)
            self.generation = await anyio.to_thread.run_sync(note)
            self._space_noted = True

    def _keep_house(self, counts: Counts) -> None:
        """Note that the generation is in use, and forget what nothing needs any more; about once a day."""
        ledger = self.ledger
        if not (counts.pending or counts.failed):
            self.generation = note_space(self.generation, self.components, ledger)
        generation = self.generation
        keeps_all = self.components.pipeline.keep_vectors == "always"
        if keeps_all and self.progress.embedded and ledger.kept.outnumber(generation.id):
            ledger.kept.sweep(generation.id, 0.0)
        if self.options.building or (generation.unused_for or 0.0) < _DAY:
            return
        ledger.generations.use(generation.id, address_of(self.components.pipeline.collection))
        ledger.kept.sweep(generation.id, _KEPT_UNWANTED)
        for left in ledger.generations.left(generation, _KEPT_UNUSED):
            ledger.generations.remove(left)
            self.journal.note("info", "ledger", f"forgot {left.collection}, which no run has used for long")

    async def _plan_and_work(self) -> None:
        # Batches that an earlier run of this process could not settle.
        abandon = self.ledger.work.abandon_strays
        await anyio.to_thread.run_sync(abandon, self.generation.id, self.worker_id, ())
        former = partial(former_fields, self.generation, self.recipe.fields, self.ledger)
        self.former_fields = await anyio.to_thread.run_sync(former)
        counts = await anyio.to_thread.run_sync(self.ledger.overview.counts, self.generation.id)
        guard = self.planning.guard()
        self.progress.waiting = counts.pending - counts.retrying
        rechecker = Rechecker(
            ledger=self.ledger,
            generation_id=self.generation.id,
            pipeline=self.components.pipeline.name,
            collection=lambda: self.components.collection,
            gate=self.writer,
            journal=self.journal,
            found_wrong=self.control.notify,
        )
        await rechecker.look_if_possible()
        worker = cache(partial(self.make_worker, self, guard, counts))
        if self.options.plan and counts.synced and not self.options.from_scratch:
            await self._miss_the_lost(worker)
        async with (
            alongside(rechecker.keep_looking),
            alongside(partial(self.planning.keep_taking, guard)),
            anyio.create_task_group() as group,
        ):
            if self.options.plan:
                group.start_soon(self.planning.plan, guard)
            await self.pool.work(group, worker)
        if self.options.plan and not self.options.feed and not self.state.ended_early:
            await self._settle_flags()

    async def _miss_the_lost(self, worker: Callable[[], BatchWorker]) -> None:
        """See that what was written is still there, also in a run that may have nothing to write."""
        if await anyio.to_thread.run_sync(
            is_lost, self.components.pipeline.collection, self.components.own_name
        ):
            try:
                await worker().bench.collection.look()
            except Stop as stop:
                self.state.give_up(stop.fault)
            except Interrupted:
                pass
            except Fault as fault:
                self.state.give_up(fault)

    async def _settle_flags(self) -> None:
        writeback = self.components.pipeline.catalog.writeback
        if writeback is None or not writeback.detects:
            return
        settle = partial(settle_flags, self.components.catalog, self.ledger, self.generation.id, self.recipe)
        try:
            await anyio.to_thread.run_sync(settle)
        except Transient as fault:
            # The columns still say "not synced", so the next run notes it.
            self.journal.note("warning", fault.kind, f"write-back: {left_for_later(fault)}")
        except Fault as fault:
            self.state.give_up(fault)

    # Reporting

    def _report(self, counts: Counts, seconds: float) -> PipelineReport:
        priced = item_price(self.components.pipeline) is not None
        figures = report_of(self.progress, counts, seconds=seconds, priced=priced)
        remarks = [remark for remark in (self._taken_over, self.planning.remark) if remark is not None]
        report = replace(figures, message=". ".join(remarks) or None, planned=self.planning.complete)
        if self.control.cancelled:
            return replace(report, outcome=Outcome.INTERRUPTED, message=CANCELLED)
        if self.control.draining:
            return replace(report, outcome=Outcome.INTERRUPTED)
        if isinstance(self.state.stopped_by, TakenOver):
            return replace(report, outcome=Outcome.SKIPPED, message=str(self.state.stopped_by))
        if self.state.stopped_by is not None:
            return stopped_by(report, self.state.stopped_by)
        if self.planning.refusal is not None:
            return replace(report, outcome=Outcome.ABORTED, message=self.planning.refusal)
        if report.pending and self.claims.out_of_money:
            said = f"stopped at --max-cost: {self.budget.spent:,.2f} spent, {report.pending:,} pending"
            return replace(report, outcome=Outcome.PARTIAL, message=said)
        if report.pending and self.options.limit:
            said = f"stopped at --limit {self.options.limit:,}: {report.pending:,} pending"
            return replace(report, outcome=Outcome.PARTIAL, message=said)
        if counts.failed or counts.retrying:
            return replace(report, outcome=Outcome.PARTIAL)
        return report
