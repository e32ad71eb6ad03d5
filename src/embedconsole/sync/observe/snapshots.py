"""Snapshots of a running engine: what it does now, joined with what ledger and collections last said."""

from __future__ import annotations

import time
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.faults import Fault
from embedconsole.sync.observe.poller import LedgerPoller
from embedconsole.sync.observe.process_status import status_of
from embedconsole.sync.observe.snapshot import EngineState, PipelineView, RateMeter, Snapshot
from embedconsole.sync.resilience.ledger_health import LedgerAccess
from embedconsole.sync.run.engine import Engine
from embedconsole.sync.run.process import dead_among

if TYPE_CHECKING:
    from collections.abc import Collection

    from embedconsole.items import JsonObject
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.run.pipeline_run import PipelineRun
    from embedconsole.sync.shared.report import Tally


@dataclass(slots=True)
class WatchedEngine(Engine):
    """An engine that gives snapshots of itself, and tells other processes its status through the ledger."""

    _meters: dict[str, RateMeter] = field(default_factory=dict)
    _watch: LedgerPoller = field(init=False)

    def __post_init__(self) -> None:
        Engine.__post_init__(self)
        self._watch = LedgerPoller(self.ledger.at_once(), self.all_components)

    def _status(self) -> JsonObject:
        return status_of(self.snapshot(), serves=self.serves).as_json()

    def counted_since(self, moment: float) -> bool:
        """Whether the ledger has been counted after a moment of the monotonic clock."""
        return self._watch.counted_at is not None and self._watch.counted_at >= moment

    async def count(self) -> None:
        """Ask the ledger for what only it knows: counts, batches and events of all processes.

        Once it has not answered, it is left alone until it is to be asked again.
        """
        if not self._silence.due(LedgerAccess.READING):
            return
        try:
            await self._watch.count()
        except Fault as fault:
            self._silence.failed(LedgerAccess.READING, fault)
        else:
            self._silence.answered(LedgerAccess.READING)

    async def describe(self) -> None:
        """Ask the collections for what only they know: whether they are there, and what they look like.

        An embedded one belongs to the process that writes to it: a process that only looks would keep it out.
        """
        names = {
            components.pipeline.name
            for components in self.all_components
            if components.pipeline.collection.path is None or self.serves
        }
        await self._watch.describe(names)

    def snapshot(self) -> Snapshot:
        """The engine now; call it in the engine's loop."""
        now, tally = time.monotonic(), self.tally
        # A process that died on this host is not running, though the ledger may not know it yet.
        known = self._watch.seen.workers
        dead = dead_among(known, self.me)
        return Snapshot(
            taken_at=now,
            state=self._state(self._runs.values()),
            run=max((now.number for now in self._rounds if now.number is not None), default=None),
            pipelines=tuple(self._view(components, now, tally) for components in self.all_components),
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
        planning = any(run.state.planning for run in runs)
        return EngineState.PLANNING if planning else EngineState.RUNNING

    def _view(self, components: Components, now: float, tally: Tally) -> PipelineView:
        name = components.pipeline.name
        run = self._runs.get(name)
        progress = None if run is None else copy(run.progress)
        rate = eta = None
        if progress is not None:
            rate = self._meters.setdefault(name, RateMeter()).add(now, progress.done)
            if rate and run is not None and not run.state.planning:
                eta = (progress.found - progress.done) / rate
        return PipelineView(
            name=name,
            collection=components.target,
            state=EngineState.IDLE if run is None else self._state([run]),
            workers=self.control.workers or components.pipeline.workers,
            progress=progress,
            counts=self._watch.seen.counts.get(name),
            rate=rate,
            eta=eta,
            dependencies=self._health.get(name, ()) if run is None else run.health,
            last_report=self._last.get(name),
            seen=self._watch.collections.get(name),
            audit=self._watch.seen.audits.get(name),
            total=tally.of(name),
            run=next((now.number for now in self._rounds if name in now.runs), None),
            next_run=self.next_runs.get(name),
            halted=self.halted.get(name),
        )
