"""The engine: runs pipelines, side by side, each under a lease that keeps other processes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import Fault
from embedconsole.retry import longest_item_delay
from embedconsole.sync.resilience.background import alongside
from embedconsole.sync.resilience.ledger_health import LedgerAccess, LedgerHealth
from embedconsole.sync.run.leases import RunLeases, TakenOver
from embedconsole.sync.run.process import dead_among
from embedconsole.sync.run.run import EngineRun
from embedconsole.sync.shared.control import Control, Halt, pause_in_force
from embedconsole.sync.shared.options import WHAT_IS_DUE, RunOptions
from embedconsole.sync.shared.report import Outcome, PipelineReport, RunReport, Tally, aborted
from embedconsole.telemetry import in_run, span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedconsole.items import JsonObject
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.processes import Process
    from embedconsole.sync.resilience.gate import GateHealth
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.run.leases import Overlap
    from embedconsole.sync.run.pipeline_run import PipelineRun

_CLOSE_SECONDS = 10.0
_BURY_EVERY = 15.0


@dataclass(slots=True)
class Engine:
    """Several pipelines on one ledger. All of it belongs to one event loop.

    `daemon.lifecycle.open_engine` opens an `observe.snapshots.WatchedEngine`, which others can look at.

    Attributes:
        next_runs: When the next scheduled run of a pipeline begins, on the monotonic clock; set by the
            scheduler.
        serves: Whether orders are taken here.
        leases: To hold a pipeline for longer than a run.
        halted: Why a pipeline does not run any more; set by the scheduler.
        turns: See `shared_gates.Gates`.
    """

    ledger: Ledger
    all_components: Sequence[Components]
    me: Process
    control: Control = field(default_factory=Control)
    next_runs: dict[str, float] = field(default_factory=dict)
    serves: bool = False
    halted: dict[str, Halt] = field(default_factory=dict)
    turns: dict[str, anyio.CapacityLimiter] = field(default_factory=dict)
    _rounds: list[EngineRun] = field(default_factory=list)
    _last: dict[str, PipelineReport] = field(default_factory=dict)
    _health: dict[str, tuple[GateHealth, ...]] = field(default_factory=dict)
    _tally: Tally = field(default_factory=Tally)
    leases: RunLeases = field(init=False)
    _silence: LedgerHealth = field(default_factory=LedgerHealth)

    def __post_init__(self) -> None:
        self.leases = RunLeases(
            processes=self.ledger.processes,
            owner=self.me.id,
            control=self.control,
            announce=self.announce,
            bury_the_dead=self.bury_the_dead,
            taken_over=self._taken_over,
            missed=self._missed,
        )

    async def run(self, options: RunOptions, *, kind: str = "sync", overlap: Overlap = "skip") -> RunReport:
        """One run of the pipelines, all or those chosen, unless another process is at it.

        Args:
            overlap: With `wait`, wait until the other process is done instead of skipping the run.

        Raises:
            ConfigError: a pipeline can't run as configured; nothing was done.
        """
        try:
            chosen = [components.pipeline.name for components in self._chosen(options)]
            if not options.patient and (told := await self._paused()) is not None:
                return self._all(options, PipelineReport(outcome=Outcome.SKIPPED, message=told))
            async with self.leases.held(chosen, overlap) as holder:
                if holder is not None:
                    told = f"{holder} is already running it"
                    return self._all(options, PipelineReport(outcome=Outcome.SKIPPED, message=told))
                return await self._run(options, kind)
        except Fault as fault:
            return self._all(options, aborted(fault))

    async def help(self, options: RunOptions = WHAT_IS_DUE) -> RunReport:
        """Work on what is due, next to the process that runs the pipelines: claims need no lease.

        Args:
            options: Of a run that does not plan.

        Raises:
            ConfigError: a pipeline can't run as configured; nothing was done.
        """
        try:
            await (
                self.announce()
            )  # the batches of a process that the ledger does not know return to the queue
            return await self._run(options, "due")
        except Fault as fault:
            return self._all(options, aborted(fault))

    async def _paused(self) -> str | None:
        """That nothing may be claimed, in words, for a run that does not wait until it may."""
        pause = await anyio.to_thread.run_sync(pause_in_force, self.ledger)
        if pause is None:
            return None
        since = datetime.fromtimestamp(pause.since, UTC)
        return f"paused by {pause.by} since {since:%Y-%m-%d %H:%M} UTC; embedconsole resume ends the pause"

    async def _run(self, options: RunOptions, kind: str) -> RunReport:
        chosen = self._chosen(options)
        with self.control.running([components.pipeline.name for components in chosen]) as control:
            now = EngineRun(self.ledger, self.me, control, options, chosen, self.turns)
            await now.prepare()
            await now.begin(kind)
            self._rounds.append(now)
            try:
                with in_run(now.number), span("run", run=now.number or 0, kind=kind):
                    async with alongside(self._keep_burying):
                        await now.work()
            finally:
                report = now.report()
                self._last |= report.pipelines
                for name, run in now.runs.items():
                    self._tally.add(name, run.progress)
                    self._health[name] = run.health
                self._rounds.remove(now)
                with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
                    await self._note_end(now, report)
        return report

    async def _note_end(self, ended: EngineRun, report: RunReport) -> None:
        try:
            await ended.note(report)
        except Fault as fault:
            self._missed(fault)

    # Beside others

    def _taken_over(self, pipelines: Sequence[str]) -> None:
        # Not a drain: the scheduler waits for its next run as before.
        for run in (self._runs[name] for name in pipelines if name in self._runs):
            run.state.give_up(TakenOver("ledger", "another process has taken over the run"))

    def _missed(self, fault: Fault) -> None:
        self._silence.failed(LedgerAccess.WRITING, fault)

    async def _keep_burying(self) -> None:
        """A run, planning or helping, need not wait for the leases of a process that dies meanwhile."""
        while True:
            await anyio.sleep(_BURY_EVERY)
            try:
                await self.bury_the_dead()
            except Fault as fault:
                self._missed(fault)
            else:
                self.control.notify()

    async def bury_the_dead(self) -> None:
        """Take back what processes held that are no more, and forget batches that no process holds."""
        workers = await anyio.to_thread.run_sync(self.ledger.processes.workers)
        dead = dead_among(workers, self.me)
        if dead:
            await anyio.to_thread.run_sync(self.ledger.work.abandon, dead)
            await anyio.to_thread.run_sync(self.ledger.processes.leave, dead)
        await anyio.to_thread.run_sync(self.ledger.work.sweep)
        pipelines = [components.pipeline for components in self.all_components]
        longest = longest_item_delay([pause for pipeline in pipelines for pause in pipeline.retry.backoff])
        names = [pipeline.name for pipeline in pipelines]
        await anyio.to_thread.run_sync(self.ledger.jumps.repair, names, longest)

    def _chosen(self, options: RunOptions) -> list[Components]:
        return [
            components for components in self.all_components if options.concerns(components.pipeline.name)
        ]

    def _all(self, options: RunOptions, report: PipelineReport) -> RunReport:
        return RunReport(None, {components.pipeline.name: report for components in self._chosen(options)})

    # What it does now

    @property
    def _runs(self) -> Mapping[str, PipelineRun]:
        return {name: run for now in self._rounds for name, run in now.runs.items()}

    @property
    def busy(self) -> bool:
        """Whether a run takes place here."""
        return bool(self._rounds)

    @property
    def running(self) -> frozenset[str]:
        """The pipelines of which a run takes place here."""
        return frozenset(self._runs)

    @property
    def tally(self) -> Tally:
        """What has been done here since the engine was opened."""
        return self._tally.with_runs({name: run.progress for name, run in self._runs.items()})

    def _status(self) -> JsonObject | None:
        """The status of this process that other processes can see; see `observe.snapshots`."""
        return None

    async def announce(self) -> None:
        """Tell the ledger that we are here and what we do.

        Raises:
            Fault: the ledger does not answer.
        """
        me = replace(self.me, status=self._status())
        try:
            await anyio.to_thread.run_sync(self.ledger.processes.announce, me)
        except Fault as fault:
            self._missed(fault)
            raise
        self._silence.answered(LedgerAccess.WRITING)
