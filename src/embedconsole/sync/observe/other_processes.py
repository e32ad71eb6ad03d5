"""The work of other processes as they report it through the ledger, shown as if it were done here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedconsole.sync.observe.process_status import read_status
from embedconsole.sync.observe.snapshot import EngineState
from embedconsole.sync.resilience.gate import GateHealth, GateState
from embedconsole.sync.shared.control import Pause
from embedconsole.sync.shared.report import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.ledger.records.processes import Process
    from embedconsole.sync.observe.process_status import DependencyStatus, PipelineStatus, ProcessStatus
    from embedconsole.sync.observe.snapshot import PipelineView, Snapshot

SILENT = 60.0
"""Seconds without a heartbeat after which a process is not believed any more."""

_MOST_TELLING = (EngineState.PLANNING, EngineState.RUNNING, EngineState.PAUSED, EngineState.DRAINING)


def serving(workers: Sequence[Process], me: str) -> list[Process]:
    """The other living processes that take orders."""
    living = (worker for worker in workers if _lives(worker, me))
    return [
        worker for worker in living if (status := read_status(worker.status)) is not None and status.serves
    ]


def with_others(snapshot: Snapshot, epoch: float) -> Snapshot:
    """The snapshot with what others do where nothing is done here.

    Args:
        epoch: When our monotonic clock was zero, in seconds since 1970.
    """
    if snapshot.run is not None or snapshot.state is not EngineState.IDLE:
        return snapshot
    living = [worker for worker in snapshot.workers if _lives(worker, snapshot.worker)]
    others = [status for worker in living if (status := read_status(worker.status)) is not None]
    at_it = [status for status in others if status.run is not None]
    servants = [status for status in others if status.serves]
    paused = next((status for status in servants if status.paused_since is not None), None)
    next_runs = [status.next_run for status in servants if status.next_run is not None]
    state = _state([status.state for status in at_it or servants])
    return replace(
        snapshot,
        state=state,
        run=at_it[0].run if at_it else None,
        pipelines=tuple(
            _scheduled(_view(view, at_it, epoch), servants, epoch) for view in snapshot.pipelines
        ),
        next_run=min(next_runs) - epoch if next_runs and snapshot.next_run is None else snapshot.next_run,
        pause=(
            Pause(paused.paused_since, paused.paused_by)
            if paused is not None and paused.paused_since is not None
            else snapshot.pause
        ),
    )


def _lives(worker: Process, me: str) -> bool:
    return worker.id != me and worker.silent_for <= SILENT


def _view(view: PipelineView, others: Sequence[ProcessStatus], epoch: float) -> PipelineView:
    parts = [part for status in others for part in status.pipelines if part.name == view.name]
    parts = [part for part in parts if part.state in _MOST_TELLING]
    if not parts:
        return view
    rates = [part.rate for part in parts if part.rate is not None]
    pending = 0 if view.counts is None else view.counts.pending
    rate = sum(rates) if rates else None
    planning = any(part.state == EngineState.PLANNING for part in parts)
    done = sum(part.done for part in parts)
    return replace(
        view,
        state=_state([part.state for part in parts]),
        # The backlog is the ledger's: each process only knows its own part.
        progress=Progress(waiting=done + pending, embedded=done),
        rate=rate,
        eta=None if planning or not rate else pending / rate,
        workers=max((status.workers for status in others), default=view.workers),
        dependencies=_dependencies(parts, epoch),
        run=next((part.run for part in parts if part.run is not None), others[0].run),
    )


def _scheduled(view: PipelineView, servants: Sequence[ProcessStatus], epoch: float) -> PipelineView:
    parts = [part for status in servants for part in status.pipelines if part.name == view.name]
    # Version 0.1 has one schedule for all pipelines.
    told = [part.next_run for part in parts] + [
        status.next_run for status in servants if not status.pipelines
    ]
    next_runs = [one for one in told if one is not None]
    return replace(view, next_run=min(next_runs) - epoch) if next_runs else view


def _state(states: Sequence[str]) -> EngineState:
    return next((state for state in _MOST_TELLING if state in states), EngineState.IDLE)


def _dependencies(parts: Sequence[PipelineStatus], epoch: float) -> tuple[GateHealth, ...]:
    """Each dependency once: where processes differ, the one that is held up."""
    found: dict[str, DependencyStatus] = {}
    for told in (one for part in parts for one in part.dependencies):
        if told.name not in found or told.state != GateState.CLOSED:
            found[told.name] = told
    return tuple(_health(told, epoch) for told in found.values())


def _health(told: DependencyStatus, epoch: float) -> GateHealth:
    state = next((state for state in GateState if state == told.state), GateState.OPEN)
    until = None if told.until is None else told.until - epoch
    return GateHealth(told.name, state, told.since - epoch, until, told.fault)
