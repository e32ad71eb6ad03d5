"""A pipeline as JSON, for the ledger to keep, and back; times in seconds since 1970 by our clock.

What a picture lacks, because another version has taken it, is unknown when it is read: None, never a zero.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar, cast

from embedconsole.items import CollectionState, VectorSpec
from embedconsole.ledger.records.items import Counts
from embedconsole.ledger.records.processes import Process
from embedconsole.ledger.records.work import BatchInFlight
from embedconsole.ledger.state import State
from embedconsole.sync.observe.process_status import dependencies_of
from embedconsole.sync.observe.snapshot import CollectionSeen, EngineState, PipelineView
from embedconsole.sync.resilience.gate import GateHealth, GateState
from embedconsole.sync.shared.control import Pause
from embedconsole.sync.shared.report import Outcome, PipelineReport, Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.items import JsonObject
    from embedconsole.sync.observe.snapshot import Snapshot

R = TypeVar("R")
E = TypeVar("E", bound=StrEnum)

BATCHES_IN_PICTURE = 100
PROCESSES_IN_PICTURE = 10


@dataclass(frozen=True, slots=True)
class RecordedSnapshot:
    """A recorded snapshot: the pipeline, and the facts about the whole that were recorded with it.

    Attributes:
        run: The run of the process that took it.
        in_flight: At most `BATCHES_IN_PICTURE` of the `batches` that there were.
        processes: At most `PROCESSES_IN_PICTURE`; of their pipelines they tell only of this one.
    """

    view: PipelineView
    counted_at: float | None = None
    run: int | None = None
    batches: int | None = None
    in_flight: tuple[BatchInFlight, ...] = ()
    next_run: float | None = None
    pause: Pause | None = None
    processes: tuple[Process, ...] = ()


def picture_of(view: PipelineView, snapshot: Snapshot) -> JsonObject:
    """The snapshot of a pipeline, JSON-ready."""
    epoch = time.time() - snapshot.taken_at
    flying = [batch for batch in snapshot.in_flight if batch.pipeline == view.name]
    last, pause = view.last_report, snapshot.pause
    return {
        "state": str(view.state),
        "counts": None if view.counts is None else asdict(view.counts),
        "counted_at": None if snapshot.counted_at is None else snapshot.counted_at + epoch,
        "rate": view.rate,
        "eta": view.eta,
        "workers": view.workers,
        "progress": None if view.progress is None else asdict(view.progress),
        "last_report": None if last is None else {"outcome": str(last.outcome), "message": last.message},
        "batches": len(flying),
        "in_flight": [
            {**asdict(batch), "work": batch.work.name.lower()} for batch in flying[:BATCHES_IN_PICTURE]
        ],
        "dependencies": [asdict(one) for one in dependencies_of(view.dependencies, epoch)],
        "collection": None if view.seen is None else _collection(view.seen, epoch),
        "run": view.run,
        "next_run": None if view.next_run is None else view.next_run + epoch,
        "paused_since": None if pause is None else pause.since,
        "paused_by": None if pause is None else pause.by,
        "processes": [_process(one, view.name) for one in snapshot.workers[:PROCESSES_IN_PICTURE]],
    }


def _collection(seen: CollectionSeen, epoch: float) -> JsonObject:
    return {
        "at": seen.at + epoch,
        "state": None if seen.state is None else asdict(seen.state),
        "differences": list(seen.differences),
        "blocking": seen.blocking,
        "fault": seen.fault,
    }


def _process(worker: Process, pipeline: str) -> JsonObject:
    told = asdict(worker)
    if told["status"] is not None:
        theirs = told["status"].get("pipelines", ())
        told["status"]["pipelines"] = [one for one in theirs if one.get("name") == pipeline]
    return told


def read_picture(picture: Mapping[str, Any], pipeline: str, collection: str, at: float) -> RecordedSnapshot:
    """A picture that was taken at a moment, as far as this version knows the words.

    Args:
        collection: The pipeline's collection, which is of the configuration.
    """
    since = picture.get("paused_since")
    return RecordedSnapshot(
        view=PipelineView(
            name=pipeline,
            collection=collection,
            state=_word(EngineState, picture.get("state"), EngineState.IDLE),
            workers=picture.get("workers") or 0,
            progress=_read(Progress, picture.get("progress")),
            counts=_read(Counts, picture.get("counts")),
            rate=picture.get("rate"),
            eta=picture.get("eta"),
            dependencies=tuple(_health(one) for one in picture.get("dependencies") or ()),
            last_report=_report(picture.get("last_report")),
            seen=_seen(picture.get("collection"), at),
            run=picture.get("run"),
            next_run=picture.get("next_run"),
        ),
        counted_at=picture.get("counted_at"),
        run=picture.get("run"),
        batches=picture.get("batches"),
        in_flight=tuple(_batch(one) for one in picture.get("in_flight") or ()),
        next_run=picture.get("next_run"),
        pause=None if since is None else Pause(since, picture.get("paused_by") or ""),
        processes=tuple(
            worker for one in picture.get("processes") or () if (worker := _read(Process, one)) is not None
        ),
    )


def _word(words: type[E], word: object, otherwise: E) -> E:
    return next((one for one in words if one.value == word), otherwise)


def _report(told: Mapping[str, Any] | None) -> PipelineReport | None:
    if told is None:
        return None
    return PipelineReport(
        outcome=_word(Outcome, told.get("outcome"), Outcome.OK), message=told.get("message")
    )


def _health(told: Mapping[str, Any]) -> GateHealth:
    return GateHealth(
        name=str(told.get("name", "")),
        state=_word(GateState, told.get("state"), GateState.CLOSED),
        since=told.get("since", 0.0),
        until=told.get("until"),
        fault=told.get("fault"),
    )


def _batch(told: Mapping[str, Any]) -> BatchInFlight:
    work = State[str(told["work"]).upper()]
    return cast("BatchInFlight", _read(BatchInFlight, {**told, "work": work}))


def _seen(told: Mapping[str, Any] | None, at: float) -> CollectionSeen | None:
    if told is None:
        return None
    state = told.get("state")
    if state is not None:
        vectors = {name: VectorSpec(**spec) for name, spec in state["vectors"].items()}
        state = {**state, "vectors": vectors, "warnings": tuple(state.get("warnings", ()))}
    return CollectionSeen(
        at=told.get("at") or at,
        state=_read(CollectionState, state),
        differences=tuple(told.get("differences") or ()),
        blocking=bool(told.get("blocking")),
        fault=told.get("fault"),
    )


def _read(record: type[R], told: Mapping[str, Any] | None) -> R | None:
    """The record without the words that this version does not know; None where there is none."""
    if told is None:
        return None
    known = {one.name for one in fields(cast("Any", record))}
    return record(**{name: value for name, value in told.items() if name in known})
