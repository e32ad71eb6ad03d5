"""From runs that were looked up to what the runs screen shows of them: pure functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.console.telling import error_rows
from embedconsole.console.text import clean
from embedconsole.console.words import age, at_day, counted, lately, money, rate, span_of, took
from embedconsole.sync.observe.run_history import Ending
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from embedconsole.console.screens.dashboard_model import ErrorRow
    from embedconsole.console.text import Tone
    from embedconsole.sync.observe.run_history import PastRun, RunInDetail, RunPart
    from embedconsole.sync.observe.snapshot import Snapshot
    from embedconsole.sync.shared.report import Progress

_TONES: Mapping[Outcome | Ending, Tone] = {
    Ending.RUNNING: "work",
    Ending.LOST: "wait",
    Outcome.PARTIAL: "wait",
    Outcome.INTERRUPTED: "wait",
    Outcome.ABORTED: "alert",
}


@dataclass(frozen=True, slots=True)
class Present:
    """The moment that runs are looked at from.

    Attributes:
        now: Seconds since 1970.
        runs: The number of each run that takes place now to what it has done in its pipelines so far.
    """

    now: float
    zone: tzinfo | None
    runs: Mapping[int, Sequence[Progress]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in a list; counts of None are not known before its end."""

    number: int
    kind: str
    began: str
    at: str
    took: str
    embedded: int | None
    payload: int | None
    deleted: int | None
    failed: int | None
    cost: str
    words: str
    tone: Tone
    host: str


@dataclass(frozen=True, slots=True)
class PartView:
    """A run in one pipeline: label and count pairs, what was asked of the embedders, and why it stopped."""

    pipeline: str
    counts: tuple[tuple[str, int], ...]
    pace: str
    message: str


@dataclass(frozen=True, slots=True)
class RunView:
    """A run in full; `facts` are label and text pairs."""

    number: int
    words: str
    tone: Tone
    facts: tuple[tuple[str, str], ...]
    parts: tuple[PartView, ...]
    errors: tuple[ErrorRow, ...]
    running: bool


def present(snapshot: Snapshot | None, offset: float, zone: tzinfo | None) -> Present:
    """The moment of a snapshot; `offset` takes its clock to the time since 1970."""
    if snapshot is None:
        return Present(0.0, zone)
    runs: dict[int, list[Progress]] = {}
    for view in snapshot.pipelines:
        if view.run is not None and view.progress is not None:
            runs.setdefault(view.run, []).append(view.progress)
    return Present(snapshot.taken_at + offset, zone, runs)


def newest_first(runs: Sequence[PastRun]) -> list[PastRun]:
    """Those that are going on above those that are over."""
    return sorted(runs, key=lambda run: (run.standing is not Ending.RUNNING, -run.id))


def matching(runs: Sequence[PastRun], text: str) -> list[PastRun]:
    """The runs that have every word of the text in number, kind, outcome, host, pipeline or message."""
    words = text.lower().split()
    return [run for run in runs if all(word in _searched(run) for word in words)]


def _searched(run: PastRun) -> str:
    told = (f"{part.pipeline} {part.report.message or ''}" for part in run.parts)
    failed = "failed" if run.failed else ""
    return " ".join((f"#{run.id}", run.kind, run.words, run.worker, failed, *told)).lower()


def run_row(run: PastRun, seen: Present) -> RunRow:
    """The run as a row; what goes on here has counts already."""
    counts: tuple[int | None, ...] = (None,) * 4
    words = run.words
    if run.parts:
        counts = (run.embedded, run.payload_updated, run.deleted, run.failed)
    elif _goes_on_here(run, seen):
        progress = seen.runs[run.id]
        counts = _so_far(progress)
        words = f"{words} {_share(progress)}".rstrip()
    return RunRow(
        number=run.id,
        kind=clean(run.kind),
        began=lately(run.began, seen.now, seen.zone),
        at=at_day(run.began, seen.zone),
        took=_took(run, seen),
        embedded=counts[0],
        payload=counts[1],
        deleted=counts[2],
        failed=counts[3],
        cost="" if run.cost is None else money(run.cost),
        words=words,
        tone=_TONES.get(run.standing, "plain"),
        host=clean(run.host),
    )


def _goes_on_here(run: PastRun, seen: Present) -> bool:
    return run.id in seen.runs and run.standing is Ending.RUNNING


def _so_far(progress: Sequence[Progress]) -> tuple[int, int, int, int]:
    return (
        sum(one.embedded for one in progress),
        sum(one.payload_updated for one in progress),
        sum(one.deleted for one in progress),
        sum(one.newly_failed for one in progress),
    )


def _share(progress: Sequence[Progress]) -> str:
    found, done = sum(one.found for one in progress), sum(one.done for one in progress)
    return f"{done * 100 // found} %" if found else ""


def _took(run: PastRun, seen: Present) -> str:
    if run.seconds is not None:
        return took(run.seconds)
    return took(max(0.0, seen.now - run.began)) if run.standing is Ending.RUNNING else ""


def run_view(detail: RunInDetail, seen: Present) -> RunView:
    """The run in full."""
    run = detail.run
    row = run_row(run, seen)
    parts = tuple(_part(part) for part in run.parts)
    if _goes_on_here(run, seen):
        names = ("embedded", "payload updated", "deleted", "failed")
        so_far = tuple(zip(names, _so_far(seen.runs[run.id]), strict=True))
        parts = (PartView("so far", so_far, "", ""),)
    facts = [
        ("kind", row.kind),
        ("began", f"{row.at}, {age(seen.now - run.began)} ago"),
        ("took", "" if run.seconds is None else span_of(run.seconds) if run.seconds >= 60 else row.took),
        ("cost", row.cost),
        ("by", clean(f"{run.worker}{f', embedconsole {run.version}' if run.version else ''}")),
    ]
    return RunView(
        number=run.id,
        words=row.words,
        tone=row.tone,
        facts=tuple((label, text) for label, text in facts if text),
        parts=parts,
        errors=error_rows(detail.events, seen.zone),
        running=run.standing is Ending.RUNNING,
    )


def _part(part: RunPart) -> PartView:
    report = part.report
    pace = ""
    if report.embed_requests:
        pace = f"{report.embed_items:,} embedded in {counted(report.embed_requests, 'request')}"
        if report.seconds:
            pace += f", {rate(report.embed_items / report.seconds)}"
            pace += f", {report.embed_requests / report.seconds:,.1f} requests/s"
        pace += "" if report.cost is None else f", cost {money(report.cost)}"
    return PartView(
        pipeline=clean(part.pipeline),
        counts=(
            ("scanned", report.scanned),
            ("unchanged", report.unchanged),
            ("embedded", report.embedded),
            ("payload updated", report.payload_updated),
            ("deleted", report.deleted),
            ("failed", report.failed),
            ("retrying", report.retrying),
            ("pending", report.pending),
        ),
        pace=pace,
        message=clean(report.message or ""),
    )
