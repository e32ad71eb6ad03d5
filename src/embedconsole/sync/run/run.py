"""The runs of several pipelines side by side: one run in the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import Fault
from embedconsole.sync.resilience.shared_gates import Gates
from embedconsole.sync.run.generations import (
    building_generation,
    current_generation,
    former_generation,
    settled_generation,
)
from embedconsole.sync.run.model_change import check_in_place
from embedconsole.sync.run.pipeline_run import PipelineRun
from embedconsole.sync.shared.budget import SpendingBudget
from embedconsole.sync.shared.report import Outcome, PipelineReport, RunReport, aborted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.collection.base import Collection
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Counts
    from embedconsole.ledger.records.processes import Process
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.shared.control import RunControl
    from embedconsole.sync.shared.delete_guard import DeleteGuard
    from embedconsole.sync.shared.options import RunOptions
    from embedconsole.sync.worker.batch import BatchWorker


@dataclass(slots=True)
class EngineRun:
    """Prepared, begun, worked on, reported, noted: in this order.

    Args:
        me: This process.
        assemblies: The pipelines that take part.
        turns: See `Gates`.

    Attributes:
        number: The run's in the ledger; None before it has begun.
        runs: Those that could be prepared, by pipeline.
    """

    ledger: Ledger
    me: Process
    control: RunControl
    options: RunOptions
    all_components: Sequence[Components]
    turns: dict[str, anyio.CapacityLimiter]
    number: int | None = None
    runs: dict[str, PipelineRun] = field(default_factory=dict)
    _reports: dict[str, PipelineReport] = field(default_factory=dict)
    _gates: Gates = field(init=False)

    def __post_init__(self) -> None:
        self._gates = Gates(self.ledger, self.me.id, self.control, self.options.patient, turns=self.turns)

    async def prepare(self) -> None:
        """Look at the catalogs and settle the generations; a pipeline that fails of it takes no part.

        Raises:
            ConfigError: a pipeline can't run as configured.
        """
        budget = SpendingBudget(self.options.max_cost)
        for components in self.all_components:
            name = components.pipeline.name
            try:
                self.runs[name] = await self._prepared(components, budget)
            except Fault as fault:
                self._reports[name] = aborted(fault)

    async def _prepared(self, components: Components, budget: SpendingBudget) -> PipelineRun:
        # The first look at the columns connects to the catalog.
        await anyio.to_thread.run_sync(lambda: components.catalog.columns)
        if self.options.only is not None:
            self.options.only.check(components.pipeline.name, components.catalog.columns)
        donor: tuple[int, Collection | None] | None = None
        if self.options.building:
            generation = await anyio.to_thread.run_sync(building_generation, components, self.ledger)
            searched = await anyio.to_thread.run_sync(current_generation, components, self.ledger)
            if searched is not None:
                donor = searched.id, components.bound_to(searched.target).collection
            components = components.in_the_background()
        else:
            generation = await anyio.to_thread.run_sync(settled_generation, components, self.ledger)
            await check_in_place(components, generation, self.ledger, force=self.options.from_scratch)
            former = await anyio.to_thread.run_sync(former_generation, generation, self.ledger)
            if former is not None:
                beside = former.address == generation.address
                donor = former.id, components.bound_to(former.target).collection if beside else None
        return PipelineRun(
            components=components.bound_to(generation.target),
            generation=generation,
            donor=donor,
            ledger=self.ledger,
            gates=self._gates,
            control=self.control,
            options=self.options,
            worker_id=self.me.id,
            budget=budget,
            make_worker=_worker,
        )

    async def begin(self, kind: str) -> None:
        """Get its number. Raises Fault: the ledger does not answer."""
        self.number = await anyio.to_thread.run_sync(self.ledger.history.begin_run, self.me.id, kind)

    async def work(self) -> None:
        """Run the pipelines to their ends."""
        async with self._gates.shared(), anyio.create_task_group() as group:
            for name, run in self.runs.items():
                group.start_soon(self._run, name, run)

    async def _run(self, name: str, run: PipelineRun) -> None:
        try:
            self._reports[name] = await run.run()
        except Fault as fault:
            # The ledger, when it can't even be asked for the counts.
            self._reports[name] = aborted(fault)

    def report(self) -> RunReport:
        """What came of it; what has not come to its end was interrupted."""
        interrupted = PipelineReport(outcome=Outcome.INTERRUPTED)
        names = [components.pipeline.name for components in self.all_components]
        return RunReport(self.number, {name: self._reports.get(name, interrupted) for name in names})

    async def note(self, report: RunReport) -> None:
        """Write its end into the ledger. Raises Fault: that does not answer."""
        assert report.run is not None
        # Which version it was can't be asked any more once this process has left.
        outcomes = {name: str(part.outcome) for name, part in report.pipelines.items()}
        kept = {**report.as_json(), "version": self.me.version, "outcomes": outcomes}
        if report.costs:
            kept["cost"] = report.costs
        await anyio.to_thread.run_sync(self.ledger.history.end_run, report.run, str(report.outcome), kept)


def _worker(run: PipelineRun, guard: DeleteGuard, counts: Counts) -> BatchWorker:
    # Imported with the first batch: it brings numpy, which a run with nothing to do need not pay for.
    from embedconsole.sync.run.batch_worker import equipped

    return equipped(run, guard, counts)
