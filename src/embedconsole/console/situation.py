"""From a snapshot to what the sentence goes by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.console.status_line import Situation, Wait
from embedconsole.console.text import clean
from embedconsole.console.words import at_minute, at_time
from embedconsole.sync.observe.other_processes import serving
from embedconsole.sync.observe.snapshot import EngineState
from embedconsole.sync.resilience.gate import GateState
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from embedconsole.console.launch import LaunchFacts
    from embedconsole.ledger.records.history import RunRecord
    from embedconsole.sync.observe.snapshot import PipelineView, Snapshot
    from embedconsole.sync.resilience.gate import GateHealth
    from embedconsole.sync.shared.control import Pause

_CHANGES = ("embedded", "payload_updated", "deleted")


@dataclass(frozen=True, slots=True)
class Standing:
    """What the console knows beside the snapshot.

    Attributes:
        offset: Seconds to add to the monotonic clock to have the time since 1970.
        zone: The operator's time zone; None for the machine's.
        me: The operator, as others see him in his orders.
        broken: Why the engine has ended though nobody asked it to.
        attached: Nothing is synced here; others do, and take orders.
    """

    offset: float = 0.0
    zone: tzinfo | None = None
    me: str = ""
    closing: bool = False
    leaving: bool = False
    broken: str | None = None
    read_only: bool = False
    attached: bool = False


def situation(
    snapshot: Snapshot | None, pipeline: PipelineView | None, facts: LaunchFacts, standing: Standing
) -> Situation:
    """What the sentence goes by."""
    broken = None if standing.broken is None else clean(standing.broken)
    if snapshot is None or pipeline is None:
        return Situation(
            noun=facts.noun,
            opening=True,
            closing=standing.closing,
            draining=standing.leaving,
            broken=broken,
        )
    counts, progress = pipeline.counts, pipeline.progress
    mine = [batch for batch in snapshot.in_flight if batch.pipeline == facts.name]
    here = [batch for batch in mine if batch.worker == snapshot.worker]
    others = [batch for batch in mine if batch.worker != snapshot.worker and not batch.expired]
    last = last_run(snapshot.runs, facts.name)
    return Situation(
        noun=facts.noun,
        closing=standing.closing,
        draining=standing.leaving or snapshot.state is EngineState.DRAINING,
        broken=broken,
        ledger_fault=None if snapshot.ledger.fault is None else clean(snapshot.ledger.fault),
        silent_for=snapshot.taken_at - snapshot.ledger.since,
        asked_in=_left(snapshot.ledger, snapshot.taken_at),
        as_of=(
            ""
            if snapshot.counted_at is None
            else at_time(snapshot.counted_at + standing.offset, standing.zone)
        ),
        paused=snapshot.state is EngineState.PAUSED,
        paused_at=None if snapshot.pause is None else at_minute(snapshot.pause.since, standing.zone),
        paused_by=_who(snapshot.pause, standing.me),
        running=progress is not None,
        planning=pipeline.state is EngineState.PLANNING,
        wait=_wait(pipeline.dependencies, snapshot.taken_at),
        halted=_halted(pipeline),
        retry_in=_retry_in(pipeline, snapshot.taken_at),
        held_by=clean(others[0].worker.partition(":")[0]) if others else None,
        known=counts is not None,
        scanned=0 if progress is None else progress.scanned,
        wanted=0 if progress is None else progress.found,
        done=0 if progress is None else progress.done,
        rate=pipeline.rate,
        eta=pipeline.eta,
        pending=0 if counts is None else counts.pending,
        retrying=0 if counts is None else counts.retrying,
        failed=0 if counts is None else counts.failed,
        synced=0 if counts is None else counts.synced,
        in_flight_batches=len(here),
        elsewhere=sum(batch.items for batch in others),
        last_run=None if last is None or last.ended_at is None else at_minute(last.ended_at, standing.zone),
        changed=0 if last is None else changed_by(last, facts.name),
        next_run=(
            None
            if pipeline.next_run is None
            else at_minute(pipeline.next_run + standing.offset, standing.zone)
        ),
        read_only=standing.read_only,
        unserved=standing.attached and not serving(snapshot.workers, snapshot.worker),
    )


def _who(pause: Pause | None, me: str) -> str:
    return "you" if pause is None or pause.by in ("", me) else clean(pause.by)


def _halted(pipeline: PipelineView) -> str | None:
    if pipeline.progress is not None:
        return None
    if pipeline.halted is not None:
        return clean(pipeline.halted.reason)
    report = pipeline.last_report
    if report is not None and report.outcome is Outcome.ABORTED:
        return clean(report.message or "")
    return None


def _retry_in(pipeline: PipelineView, now: float) -> float | None:
    until = None if pipeline.halted is None else pipeline.halted.until
    return None if until is None else max(0.0, until - now)


def _wait(dependencies: Sequence[GateHealth], now: float) -> Wait | None:
    """The first dependency that holds the run up."""
    for health in dependencies:
        if health.state is not GateState.CLOSED:
            return Wait(
                who=clean(health.name),
                why=None if health.fault is None else clean(health.fault),
                seconds=_left(health, now),
                throttled=health.state is GateState.COOLING,
            )
    return None


def _left(health: GateHealth, now: float) -> float | None:
    """Seconds until it is tried again."""
    return None if health.until is None else max(0.0, health.until - now)


def last_run(runs: Sequence[RunRecord], pipeline: str) -> RunRecord | None:
    """The latest run that has ended and had this pipeline in it."""
    return next((run for run in runs if run.ended_at is not None and figures_of(run, pipeline)), None)


def changed_by(run: RunRecord, pipeline: str) -> int:
    """How many items of a pipeline a run embedded, re-wrote and deleted."""
    figures = figures_of(run, pipeline)
    return sum(value for name in _CHANGES if isinstance(value := figures.get(name), int))


def figures_of(run: RunRecord, pipeline: str) -> dict[str, object]:
    """A pipeline's part of a run's report, which is JSON that some version of us has written."""
    pipelines = (run.report or {}).get("pipelines")
    figures = pipelines.get(pipeline) if isinstance(pipelines, dict) else None
    return figures if isinstance(figures, dict) else {}
