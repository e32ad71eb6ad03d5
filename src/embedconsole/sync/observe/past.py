"""A past moment: how it is asked for, and the snapshot of it, read from the ledger's samples and history."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.sync.observe.other_processes import with_others
from embedconsole.sync.observe.snapshot import EngineState, PipelineView, Snapshot
from embedconsole.sync.observe.snapshot_json import read_picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from embedconsole.ledger.hosts.samples import Samples
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.history import Pictured, RunRecord, Throughput
    from embedconsole.ledger.records.processes import Process
    from embedconsole.sync.observe.snapshot_json import RecordedSnapshot
    from embedconsole.sync.run.engine import Engine


SECONDS = 86_400
STEP = 900
"""Seconds in a step; an hour's begin is a step's begin in every time zone."""


@dataclass(frozen=True, slots=True)
class PastDay:
    """The steps in which anything was done, oldest first, up to `until` (seconds since 1970)."""

    until: float
    steps: tuple[Throughput, ...]


async def past_day(engine: Engine, pipeline: str) -> PastDay:
    """Ask the ledger.

    Raises:
        Fault: it does not answer.
    """
    look = partial(engine.ledger.samples.throughput, pipeline, seconds=SECONDS, step=STEP)
    steps = await anyio.to_thread.run_sync(look)
    return PastDay(time.time(), tuple(steps))


TREND = 600.0
TREND_STEP = 30.0
"""Seconds before the moment for which the throughput is shown, and the steps: twice what a sample covers."""


@dataclass(frozen=True, slots=True)
class Seek:
    """The moment to show, in seconds since 1970.

    The latest one that is kept up to `until`; when that is not beyond `beyond`, the first one beyond.
    """

    until: float
    beyond: float = 0.0


@dataclass(frozen=True, slots=True)
class Replayed:
    """A past moment.

    Attributes:
        at: When it was, in seconds since 1970 by the database's clock.
        pipeline: Whose pictures were gone by.
        snapshot: All its times are in seconds since 1970. A pipeline without a picture of about that moment
            has nothing known of it; of very many batches only the first are there.
        batches: Pipeline to how many batches there were.
        trend: What was done in the steps before the moment, oldest first; empty steps left out.
    """

    at: float
    pipeline: str
    snapshot: Snapshot
    batches: Mapping[str, int]
    trend: tuple[Throughput, ...] = ()

    @property
    def known(self) -> bool:
        """Whether it was counted then."""
        return any(view.name == self.pipeline and view.counts is not None for view in self.snapshot.pipelines)


async def look_back(engine: Engine, *, pipeline: str, seek: Seek) -> Replayed | None:
    """As `replayed`, for the pipelines of an engine.

    Raises:
        Fault: the ledger does not answer.
    """
    collections = {components.pipeline.name: components.target for components in engine.all_components}
    return await anyio.to_thread.run_sync(partial(replayed, engine.ledger, collections, pipeline, seek))


EVENTS = 500
_RUNS = 20

_TOO_OLD = 900.0
"""Seconds after which a picture says nothing of the moment any more: at rest one is taken every 300."""


def replayed(ledger: Ledger, collections: Mapping[str, str], pipeline: str, seek: Seek) -> Replayed | None:
    """The moment that is sought among the pictures of a pipeline; None when none is kept there.

    Args:
        collections: Pipeline to its collection in words, in the order in which they are shown.

    Raises:
        Fault: the ledger does not answer.
    """
    found = _found(ledger.samples, pipeline, seek)
    if found is None:
        return None
    at = found.at
    pictures = {}
    for name, collection in collections.items():
        one = found if name == pipeline else ledger.samples.picture_at(name, at)
        if one is not None and at - one.at <= _TOO_OLD:
            pictures[name] = read_picture(one.picture, name, collection, one.at)
    shown = pictures[pipeline]
    snapshot = Snapshot(
        taken_at=at,
        state=EngineState.PAUSED if shown.pause is not None else shown.view.state,
        run=shown.run,
        pipelines=tuple(
            pictures[name].view if name in pictures else _unknown(name, collection)
            for name, collection in collections.items()
        ),
        in_flight=tuple(batch for one in pictures.values() for batch in one.in_flight),
        counted_at=shown.counted_at or at,
        next_run=shown.next_run,
        # A millisecond is the ledger's unit; what happened in that of the picture belongs to it.
        events=tuple(ledger.history.events_between(0.0, at + 0.001, limit=EVENTS)),
        runs=tuple(_as_of(at, run) for run in ledger.history.runs_begun(at, limit=_RUNS)),
        workers=_processes(pictures.values()),
        worker=found.worker,
        pause=shown.pause,
    )
    trend = ledger.samples.throughput(pipeline, seconds=TREND, step=TREND_STEP, until=at)
    return Replayed(
        at,
        pipeline,
        # In the past no process is "here", not even the one that took the picture.
        replace(with_others(snapshot, 0.0), worker=""),
        {name: len(one.in_flight) if one.batches is None else one.batches for name, one in pictures.items()},
        tuple(trend),
    )


def _as_of(at: float, run: RunRecord) -> RunRecord:
    """The run as it stood: what came of it was not known before it ended."""
    if run.ended_at is None or run.ended_at <= at:
        return run
    return replace(run, ended_at=None, outcome=None, report=None)


def _found(samples: Samples, pipeline: str, seek: Seek) -> Pictured | None:
    latest = samples.picture_at(pipeline, seek.until)
    if latest is not None and latest.at > seek.beyond:
        return latest
    return samples.picture_after(pipeline, seek.beyond)


def _unknown(name: str, collection: str) -> PipelineView:
    return PipelineView(name, collection, EngineState.IDLE, 0, None, None, None, None)


def _processes(pictures: Iterable[RecordedSnapshot]) -> tuple[Process, ...]:
    """Each process once; of each pipeline it tells in another picture."""
    found: dict[str, list[Process]] = {}
    for picture in pictures:
        for process in picture.processes:
            found.setdefault(process.id, []).append(process)
    return tuple(_joined(same) for same in found.values())


def _joined(same: Sequence[Process]) -> Process:
    first = same[0]
    if first.status is None:
        return first
    parts = [part for one in same for part in _parts(one)]
    return replace(first, status={**first.status, "pipelines": parts})


def _parts(process: Process) -> Sequence[object]:
    parts = (process.status or {}).get("pipelines")
    return parts if isinstance(parts, list) else ()
