"""Runs as aligned columns, and one of them in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.console.panels.errors import error_lines
from embedconsole.console.panels.wrapping import wrapped
from embedconsole.console.screens.dashboard_model import ErrorsView
from embedconsole.console.text import BLANK, Span, left, right
from embedconsole.console.words import counted, number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embedconsole.console.screens.runs_model import PartView, RunRow, RunView
    from embedconsole.console.text import Line, Tone

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
