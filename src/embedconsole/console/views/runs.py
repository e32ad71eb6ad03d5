"""From runs that were looked up to what the runs screen shows of them: pure functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.console.text import (
    BLANK,
    Span,
    age,
    at_day,
    clean,
    counted,
    lately,
    left,
    money,
    number,
    rate,
    right,
    span_of,
    took,
    wrapped,
)
from embedconsole.console.views.dashboard import error_rows
from embedconsole.console.views.dashboard_panels import error_lines
from embedconsole.console.views.model import ErrorsView
from embedconsole.sync.observe.run_history import NoOutcome
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import tzinfo

    from embedconsole.console.text import Line, Tone
    from embedconsole.console.views.model import ErrorRow
    from embedconsole.sync.observe.run_history import PastRun, RunInDetail, RunPart
    from embedconsole.sync.observe.snapshot import Snapshot
    from embedconsole.sync.shared.report import Progress


_TONES: Mapping[Outcome | NoOutcome, Tone] = {
    NoOutcome.RUNNING: "work",
    NoOutcome.LOST: "wait",
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
    """Those that are running above those that have ended."""
    return sorted(runs, key=lambda run: (run.standing is not NoOutcome.RUNNING, -run.id))


def matching(runs: Sequence[PastRun], text: str) -> list[PastRun]:
    """The runs that have every word of the text in number, kind, outcome, host, pipeline or message."""
    words = text.lower().split()
    return [run for run in runs if all(word in _searched(run) for word in words)]


def _searched(run: PastRun) -> str:
    told = (f"{part.pipeline} {part.report.message or ''}" for part in run.parts)
    failed = "failed" if run.failed else ""
    return " ".join((f"#{run.id}", run.kind, run.words, run.worker, failed, *told)).lower()


def run_row(run: PastRun, seen: Present) -> RunRow:
    """The run as a row; one that is running here has counts already."""
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
    return run.id in seen.runs and run.standing is NoOutcome.RUNNING


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
    return took(max(0.0, seen.now - run.began)) if run.standing is NoOutcome.RUNNING else ""


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
        running=run.standing is NoOutcome.RUNNING,
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


_LABEL = 7
_COUNT = 24


@dataclass(frozen=True, slots=True)
class RunColumn:
    """A column of the list.

    Attributes:
        rank: The lower, the longer it stays when the list gets narrow.
    """

    title: str
    cells: int
    text_of: Callable[[RunRow], str]
    tone_of: Callable[[RunRow], Tone]
    to_right: bool = False
    rank: int = 0


def _count(value: int | None) -> str:
    return "" if value is None else number(value)


def _some(value: int | None, tone: Tone) -> Tone:
    return tone if value else "muted"


_COLUMNS = (
    RunColumn("run", 5, lambda row: str(row.number), lambda row: "muted", to_right=True),
    RunColumn("kind", 7, lambda row: row.kind, lambda row: "plain"),
    RunColumn("began", 7, lambda row: row.began, lambda row: "plain", to_right=True),
    RunColumn("at", 15, lambda row: row.at, lambda row: "muted", rank=4),
    RunColumn("took", 5, lambda row: row.took, lambda row: "plain", to_right=True),
    RunColumn(
        "embedded",
        8,
        lambda row: _count(row.embedded),
        lambda row: _some(row.embedded, "plain"),
        to_right=True,
    ),
    RunColumn(
        "payload",
        7,
        lambda row: _count(row.payload),
        lambda row: _some(row.payload, "plain"),
        to_right=True,
        rank=1,
    ),
    RunColumn(
        "deleted",
        7,
        lambda row: _count(row.deleted),
        lambda row: _some(row.deleted, "plain"),
        to_right=True,
        rank=1,
    ),
    RunColumn(
        "failed", 6, lambda row: _count(row.failed), lambda row: _some(row.failed, "alert"), to_right=True
    ),
    RunColumn(
        "cost",
        6,
        lambda row: row.cost,
        lambda row: "plain" if row.embedded else "muted",
        to_right=True,
        rank=2,
    ),
    RunColumn("outcome", 12, lambda row: row.words, lambda row: row.tone),
    RunColumn("host", 12, lambda row: row.host, lambda row: "muted", rank=3),
)


def run_columns(cells: int, *, priced: bool) -> Line:
    """The titles."""
    columns, gap = _fitting(cells - 1, priced=priced)
    titles = (right(one.title, one.cells) if one.to_right else left(one.title, one.cells) for one in columns)
    return (Span(" " + gap.join(titles).rstrip(), "muted"),)


def run_line(row: RunRow, cells: int, *, priced: bool) -> Line:
    """A run."""
    columns, gap = _fitting(cells, priced=priced)
    spans: list[Span] = []
    for column in columns:
        text = column.text_of(row)
        shown = right(text, column.cells) if column.to_right else left(text, column.cells)
        spans.append(Span(f"{gap if spans else ''}{shown}", column.tone_of(row)))
    return tuple(spans)


def _fitting(cells: int, *, priced: bool) -> tuple[Sequence[RunColumn], str]:
    """The columns that there is room for, and what is between them: less between them rather than fewer."""
    columns = [column for column in _COLUMNS if priced or column.title != "cost"]
    for rank in (4, 3, 2, 1):
        shown = [column for column in columns if column.rank <= rank]
        for gap in ("  ", " "):
            if sum(column.cells for column in shown) + len(gap) * (len(shown) - 1) <= cells:
                return shown, gap
    return [column for column in columns if column.rank == 0], " "


def run_detail_lines(view: RunView | None, cells: int) -> list[Line]:
    """Its facts, what it did in each pipeline, and what went wrong while it went on."""
    if view is None:
        return [(Span(" Asking the ledger.", "muted"),)]
    lines: list[Line] = [
        (Span(f" {'ended' if not view.running else 'now':<{_LABEL}} ", "muted"), Span(view.words, view.tone))
    ]
    lines += [(Span(f" {label:<{_LABEL}} ", "muted"), Span(text)) for label, text in view.facts]
    for part in view.parts:
        lines += [BLANK, *_part_lines(part, cells)]
    return [*lines, BLANK, *_error_part(view, cells)]


def _part_lines(part: PartView, cells: int) -> list[Line]:
    lines: list[Line] = [(Span(f" {part.pipeline}", "strong"),)]
    a_line = max(1, (cells - 2) // (_COUNT + 3))
    for start in range(0, len(part.counts), a_line):
        spans: list[Span] = []
        for label, count in part.counts[start : start + a_line]:
            figure = number(count)
            tone: Tone = ("alert" if label == "failed" else "plain") if count else "muted"
            spans += [
                Span(f"   {label} ", "muted"),
                Span(figure.rjust(max(0, _COUNT - len(label) - 1)), tone),
            ]
        lines.append(tuple(spans))
    if part.pace:
        lines += wrapped(part.pace, cells, "plain", indent="   ")
    if part.message:
        lines += wrapped(part.message, cells, "alert", indent="   ")
    return lines


def _error_part(view: RunView, cells: int) -> list[Line]:
    if not view.errors:
        nothing = "Nothing has gone wrong in it so far." if view.running else "Nothing went wrong in it."
        return wrapped(nothing, cells, "muted")
    count = sum(row.count for row in view.errors)
    head: Line = (Span(f" What went wrong: {counted(count, 'event')}", "strong"),)
    return [head, *error_lines(ErrorsView(view.errors), cells)]
