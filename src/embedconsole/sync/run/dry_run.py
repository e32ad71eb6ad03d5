"""What a run would do, counted instead of done. Nothing is written, not even to the ledger.

Where the ledger does not know the collection, a run first takes over the points of ours that are in it. So
does a dry run, into a scratch ledger.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.from_thread
import anyio.to_thread

from embedconsole.ledger.ledger import ledger_exists, open_ledger
from embedconsole.ledger.state import State
from embedconsole.sync.plan.plan_task import plan_options
from embedconsole.sync.plan.planner import Planner
from embedconsole.sync.resilience.gate import Gate, Stop
from embedconsole.sync.run.components import components_of
from embedconsole.sync.run.generations import check_models, current_generation, seen_anew, settled_generation
from embedconsole.sync.run.takeover import Takeover
from embedconsole.sync.shared.delete_guard import DeleteRule
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome, PipelineReport, Progress

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Iterator, Mapping

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Counts, Generation
    from embedconsole.sync.plan.planner import Decisions
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.run.engine import Engine
    from embedconsole.sync.shared.selection import Selection


def dry_run(components: Components, ledger_url: str, options: RunOptions) -> PipelineReport:
    """Plan one pipeline and count; blocks.

    Called in a worker thread of anyio: its event loop asks a collection that is new to the ledger.

    Raises:
        ConfigError: the pipeline can't run as configured.
        Transient, Refused: the catalog, the ledger or the collection fails, or a run would stop at it.
    """
    began = time.monotonic()
    with _ledger_to_read(components, ledger_url, options) as (ledger, generation, remark):
        if options.only is not None:
            options.only.check(components.pipeline.name, components.catalog.columns)
        if not options.from_scratch:
            check_models(generation, components, ledger)
        counts = ledger.overview.counts(generation.id)
        rule = DeleteRule(components.pipeline.max_delete_fraction, options.allow_deletes)
        turnover = ledger.deletions.turnover(generation.id)
        sink = CountingSink(ledger.overview.due(generation.id), lambda count: rule.refusal(count, turnover))
        progress = Progress()
        planner = Planner(
            catalog=components.catalog,
            ledger=ledger,
            generation=generation,
            recipe=components.recipe(),
            progress=progress,
            sink=sink,
            stop=lambda: False,
        )
        result = planner.run(plan_options(options, components.pipeline, components.catalog, generation))
    told = ". ".join(one for one in (remark, result.refusal or result.remark) if one) or None
    return _report(sink, progress, counts, options.limit, time.monotonic() - began, told)


async def count_forced(engine: Engine, *, pipeline: str, only: Selection | None, ledger_url: str) -> int:
    """How many items a forced run of a pipeline would embed. Raises as `dry_run` does."""
    options = RunOptions(force=True, only=only)
    components = components_of(engine.all_components, pipeline)
    report = await anyio.to_thread.run_sync(dry_run, components, ledger_url, options)
    return report.embedded


class CountingSink:
    """A planner's sink that writes nothing and knows what work there would be.

    Args:
        due: How many items were due before, by state.
        refuse: Why so many items may not be deleted; None where they may.
    """

    writes = False

    def __init__(self, due: Mapping[State, int], refuse: Callable[[int], str | None]) -> None:
        self._refuse = refuse
        self.work: Counter[State] = Counter(due)
        self.hopeless = 0

    def page(self, decisions: Decisions) -> None:
        """Count the decisions of one page."""
        self.work[State.EMBED] += len(decisions.new)
        self.hopeless += sum(1 for _, content in decisions.new if content.problem)
        for known, _, content, state in decisions.changes:
            self._move(State(known.state), state)
            self.hopeless += content.problem is not None
        for known, content in decisions.forced:
            self._move(State(known.state), State.EMBED)
            self.hopeless += content.problem is not None

    def gone(self, items: array[int]) -> str | None:
        """Count items that are gone, if they may go."""
        refusal = self._refuse(len(items))
        if refusal is None:
            self.work[State.DELETE] += len(items)
        return refusal

    def _move(self, before: State, after: State) -> None:
        self.work[before] -= 1
        self.work[after] += 1


@contextmanager
def _ledger_to_read(
    components: Components, ledger_url: str, options: RunOptions
) -> Iterator[tuple[Ledger, Generation, str | None]]:
    """The ledger, the pipeline's generation, and what would be taken over.

    Where there is no such ledger or generation yet, both are in a scratch file.
    """
    if ledger_exists(ledger_url):
        with open_ledger(ledger_url) as ledger:
            generation = current_generation(components, ledger)
            if generation is not None:
                yield ledger, seen_anew(generation, components.pipeline), None
                return
    with tempfile.TemporaryDirectory(prefix="embedconsole-") as folder:
        scratch = f"sqlite:///{Path(folder, 'scratch.db').as_posix()}"
        with open_ledger(scratch) as ledger:
            generation = settled_generation(components, ledger)
            yield ledger, generation, _taken_over(components, ledger, generation, options)


def _taken_over(
    components: Components, ledger: Ledger, generation: Generation, options: RunOptions
) -> str | None:
    """Enter what the collection holds of ours into the scratch ledger; returns how much, in words."""
    path = components.pipeline.collection.path
    if path is not None and not path.exists():
        return None  # asking the embedded engine would make the directory
    takeover = Takeover(
        components.bound_to(generation.target),
        generation,
        ledger,
        components.recipe(),
        Gate("collection", concurrency=1, patient=False, drained=anyio.Event()),
        options,
    )
    try:
        anyio.from_thread.run(takeover.look)
    except Stop as stop:
        raise stop.fault from stop
    if not takeover.count:
        return None
    target = components.collection.target
    return f"a run would take over {takeover.count:,} points that are in {target} already, without paying"


def _report(
    sink: CountingSink,
    progress: Progress,
    counts: Counts,
    limit: int | None,
    seconds: float,
    refusal: str | None,
) -> PipelineReport:
    left = limit
    work: dict[State, int] = {}
    for state in (State.DELETE, State.PAYLOAD, State.EMBED):
        work[state] = sink.work[state] if left is None else min(left, sink.work[state])
        left = None if left is None else left - work[state]
    hopeless = min(sink.hopeless, work[State.EMBED])
    return PipelineReport(
        scanned=progress.scanned,
        embedded=work[State.EMBED] - hopeless,
        payload_updated=work[State.PAYLOAD],
        deleted=work[State.DELETE],
        unchanged=progress.unchanged,
        retrying=counts.retrying,
        failed=counts.failed + hopeless,
        pending=sum(max(0, sink.work[state] - work[state]) for state in work),
        seconds=seconds,
        outcome=Outcome.PLANNED,
        message=refusal,
    )
