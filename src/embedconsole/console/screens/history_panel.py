"""The last 24 hours: how fast it went and what failed, over an axis of hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.text import Span
from embedconsole.console.words import number, rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.console.glyphs import Glyphs
    from embedconsole.console.history import HistoryView, Slot
    from embedconsole.console.text import Line, Tone

_APART = 8
"""Columns from one hour of the axis to the next, at least."""

_HOURS = (1, 2, 3, 4, 6, 12)


def history_lines(view: HistoryView, cells: int, height: int, glyphs: Glyphs) -> list[Line]:
    """At most `height` lines: the chart, failures below it where there are any, the axis, a legend."""
    if not view.known:
        asking: Line = (Span(" Asking the ledger.", "muted"),)
        return [asking][:height]
    columns = _columns(view.slots, cells - 2)
    if not columns:
        return []
    rates = tuple(_rate(column) for column in columns)
    peak = max(rates)
    legend: Line = (Span(f" {_legend(view, peak)}", "muted"),)
    axis = _marked(_axis(columns, glyphs), view, columns)
    below = [axis, legend]
    if view.failed:
        below.insert(0, (Span(" "), Span(_failures(columns, glyphs), "alert")))
    room = max(1, height - len(below)) if peak else 1
    tone: Tone = "work" if peak else "muted"
    chart: list[Line] = [(Span(" "), Span(line, tone)) for line in glyphs.chart(rates, room)]
    return [*chart, *below][:height]


def _columns(slots: Sequence[Slot], cells: int) -> list[Sequence[Slot]]:
    """As many columns as fit, each of the same time."""
    for each in range(1, len(slots) + 1):
        if len(slots) % each == 0 and len(slots) // each <= cells:
            return [slots[start : start + each] for start in range(0, len(slots), each)]
    return []


def _rate(column: Sequence[Slot]) -> float:
    return sum(slot.done for slot in column) / sum(slot.seconds for slot in column)


def _failures(columns: Sequence[Sequence[Slot]], glyphs: Glyphs) -> str:
    """A mark where something failed, and nothing where nothing did."""
    counts = tuple(float(sum(slot.failed for slot in column)) for column in columns)
    marks = glyphs.chart(counts, 1)[0]
    return "".join(mark if count else " " for mark, count in zip(marks, counts, strict=True)).rstrip()


def _axis(columns: Sequence[Sequence[Slot]], glyphs: Glyphs) -> str:
    """ "╵06:00      ╵12:00": the mark stands where the hour begins."""
    an_hour = len(columns) / 24
    every = next((hours for hours in _HOURS if hours * an_hour >= _APART), 24)
    text = ""
    for at, column in enumerate(columns):
        hour = next((slot.hour for slot in column if slot.hour is not None), None)
        label = f"{glyphs.tick}{hour:02d}:00" if hour is not None and hour % every == 0 else ""
        if label and len(text) <= at and at + len(label) <= len(columns) + 1:
            text = text.ljust(at) + label
    return text


def _marked(axis: str, view: HistoryView, columns: Sequence[Sequence[Slot]]) -> Line:
    """The axis, with a mark below the time that the operator looks back at."""
    if view.mark is None:
        return (Span(f" {axis}", "muted"),)
    at = view.mark * len(columns) // len(view.slots)
    return (
        Span(" " + axis[:at].ljust(at), "muted"),
        Span("^", "wait"),
        Span(axis[at + 1 :], "muted"),
    )


def _legend(view: HistoryView, peak: float) -> str:
    if not peak:
        done = "nothing done in the last 24 h"
        return f"{done}, {number(view.failed)} failed" if view.failed else done
    failed = f", {number(view.failed)} failed" if view.failed else ""
    total = sum(slot.done for slot in view.slots)
    return f"last 24 h: {number(total)} done, at most {rate(peak)}{failed}"
