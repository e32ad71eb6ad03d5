"""From a snapshot to what the overview shows: pipelines, dependencies, processes. Pure functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedconsole.console.status_line import changed_by, figures_of, last_run
from embedconsole.console.text import Span, age, at_minute, clean, left, number, rate, right, span_of
from embedconsole.console.views.model import (
    HealthRow,
    HealthView,
    HostRow,
    HostsView,
    LatestRow,
    LatestView,
    PipelineRow,
)
from embedconsole.sync.observe.other_processes import SILENT
from embedconsole.sync.observe.snapshot import EngineState
from embedconsole.sync.resilience.gate import GateState
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedconsole.console.launch import LaunchFacts
    from embedconsole.console.status_line import Standing
    from embedconsole.console.text import Line, Tone
    from embedconsole.ledger.records.history import RunRecord
    from embedconsole.ledger.records.processes import Process
    from embedconsole.sync.observe.snapshot import PipelineView, Snapshot
    from embedconsole.sync.resilience.gate import GateHealth


TONES: dict[str, Tone] = {
    EngineState.RUNNING: "work",
    EngineState.PLANNING: "work",
    EngineState.PAUSED: "wait",
    EngineState.DRAINING: "wait",
    GateState.COOLING: "wait",
    GateState.PROBING: "wait",
    GateState.OPEN: "alert",
    "stopped": "alert",
    "ledger away": "alert",
    "away": "alert",
    "missing": "wait",
}

_OUTCOMES: dict[str, Tone] = {
    Outcome.PARTIAL: "wait",
    Outcome.ABORTED: "alert",
    Outcome.INTERRUPTED: "wait",
}


def held_up(pipeline: PipelineView) -> str:
    """The pipeline's state, or that of the first dependency that holds it up."""
    waits = [one.state for one in pipeline.dependencies if one.state is not GateState.CLOSED]
    return waits[0] if waits and pipeline.progress is not None else pipeline.state


def pipeline_rows(
    snapshot: Snapshot | None, facts: Sequence[LaunchFacts], shown: str, standing: Standing
) -> tuple[PipelineRow, ...]:
    """A row each, in the order of the configuration."""
    views = {} if snapshot is None else {view.name: view for view in snapshot.pipelines}
    return tuple(_pipeline(one, snapshot, views.get(one.name), one.name == shown, standing) for one in facts)


def _pipeline(
    facts: LaunchFacts, snapshot: Snapshot | None, view: PipelineView | None, shown: bool, standing: Standing
) -> PipelineRow:
    name, collection = clean(facts.name), clean(facts.collection)
    if view is None or snapshot is None:
        return PipelineRow(name, collection, EngineState.STARTING, "muted", shown=shown)
    state, counts, last = held_up(view), view.counts, last_run(snapshot.runs, facts.name)
    outcome = None if last is None else last.outcome
    return PipelineRow(
        name=name,
        collection=collection,
        state=state,
        tone=TONES.get(state, "muted"),
        pending=None if counts is None else counts.pending,
        failed=None if counts is None else counts.failed,
        synced=None if counts is None else counts.synced,
        rate=view.rate,
        last=""
        if last is None or last.ended_at is None
        else f"{at_minute(last.ended_at, standing.zone)} {_outcome(last, facts.name)}",
        last_tone=_OUTCOMES.get(outcome or "", "muted"),
        shown=shown,
    )


def health(snapshot: Snapshot, pipeline: PipelineView) -> HealthView:
    """The ledger, what the run goes through, and the collection."""
    now = snapshot.taken_at
    return HealthView(
        (
            _ledger(snapshot),
            *(
                _dependency(one, now)
                for one in pipeline.dependencies
                if not one.name.startswith("collection")
            ),
            _collection(pipeline, now),
        )
    )


def _ledger(snapshot: Snapshot) -> HealthRow:
    ledger = snapshot.ledger
    if ledger.fault is None:
        return HealthRow("ledger", "ok", "muted")
    # It has no breaker: each caller asks, and finds it away.
    return replace(_dependency(ledger, snapshot.taken_at), state="away", tone="alert")


def _dependency(one: GateHealth, now: float) -> HealthRow:
    detail = "" if one.fault is None else clean(one.fault)
    if one.until is not None:
        detail = f"again in {span_of(one.until - now)}" + (f": {detail}" if detail else "")
    since = age(now - one.since)
    return HealthRow(clean(one.name), one.state, TONES.get(one.state, "muted"), since, detail)


def _collection(pipeline: PipelineView, now: float) -> HealthRow:
    seen = pipeline.seen
    if seen is None:
        return HealthRow("collection", "not asked", "muted")
    if seen.fault is not None:
        return HealthRow("collection", "away", "alert", age(now - seen.at), clean(seen.fault))
    if seen.state is None:
        return HealthRow("collection", "missing", "wait", detail="press i to create it")
    if seen.blocking:
        return HealthRow("collection", "refused", "alert", detail=clean("; ".join(seen.differences)))
    tone: Tone = "alert" if seen.state.status == "red" else "muted"
    return HealthRow("collection", "ok" if seen.state.status == "green" else clean(seen.state.status), tone)


def latest(snapshot: Snapshot, pipeline: str, standing: Standing) -> LatestView:
    """The latest runs that had the pipeline in them, or have not ended yet."""
    now = snapshot.taken_at + standing.offset
    mine = (run for run in snapshot.runs if run.ended_at is None or figures_of(run, pipeline))
    return LatestView(tuple(_run(run, pipeline, now, standing) for run in mine))


def _run(run: RunRecord, pipeline: str, now: float, standing: Standing) -> LatestRow:
    return LatestRow(
        number=run.id,
        kind=clean(run.kind),
        began=at_minute(run.started_at, standing.zone),
        took=span_of((run.ended_at or now) - run.started_at),
        changed=None if run.ended_at is None else changed_by(run, pipeline),
        outcome=_outcome(run, pipeline),
        tone="work" if run.ended_at is None else _OUTCOMES.get(run.outcome or "", "muted"),
    )


def _outcome(run: RunRecord, pipeline: str) -> str:
    if run.ended_at is None:
        return "running"
    if run.outcome not in tuple(Outcome):
        return clean(run.outcome or "ended")
    failed = figures_of(run, pipeline).get("failed")
    return Outcome(run.outcome).words(failed if isinstance(failed, int) else 0)


def hosts(workers: Sequence[Process], me: str) -> HostsView:
    """All processes on the ledger, oneself first."""
    return HostsView(tuple(_host(one, me) for one in sorted(workers, key=lambda one: one.id != me)))


def _host(worker: Process, me: str) -> HostRow:
    status: Mapping[str, object] = worker.status or {}
    silent = worker.silent_for > SILENT
    state = "silent" if silent else clean(str(status.get("state") or ""))
    pace = status.get("rate")
    return HostRow(
        key=worker.id,
        host=clean(f"{worker.host}:{worker.pid}"),
        role=clean(worker.role),
        state=state,
        tone="wait" if silent else TONES.get(state, "muted"),
        rate=float(pace) if isinstance(pace, (int, float)) and not silent else None,
        heard=age(worker.silent_for),
        silent=silent,
        version=clean(worker.version),
        me=worker.id == me,
    )


_STATE = 11
_COUNT = 10
_FAILED = 7
_RATE = 8
_LAST = 18
_FIXED = _STATE + _COUNT + _FAILED + _LAST + 4
_NICE = _COUNT + _RATE


def pipeline_columns(cells: int) -> Line:
    """The titles of the columns."""
    name = _name(cells)
    nice = f"{right('synced', _COUNT)}{right('rate', _RATE)}" if _has_nice(cells) else ""
    text = (
        f"  {left('pipeline', name)} {left('state', _STATE)}{right('pending', _COUNT)}"
        f"{right('failed', _FAILED)}{nice}  last run"
    )
    return (Span(text, "muted"),)


def pipeline_line(row: PipelineRow, cells: int) -> Line:
    """The line of a pipeline; the one on the other screens is emphasized."""
    nice = (
        _figure(row.synced, _COUNT, "plain"),
        Span(right("" if row.rate is None else rate(row.rate), _RATE)),
    )
    return (
        Span(f" {left(row.name, _name(cells + 1))} ", "strong" if row.shown else "plain"),
        Span(left(row.state, _STATE), row.tone),
        _figure(row.pending, _COUNT, "work"),
        _figure(row.failed, _FAILED, "alert"),
        *(nice if _has_nice(cells + 1) else ()),
        Span(f"  {left(row.last, _LAST)}", row.last_tone),
    )


def _name(cells: int) -> int:
    return max(8, cells - _FIXED - 2 - _NICE * _has_nice(cells))


def _has_nice(cells: int) -> bool:
    return cells >= _FIXED + _NICE + 10


def _figure(count: int | None, cells: int, tone: Tone) -> Span:
    if count is None:
        return Span(right("-", cells), "muted")
    return Span(right(number(count), cells), tone if count else "muted")
