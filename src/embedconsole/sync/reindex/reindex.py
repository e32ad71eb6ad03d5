"""`reindex`: the next collection is built next to the searched one, checked, and takes over its name.

It can be killed anywhere and started again: what is done is in the ledger and in the collections.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.collection.wait_indexed import until_green
from embedconsole.faults import ConfigError
from embedconsole.sync.reindex.compare import Comparison, compare
from embedconsole.sync.reindex.keep_current import KeepCurrent
from embedconsole.sync.reindex.next_generation import NextGeneration
from embedconsole.sync.reindex.switch import AliasSwitch
from embedconsole.sync.reindex.vector_column import rewrite_vector_column
from embedconsole.sync.resilience.background import alongside
from embedconsole.sync.run.components import components_of
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.ledger.records.items import Generation
    from embedconsole.sync.run.engine import Engine
    from embedconsole.sync.shared.report import PipelineReport, RunReport

ROLE = "reindex"
"""The role, in the ledger, of a process that re-indexes."""

_PASSES = 5
"""How often edits of the last pass are caught up with before the alias moves anyway."""


class ReindexOutcome(StrEnum):
    """How a re-index ended."""

    DONE = "done"
    BUILT = "built"
    """Built and checked, and the name left where it is, as asked."""
    WAITS = "waits"
    """Built, and the alias has not moved: the operator has to decide."""
    SKIPPED = "skipped"
    """Another process re-indexes the pipeline; nothing was done."""
    STOPPED = "stopped"
    """The run that builds did not come to its end; it is gone on with the next time."""


@dataclass(frozen=True, slots=True)
class ReindexOptions:
    """How to re-index.

    Attributes:
        switch: Move the name once the check is good.
        alias: Move this name instead of the configured one.
        replace: Where the configured name is a collection's own: drop that one, and give the name on.
        accept_missing: Move the name although items that are searched now would not be.
        sample: Items whose neighbours are compared.
        queries: Texts that both are searched for.
        max_cost: Spend this much on embeddings at most.
        bulk: Have Qdrant build its index when all is filled, and not meanwhile.
    """

    switch: bool = True
    alias: str | None = None
    replace: bool = False
    accept_missing: bool = False
    sample: int = 20
    queries: tuple[str, ...] = ()
    max_cost: float | None = None
    bulk: bool = False


@dataclass(frozen=True, slots=True)
class Reindexed:
    """The result of a re-index.

    Attributes:
        before, after: The collections by their own names; empty where it was skipped.
        alias: The alias that points, or would point, to the next one.
        fill: What the passes that filled it did, added up.
        comparison: None where it did not come to that.
        reason: Why it waits or stopped, or what is left to do by hand.
    """

    stand: ReindexOutcome
    before: str
    after: str
    alias: str
    fill: dict[str, float] = field(default_factory=dict)
    comparison: Comparison | None = None
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


@dataclass(slots=True)
class Reindex:
    """One re-index of one pipeline.

    Args:
        say: Called with each step, as a sentence.
    """

    engine: Engine
    pipeline: str
    options: ReindexOptions
    say: Callable[[str], None]
    stage: str = "looking"
    _fill: dict[str, float] = field(default_factory=dict)
    _switch: AliasSwitch = field(init=False)

    def __post_init__(self) -> None:
        self._switch = AliasSwitch(
            self.engine.ledger, components_of(self.engine.all_components, self.pipeline)
        )

    async def run(self) -> Reindexed:
        """Build, check, move the name.

        Raises:
            ConfigError: there is nothing to re-index, or the configuration can't be used.
            Fault: a dependency does not answer.
        """
        leases = self.engine.leases
        async with leases.held([self.pipeline], "skip") as holder:
            if holder is None:
                return await self._run()
        if await self._reindexes(holder):
            return Reindexed(ReindexOutcome.SKIPPED, "", "", "", reason=f"{holder} re-indexes it already")
        self.say(f"Waiting for {holder}, which runs {self.pipeline}")
        self.stage = "waiting"
        async with leases.held([self.pipeline], "wait") as holder:
            if holder is None:
                return await self._run()
        return Reindexed(ReindexOutcome.SKIPPED, "", "", "", reason=f"{holder} runs it still")

    async def _reindexes(self, holder: str) -> bool:
        workers = await anyio.to_thread.run_sync(self.engine.ledger.processes.workers)
        return any(worker.id == holder and worker.role == ROLE for worker in workers)

    async def _run(self) -> Reindexed:
        """The same, while no other process plans for the pipeline, as configured now or before."""
        searched = await self._switch.searched()
        alias = self.options.alias or searched.collection
        next_generation = NextGeneration(self._switch, self.say)
        following = await next_generation.begun()
        if following is None:
            following = await next_generation.begin(searched)
        elif await self._switch.stands_for(following, alias):
            self.say(f"{alias} already points to {following.target}: the last re-index was almost done")
            await self._switch.take_over(following, alias, searched)
            return await self._moved(searched, following, alias)
        serving = KeepCurrent(self.engine, self._switch.components, searched, self.say)
        async with alongside(serving.keep):
            stopped = await self._build(following)
            if stopped is not None:
                return self._end(ReindexOutcome.STOPPED, searched, following, alias, reason=stopped)
            # What was deleted meanwhile is in neither of them, and not lacking in one.
            await serving.sync()
            comparison = await self._check(searched, following)
            await serving.rest()
        reason = await self._why_not(comparison, alias)
        if reason:
            return self._end(ReindexOutcome.WAITS, searched, following, alias, comparison, reason)
        if not self.options.switch:
            told = "run it without --no-switch to move the alias"
            return self._end(ReindexOutcome.BUILT, searched, following, alias, comparison, told)
        await self._move_name(searched, following, alias)
        return await self._moved(searched, following, alias, comparison)

    async def _moved(
        self,
        searched: Generation,
        following: Generation,
        alias: str,
        comparison: Comparison | None = None,
    ) -> Reindexed:
        """Catch up with what was edited between the last pass and the name's move."""
        if alias == self._configured:
            await self.engine.run(RunOptions(pipelines=frozenset({self.pipeline})))
            return self._end(ReindexOutcome.DONE, searched, following, alias, comparison)
        told = f"set pipelines.{self.pipeline}.collection.name to {alias}, and have readers use that name"
        return self._end(ReindexOutcome.DONE, searched, following, alias, comparison, told)

    @property
    def _configured(self) -> str:
        return self._switch.components.pipeline.collection.name

    # The build

    async def _build(self, following: Generation) -> str | None:
        """Fill it until a pass finds nothing more; returns why it could not be.

        Raises:
            ConfigError: the configuration names what is not there.
        """
        self.stage = "building"
        for _ in range(_PASSES):
            report = await self._pass()
            done = report.pipelines[self.pipeline]
            self._count(done)
            if done.misconfigured:
                raise ConfigError(done.message)
            if report.outcome not in (Outcome.OK, Outcome.PARTIAL) or done.pending:
                return done.message or f"the run that builds {following.target} was {report.outcome}"
            if not (done.embedded or done.payload_updated or done.deleted):
                break
        if await self._switch.collection_of(following).describe() is None:
            return f"the catalog has no item that could be written to {following.target}"
        return None

    async def _pass(self) -> RunReport:
        options = RunOptions(
            full=True,
            building=True,
            bulk=self.options.bulk,
            max_cost=self.options.max_cost,
            pipelines=frozenset({self.pipeline}),
        )
        return await self.engine.run(options, kind="reindex")

    def _count(self, report: PipelineReport) -> None:
        for name in ("embedded", "payload_updated", "deleted", "embed_requests", "embed_items", "seconds"):
            self._fill[name] = self._fill.get(name, 0) + getattr(report, name)
        if report.cost is not None:
            self._fill["cost"] = self._fill.get("cost", 0.0) + report.cost

    # The check and the move

    async def _check(self, searched: Generation, following: Generation) -> Comparison:
        async for told in until_green(self._switch.collection_of(following)):
            self.stage = told
        self.stage = "comparing"
        return await compare(
            self.engine.ledger,
            self._switch.components,
            searched,
            following,
            sample=self.options.sample,
            queries=self.options.queries,
        )

    async def _why_not(self, comparison: Comparison, alias: str) -> str:
        """Why the name does not move; empty when it may."""
        if comparison.lacking and not self.options.accept_missing:
            keys = ", ".join(f"#{key}" for key in comparison.examples)
            return (
                f"{comparison.lacking:,} items that are searched now are not in it ({keys}). See why with "
                "embedconsole explain KEY, or move the alias anyway with --accept-missing"
            )
        if not self.options.switch or self.options.replace or await self._switch.can_take(alias):
            return ""
        return (
            f"{alias} is a collection's own name, which no alias can have. Without downtime: give readers "
            f"another name for it by embedconsole reindex --lead-to {alias}-live, set collection.name to "
            f"that, and run reindex again. Or with --replace: {alias} is dropped, the new collection gets "
            "its name a moment later, and there is no way back"
        )

    async def _move_name(self, searched: Generation, following: Generation, alias: str) -> None:
        self.stage = "writing the vectors back"
        # Before the move: killed here, the next call does it again.
        await rewrite_vector_column(self._switch.components.bound_to(following.target))
        self.stage = "moving the name"
        if self.options.replace and not await self._switch.can_take(alias):
            # First: a worker that still writes to the old collection knows it by the name that moves.
            await anyio.to_thread.run_sync(self.engine.ledger.work.revoke, searched.id)
            await self._switch.aliases_of(searched.target).drop()
            await self._switch.take_over(following, alias, searched)
            await self._switch.drop(searched)
        else:
            await self._switch.take_over(following, alias, searched)
        self.say(f"{alias} now points to {following.target}")

    def _end(
        self,
        stand: ReindexOutcome,
        searched: Generation,
        following: Generation,
        alias: str,
        comparison: Comparison | None = None,
        reason: str = "",
    ) -> Reindexed:
        return Reindexed(stand, searched.target, following.target, alias, self._fill, comparison, reason)


async def roll_back(engine: Engine, pipeline: str) -> str:
    """Point the alias back to the previous collection; returns what to know about it.

    Raises:
        ConfigError: none is kept for rollback.
        Fault: a dependency does not answer.
    """
    succession = AliasSwitch(engine.ledger, components_of(engine.all_components, pipeline))
    generation = await succession.roll_back()
    said = f"{generation.collection} points to {generation.target} again"
    if generation.space == succession.components.space:
        return f"{said}; the next run brings it up to date"
    return (
        f"{said}. Set pipelines.{pipeline} back to what it was filled with, or go forward by another "
        "--rollback: until then runs are refused, and it is not kept up to date"
    )
