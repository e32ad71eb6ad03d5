"""The engine: runs pipelines, side by side, each under a lease that keeps other processes out of it."""

from __future__ import annotations

import time
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import Fault, FaultClass
from embedconsole.sync.daemon.orders import pause_in_force
from embedconsole.sync.daemon.sampler import Tally
from embedconsole.sync.observe.poller import Watch
from embedconsole.sync.observe.process_status import status_of
from embedconsole.sync.observe.snapshot import EngineState, Halt, PipelineView, RateMeter, Snapshot
from embedconsole.sync.resilience.background import alongside
from embedconsole.sync.resilience.ledger_health import Asking, LedgerSilence
from embedconsole.sync.resilience.retry import longest_delay
from embedconsole.sync.run.leases import RunLeases, TakenOver
from embedconsole.sync.run.process import dead_among
from embedconsole.sync.run.run import Round
from embedconsole.sync.shared.control import Control
from embedconsole.sync.shared.fault_text import stopped
from embedconsole.sync.shared.options import WHAT_IS_DUE, RunOptions
from embedconsole.sync.shared.report import Outcome, PipelineReport, RunReport, none_ran
from embedconsole.telemetry import in_run, span

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.presence import Process
    from embedconsole.sync.resilience.gate import GateHealth
    from embedconsole.sync.run.components import Assembly
    from embedconsole.sync.run.leases import Overlap
    from embedconsole.sync.run.pipeline_run import PipelineRun

_CLOSE_SECONDS = 10.0
_BURY_EVERY = 15.0


@dataclass(slots=True)
class Engine:
    """Several pipelines on one ledger. Opened by `opening.open_engine`; all of it belongs to one event loop.

    Attributes:
        next_runs: When the next scheduled run of a pipeline begins, on the monotonic clock; set by the
            scheduler.
        serves: Whether orders are taken here.
        leases: To hold a pipeline for longer than a run.
        halted: Why a pipeline does not run any more; set by the scheduler.
        turns: See `gates.Gates`.
    """

    ledger: Ledger
    assemblies: Sequence[Assembly]
    me: Process
    control: Control = field(default_factory=Control)
    next_runs: dict[str, float] = field(default_factory=dict)
    serves: bool = False
    halted: dict[str, Halt] = field(default_factory=dict)
    turns: dict[str, anyio.CapacityLimiter] = field(default_factory=dict)
    _rounds: list[Round] = field(default_factory=list)
    _last: dict[str, PipelineReport] = field(default_factory=dict)
    _meters: dict[str, RateMeter] = field(default_factory=dict)
    _health: dict[str, tuple[GateHealth, ...]] = field(default_factory=dict)
    _tally: Tally = field(default_factory=Tally)
    _watch: Watch = field(init=False)
    leases: RunLeases = field(init=False)
    _silence: LedgerSilence = field(default_factory=LedgerSilence)

    def __post_init__(self) -> None:
        self._watch = Watch(self.ledger.at_once(), self.assemblies)
        self.leases = RunLeases(
            presence=self.ledger.presence,
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
            chosen = [assembly.pipeline.name for assembly in self._chosen(options)]
            if not options.patient and (told := await self._paused()) is not None:
                return self._all(options, Outcome.SKIPPED, told)
            async with self.leases.held(chosen, overlap) as holder:
                if holder is not None:
                    return self._all(options, Outcome.SKIPPED, f"{holder} runs it already")
                return await self._run(options, kind)
        except Fault as fault:
            return self._all(options, Outcome.ABORTED, stopped(fault), fault.kind)

    async def help(self, options: RunOptions = WHAT_IS_DUE) -> RunReport:
        """Work on what is due, beside whoever runs the pipelines: claims need no lease.

        Args:
            options: Of a run that does not plan.

        Raises:
            ConfigError: a pipeline can't run as configured; nothing was done.
        """
        try:
            await self.announce()  # the batches of a process that the ledger does not know are given back
            return await self._run(options, "due")
        except Fault as fault:
            return self._all(options, Outcome.ABORTED, stopped(fault), fault.kind)

    async def _paused(self) -> str | None:
        """That nothing may be claimed, in words, for a run that does not wait until it may."""
        pause = await anyio.to_thread.run_sync(pause_in_force, self.ledger)
        if pause is None:
            return None
        since = datetime.fromtimestamp(pause.since, UTC)
        return f"paused by {pause.by} since {since:%Y-%m-%d %H:%M} UTC; embedconsole resume ends the pause"

    async def _run(self, options: RunOptions, kind: str) -> RunReport:
        chosen = self._chosen(options)
        with self.control.running([assembly.pipeline.name for assembly in chosen]) as control:
            now = Round(self, control, options, chosen)
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
                    self._health[name] = _health_of(run)
                self._rounds.remove(now)
                with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
                    await self._note_end(now, report)
        return report

    async def _note_end(self, ended: Round, report: RunReport) -> None:
        try:
            await ended.note(report)
        except Fault as fault:
            self._missed(fault)

    # Beside others

    def _taken_over(self, pipelines: Sequence[str]) -> None:
        # Not a drain: the scheduler waits for its next run as before.
        for run in (self._runs[name] for name in pipelines if name in self._runs):
            run.crew.give_up(TakenOver("ledger", "another process has taken over the run"))

    def _missed(self, fault: Fault) -> None:
        self._silence.failed(Asking.WRITING, fault)

    async def _keep_burying(self) -> None:
        """Whoever works, planning or helping, need not wait for the leases of one that dies meanwhile."""
        while True:
            await anyio.sleep(_BURY_EVERY)
            try:
                await self.bury_the_dead()
            except Fault as fault:
                self._missed(fault)
            else:
                self.control.notify()

    async def bury_the_dead(self) -> None:
        """Take back what processes held that are no more, and forget batches nobody holds."""
        workers = await anyio.to_thread.run_sync(self.ledger.presence.workers)
        dead = dead_among(workers, self.me)
        if dead:
            await anyio.to_thread.run_sync(self.ledger.work.abandon, dead)
            await anyio.to_thread.run_sync(self.ledger.presence.leave, dead)
        await anyio.to_thread.run_sync(self.ledger.work.sweep)
        pipelines = [assembly.pipeline for assembly in self.assemblies]
        longest = longest_delay([pipeline.retry for pipeline in pipelines])
        names = [pipeline.name for pipeline in pipelines]
        await anyio.to_thread.run_sync(self.ledger.jumps.mend, names, longest)

    def _chosen(self, options: RunOptions) -> list[Assembly]:
        return [assembly for assembly in self.assemblies if options.concerns(assembly.pipeline.name)]

    def _all(
        self, options: RunOptions, outcome: Outcome, message: str, fault: FaultClass | None = None
    ) -> RunReport:
        names = [assembly.pipeline.name for assembly in self._chosen(options)]
        return none_ran(names, outcome, message, fault)

    # Watching

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

    async def announce(self) -> None:
        """Tell the ledger that we are here and what we do.

        Raises:
            Fault: the ledger does not answer.
        """
        status = status_of(self.snapshot(), serves=self.serves).as_json()
        try:
            await anyio.to_thread.run_sync(self.ledger.presence.announce, replace(self.me, status=status))
        except Fault as fault:
            self._missed(fault)
            raise
        self._silence.answered(Asking.WRITING)

    def counted_since(self, moment: float) -> bool:
        """Whether the ledger has been counted after a moment of the monotonic clock."""
        return self._watch.counted_at is not None and self._watch.counted_at >= moment

    async def count(self) -> None:
        """Ask the ledger for what only it knows: counts, batches and events of all processes.

        Once it has not answered, it is left alone until it is to be asked again.
        """
        if not self._silence.due(Asking.READING):
            return
        try:
            await self._watch.count()
        except Fault as fault:
            self._silence.failed(Asking.READING, fault)
        else:
            self._silence.answered(Asking.READING)

    async def describe(self) -> None:
        """Ask the collections for what only they know: whether they are there, and what they look like.

        An embedded one belongs to the process that writes to it: whoever only looks would keep it out.
        """
        names = {
            assembly.pipeline.name
            for assembly in self.assemblies
            if assembly.pipeline.collection.path is None or self.serves
        }
        await self._watch.describe(names)

    def snapshot(self) -> Snapshot:
        """The engine now; call it in the engine's loop."""
        now, tally = time.monotonic(), self.tally
        # A process that has died where we can see it is not at work, though the ledger may not know it yet.
        known = self._watch.seen.workers
        dead = dead_among(known, self.me)
        return Snapshot(
            taken_at=now,
            state=self._state(self._runs.values()),
            run=max((now.number for now in self._rounds if now.number is not None), default=None),
            pipelines=tuple(self._view(assembly, now, tally) for assembly in self.assemblies),
            in_flight=self._watch.seen.in_flight,
            counted_at=self._watch.counted_at,
            next_run=min(self.next_runs.values(), default=None),
            ledger=self._silence.health,
            events=self._watch.seen.events,
            runs=self._watch.seen.runs,
            workers=tuple(worker for worker in known if worker.id not in dead),
            worker=self.me.id,
            pause=self.control.paused_by,
        )

    def _state(self, runs: Collection[PipelineRun]) -> EngineState:
        if self.control.draining:
            return EngineState.DRAINING
        if self.control.paused:
            return EngineState.PAUSED
        if not runs:
            return EngineState.IDLE
        planning = any(run.crew.planning for run in runs)
        return EngineState.PLANNING if planning else EngineState.RUNNING

    def _view(self, assembly: Assembly, now: float, tally: Tally) -> PipelineView:
        name = assembly.pipeline.name
        run = self._runs.get(name)
        progress = None if run is None else copy(run.progress)
        rate = eta = None
        if progress is not None:
            rate = self._meters.setdefault(name, RateMeter()).add(now, progress.done)
            if rate and run is not None and not run.crew.planning:
                eta = (progress.found - progress.done) / rate
        return PipelineView(
            name=name,
            collection=assembly.target,
            state=EngineState.IDLE if run is None else self._state([run]),
            workers=self.control.workers or assembly.pipeline.workers,
            progress=progress,
            counts=self._watch.seen.counts.get(name),
            rate=rate,
            eta=eta,
            dependencies=self._health.get(name, ()) if run is None else _health_of(run),
            last_report=self._last.get(name),
            seen=self._watch.collections.get(name),
            audit=self._watch.seen.audits.get(name),
            total=tally.of(name),
            run=next((now.number for now in self._rounds if name in now.runs), None),
            next_run=self.next_runs.get(name),
            halted=self.halted.get(name),
        )


def _health_of(run: PipelineRun) -> tuple[GateHealth, ...]:
    """The dependencies as the run last saw them; between runs nobody else asks them."""
    return tuple(gate.seen for gate in run.gates_in_use)
