"""The dashboard's content, made from a snapshot of the engine: pure functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from embedconsole.console.status_line import Standing, sentence, situation
from embedconsole.console.text import age, at_minute, at_time, brief, clean, size
from embedconsole.console.views.collection import drift_of
from embedconsole.console.views.model import (
    BacklogView,
    BatchRow,
    CollectionView,
    DashboardView,
    ErrorRow,
    ErrorsView,
    InFlightView,
    StatusView,
)
from embedconsole.console.views.pipelines import TONES, health, held_up, hosts, latest, pipeline_rows
from embedconsole.sync.observe.snapshot import EngineState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

    from embedconsole.console.launch import LaunchFacts
    from embedconsole.console.status_line import Situation
    from embedconsole.ledger.records.history import AuditRecord, Event
    from embedconsole.ledger.records.work import BatchInFlight
    from embedconsole.sync.observe.snapshot import CollectionSeen, PipelineView, Snapshot


@dataclass(frozen=True, slots=True)
class Scene:
    """The inputs of the dashboard.

    Attributes:
        snapshot: None before the first.
        index: Which of the pipelines.
        history: Items a second, oldest first.
    """

    snapshot: Snapshot | None
    facts: Sequence[LaunchFacts]
    index: int
    standing: Standing
    history: tuple[float, ...] = ()


def dashboard(scene: Scene) -> DashboardView:
    """The dashboard's content for a scene."""
    facts, snapshot = scene.facts[scene.index], scene.snapshot
    rows = pipeline_rows(snapshot, scene.facts, facts.name, scene.standing)
    pipeline = None
    if snapshot is not None:
        pipeline = next((one for one in snapshot.pipelines if one.name == facts.name), None)
    now = situation(snapshot, pipeline, facts, scene.standing)
    if snapshot is None or pipeline is None:
        return DashboardView(
            status=_status(scene, None, None, now),
            sentence=sentence(now),
            backlog=BacklogView(),
            in_flight=InFlightView(),
            collection=CollectionView(),
            errors=ErrorsView(),
            alarmed=now.broken is not None,
            pipelines=rows,
        )
    return DashboardView(
        status=_status(scene, snapshot, pipeline, now),
        sentence=sentence(now),
        backlog=_backlog(pipeline, scene.history, stale=now.ledger_fault is not None),
        in_flight=_in_flight(snapshot, facts.name, stale=now.ledger_fault is not None),
        collection=_with_drift(
            _collection(pipeline.seen, scene.standing, private=facts.embedded and _watches(scene)),
            pipeline.audit,
            snapshot.taken_at + scene.standing.offset,
        ),
        errors=ErrorsView(error_rows(_mine(snapshot.events, facts.name), scene.standing.zone)),
        alarmed=now.broken is not None or now.ledger_fault is not None or now.halted is not None,
        health=health(snapshot, pipeline),
        hosts=hosts(snapshot.workers, snapshot.worker),
        latest=latest(snapshot, facts.name, scene.standing),
        pipelines=rows,
    )


def _status(
    scene: Scene, snapshot: Snapshot | None, pipeline: PipelineView | None, now: Situation
) -> StatusView:
    facts, count = scene.facts[scene.index], len(scene.facts)
    state: str = "stopped" if now.broken is not None else EngineState.STARTING
    if pipeline is not None and snapshot is not None:
        state = _state(snapshot, pipeline, now)
    working = state == EngineState.RUNNING
    resting = state == EngineState.IDLE
    return StatusView(
        pipeline=clean(facts.name),
        collection=clean(facts.collection),
        position=f"{scene.index + 1}/{count}" if count > 1 else None,
        state=_watching(scene.standing) or state if state == EngineState.IDLE else state,
        tone=TONES.get(state, "muted"),
        workers=None if pipeline is None else pipeline.workers,
        rate=pipeline.rate if pipeline is not None and working else None,
        next_run=(
            at_minute(pipeline.next_run + scene.standing.offset, scene.standing.zone)
            if resting and pipeline is not None and pipeline.next_run is not None
            else None
        ),
    )


def _watching(standing: Standing) -> str | None:
    return "read-only" if standing.read_only else "attached" if standing.attached else None


def _state(snapshot: Snapshot, pipeline: PipelineView, now: Situation) -> str:
    if now.broken is not None:
        return "stopped"
    if now.draining:
        return EngineState.DRAINING
    if now.ledger_fault is not None:
        return "ledger away"
    if now.halted is not None and not now.paused:
        return "stopped"
    if now.paused:
        return EngineState.PAUSED
    return held_up(pipeline)


def _backlog(pipeline: PipelineView, history: tuple[float, ...], *, stale: bool) -> BacklogView:
    counts, progress = pipeline.counts, pipeline.progress
    planning = pipeline.state is EngineState.PLANNING
    return BacklogView(
        known=counts is not None,
        stale=stale,
        pending=0 if counts is None else counts.pending - counts.retrying,
        retrying=0 if counts is None else counts.retrying,
        failed=0 if counts is None else counts.failed,
        synced=0 if counts is None else counts.synced,
        total=0 if counts is None else counts.total,
        oldest="" if counts is None or counts.oldest_age is None else age(counts.oldest_age),
        wanted=None if progress is None else progress.found,
        done=0 if progress is None else progress.done,
        scanned=progress.scanned if progress is not None and planning else None,
        rate=pipeline.rate,
        history=history,
    )


def _in_flight(snapshot: Snapshot, pipeline: str, *, stale: bool) -> InFlightView:
    mine = [batch for batch in snapshot.in_flight if batch.pipeline == pipeline]
    # A line a worker, which stays where it is: batches come and go several times a second.
    mine.sort(key=lambda batch: (batch.worker != snapshot.worker, batch.worker, batch.slot, batch.token))
    return InFlightView(
        rows=tuple(_batch(batch, snapshot.worker) for batch in mine),
        items=sum(batch.items for batch in mine),
        hosts=len({_host(batch.worker) for batch in mine}),
        paused=snapshot.state is EngineState.PAUSED,
        stale=stale,
    )


def _batch(batch: BatchInFlight, worker: str) -> BatchRow:
    return BatchRow(
        token=batch.token,
        stage="expired" if batch.expired else clean(batch.stage),
        items=batch.items,
        age=brief(batch.age),
        where="here" if batch.worker == worker else _host(batch.worker),
        slot=batch.slot,
        attempt=batch.attempt,
        expired=batch.expired,
    )


def _host(worker: str) -> str:
    """The host in a worker's id (`host:pid`)."""
    return clean(worker.partition(":")[0])


def _watches(scene: Scene) -> bool:
    return scene.standing.attached or scene.standing.read_only


def _collection(seen: CollectionSeen | None, standing: Standing, *, private: bool) -> CollectionView:
    if seen is None:
        return CollectionView(private=private)
    fault = None if seen.fault is None else clean(seen.fault)
    as_of = at_time(seen.at + standing.offset, standing.zone) if fault else ""
    state = seen.state
    if state is None:
        return CollectionView(asked=True, exists=None if fault else False, fault=fault, as_of=as_of)
    return CollectionView(
        asked=True,
        exists=True,
        status=clean(state.status),
        points=state.points,
        indexed=state.indexed_vectors,
        segments=state.segments,
        queue=state.queue,
        disk="" if state.disk_bytes is None else size(state.disk_bytes),
        vectors=tuple(
            f"{clean(name) + ' ' if name else ''}{spec.words}" for name, spec in state.vectors.items()
        ),
        indexes=tuple(f"{clean(path)} {clean(kind)}" for path, kind in state.indexes.items()),
        differences=tuple(clean(line) for line in seen.differences),
        blocking=seen.blocking,
        warnings=tuple(clean(line) for line in state.complaints),
        fault=fault,
        as_of=as_of,
    )


def _with_drift(view: CollectionView, last: AuditRecord | None, now: float) -> CollectionView:
    if last is None:
        return view
    drift = drift_of(last, now)
    note = drift.ago if drift.value != "-" else f"{drift.ago}: {drift.note}"
    return replace(view, drift=drift.value, drift_note=note, drift_tone=drift.tone)


def _mine(events: Sequence[Event], pipeline: str) -> list[Event]:
    return [event for event in events if event.level != "info" and event.pipeline in (None, pipeline)]


def error_rows(events: Iterable[Event], zone: tzinfo | None) -> tuple[ErrorRow, ...]:
    """A row each, but one for many with the same cause in a row: a thousand time-outs are one story."""
    rows: list[ErrorRow] = []
    for event in events:
        row = ErrorRow(
            time=at_time(event.at, zone),
            kind=clean(event.kind),
            key=None if event.key is None else clean(event.key),
            message=clean(event.message),
            count=1,
            grave=event.level == "error",
        )
        if rows and _cause(rows[-1]) == _cause(row):
            row = replace(row, count=rows.pop().count + 1)
        rows.append(row)
    return tuple(rows)


def _cause(row: ErrorRow) -> tuple[str, str, bool]:
    return row.kind, row.message, row.grave
