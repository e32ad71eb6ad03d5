"""History of runs: what each did and cost, how it ended, and its warnings and errors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import anyio.to_thread

from embedconsole.ledger.hosts.history import KEEP_RUNS
from embedconsole.sync.shared.report import Outcome, PipelineReport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.history import Event, RunRecord
    from embedconsole.ledger.records.processes import Process
    from embedconsole.sync.run.engine import Engine


_EVENTS = 500
_SILENT_FOR = 600.0
"""Seconds after which a process that is not heard of no longer counts as running anything."""


class NoOutcome(StrEnum):
    """The states of a run, in addition to the outcomes."""

    RUNNING = "running"
    LOST = "lost"


_WORDS = {NoOutcome.RUNNING: "running", NoOutcome.LOST: "killed"}


@dataclass(frozen=True, slots=True)
class RunPart:
    """The work of a run in one pipeline."""

    pipeline: str
    report: PipelineReport


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run of any process; times in seconds, moments since 1970.

    Attributes:
        version: Of the program that ran it; empty when that is not known any more.
        seconds: How long it took; None as long as it has not ended.
        standing: How it ended or that it has not; a run is lost when its process is gone without a word.
        parts: A pipeline each; none before it has ended.
    """

    id: int
    kind: str
    worker: str
    version: str
    began: float
    seconds: float | None
    standing: Outcome | NoOutcome
    parts: tuple[RunPart, ...] = ()

    @property
    def host(self) -> str:
        """The host it ran on, from the worker's id."""
        return self.worker.partition(":")[0]

    @property
    def words(self) -> str:
        """How it ended, in two or three words."""
        if isinstance(self.standing, Outcome):
            return self.standing.words(self.failed)
        return _WORDS[self.standing]

    @property
    def cost(self) -> float | None:
        """The cost over all pipelines that have a price; None when none has."""
        known = [part.report.cost for part in self.parts if part.report.cost is not None]
        return sum(known) if known else None

    @property
    def failed(self) -> int:
        """Items that had failed at its end."""
        return sum(part.report.failed for part in self.parts)

    @property
    def embedded(self) -> int:
        """Items embedded, in all pipelines."""
        return sum(part.report.embedded for part in self.parts)

    @property
    def payload_updated(self) -> int:
        """Items whose payload alone was written."""
        return sum(part.report.payload_updated for part in self.parts)

    @property
    def deleted(self) -> int:
        """Items deleted."""
        return sum(part.report.deleted for part in self.parts)

    @property
    def retrying(self) -> int:
        """Items that waited for their next attempt at its end."""
        return sum(part.report.retrying for part in self.parts)


@dataclass(frozen=True, slots=True)
class RunInDetail:
    """A run and the warnings and errors of its pipelines during it, oldest first."""

    run: PastRun
    events: tuple[Event, ...]


async def recent_runs(engine: Engine, *, limit: int, before: int | None = None) -> tuple[PastRun, ...]:
    """The latest runs of an engine's pipelines, newest first."""
    look = partial(past_runs, engine.ledger, limit=limit, before=before)
    return await anyio.to_thread.run_sync(look)


async def run_detail(engine: Engine, number: int) -> RunInDetail | None:
    """One run in full; None when it is not kept."""
    return await anyio.to_thread.run_sync(run_in_detail, engine.ledger, number)


async def older_events(engine: Engine, *, before: int | None, limit: int) -> tuple[Event, ...]:
    """The latest events with a number below `before`, or the latest of all; oldest first."""
    read = partial(engine.ledger.history.events, before=before, limit=limit)
    return tuple(await anyio.to_thread.run_sync(read))


async def newer_events(engine: Engine, *, after: int, limit: int) -> tuple[Event, ...]:
    """The latest events with a number above `after`, oldest first."""
    read = partial(engine.ledger.history.events, after=after, limit=limit)
    return tuple(await anyio.to_thread.run_sync(read))


def past_runs(ledger: Ledger, *, limit: int = KEEP_RUNS, before: int | None = None) -> tuple[PastRun, ...]:
    """The runs of all processes, newest first; with `before` those older than the run of that number."""
    workers = ledger.processes.workers()
    return tuple(_past(run, workers) for run in ledger.history.runs(limit, before=before))


def run_in_detail(ledger: Ledger, number: int) -> RunInDetail | None:
    """One run; None when there is none of that number, or it was pruned."""
    record = ledger.history.run(number)
    if record is None:
        return None
    run = _past(record, ledger.processes.workers())
    end = record.started_at + 86_400 if record.ended_at is None else record.ended_at + 0.001
    names = {None, *(part.pipeline for part in run.parts)}
    events = ledger.history.events_between(record.started_at, end, limit=_EVENTS)
    return RunInDetail(
        run,
        tuple(
            event for event in events if event.level != "info" and (not run.parts or event.pipeline in names)
        ),
    )


def _past(run: RunRecord, workers: Sequence[Process]) -> PastRun:
    present = next((worker for worker in workers if worker.id == run.worker), None)
    report = run.report or {}
    version = report.get("version")
    return PastRun(
        id=run.id,
        kind=run.kind,
        worker=run.worker,
        version=str(version or ("" if present is None else present.version)),
        began=run.started_at,
        seconds=None if run.ended_at is None else max(0.0, run.ended_at - run.started_at),
        standing=_standing(run, present),
        parts=_parts(report),
    )


def _standing(run: RunRecord, present: Process | None) -> Outcome | NoOutcome:
    if run.outcome in tuple(Outcome):
        return Outcome(run.outcome)
    there = present is not None and present.silent_for < _SILENT_FOR
    return NoOutcome.RUNNING if there and run.ended_at is None else NoOutcome.LOST


def _parts(report: Mapping[str, object]) -> tuple[RunPart, ...]:
    """A report is JSON that some version of us has written: what it lacks counts as nothing."""
    pipelines, messages = report.get("pipelines"), report.get("messages")
    if not isinstance(pipelines, dict):
        return ()
    told = messages if isinstance(messages, dict) else {}
    costs = report.get("cost")
    noted = costs if isinstance(costs, dict) else {}
    return tuple(
        RunPart(name, _report(figures, told.get(name), noted.get(name)))
        for name, figures in pipelines.items()
        if isinstance(figures, dict)
    )


def _report(figures: Mapping[str, object], message: object, cost: object) -> PipelineReport:
    seconds = figures.get("seconds")
    return PipelineReport(
        scanned=_count(figures, "scanned"),
        embedded=_count(figures, "embedded"),
        payload_updated=_count(figures, "payload_updated"),
        deleted=_count(figures, "deleted"),
        unchanged=_count(figures, "unchanged"),
        retrying=_count(figures, "retrying"),
        failed=_count(figures, "failed"),
        pending=_count(figures, "pending"),
        embed_requests=_count(figures, "embed_requests"),
        embed_items=_count(figures, "embed_items"),
        seconds=float(seconds) if isinstance(seconds, (int, float)) else 0.0,
        cost=float(cost) if isinstance(cost, (int, float)) else None,
        message=None if message is None else str(message),
    )


def _count(figures: Mapping[str, object], name: str) -> int:
    value = figures.get(name)
    return value if isinstance(value, int) else 0


Figure: TypeAlias = "int | float | str | None"


@dataclass(frozen=True, slots=True)
class DifferingFigure:
    """A figure of a pipeline that is not the same in both; None where the pipeline took no part."""

    pipeline: str
    figure: str
    first: Figure
    second: Figure


@dataclass(frozen=True, slots=True)
class TwoRuns:
    """Two runs.

    Attributes:
        differing: What differs in their figures, by pipeline.
        only_first, only_second: Pipeline and key of items that failed an attempt in that run alone, as far as
            its events are kept.
    """

    first: PastRun
    second: PastRun
    differing: tuple[DifferingFigure, ...]
    only_first: tuple[tuple[str, str], ...]
    only_second: tuple[tuple[str, str], ...]


def two_runs(ledger: Ledger, first: int, second: int) -> TwoRuns | int:
    """Two runs side by side; the number of the first that there is none of, or no longer."""
    one, other = run_in_detail(ledger, first), run_in_detail(ledger, second)
    if one is None:
        return first
    if other is None:
        return second
    failed, failed_too = _failed(one), _failed(other)
    return TwoRuns(
        one.run,
        other.run,
        differing=tuple(_differing(one.run, other.run)),
        only_first=tuple(sorted(failed - failed_too)),
        only_second=tuple(sorted(failed_too - failed)),
    )


def _failed(seen: RunInDetail) -> set[tuple[str, str]]:
    return {(event.pipeline or "", event.key) for event in seen.events if event.key is not None}


def _differing(one: PastRun, other: PastRun) -> list[DifferingFigure]:
    left, right = ({part.pipeline: part.report for part in run.parts} for run in (one, other))
    found = []
    for name in dict.fromkeys([*left, *right]):
        before, after = _figures(left.get(name)), _figures(right.get(name))
        found += [
            DifferingFigure(name, figure, before.get(figure), after.get(figure))
            for figure in dict.fromkeys([*before, *after])
            if before.get(figure) != after.get(figure)
        ]
    return found


def _figures(report: PipelineReport | None) -> dict[str, Figure]:
    if report is None:
        return {}
    figures: dict[str, Figure] = {
        name: value for name, value in report.as_json().items() if isinstance(value, (int, float))
    }
    return {**figures, "cost": report.cost, "message": report.message}
