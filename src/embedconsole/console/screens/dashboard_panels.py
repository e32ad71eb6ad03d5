"""The backlog: how much waits, how far the run is, and how fast it went lately."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from embedconsole.console.text import BLANK, Span
from embedconsole.console.words import coarse, number, rate, share

if TYPE_CHECKING:
    from embedconsole.console.glyphs import Glyphs
    from embedconsole.console.screens.dashboard_model import BacklogView
    from embedconsole.console.text import Line, Tone

_LABEL = 9
_NUMBER = 11
_FULL_HEIGHT = 8
_CHART_HEIGHT = 6


def backlog_lines(view: BacklogView, cells: int, height: int, glyphs: Glyphs) -> list[Line]:
    """At most `height` lines of at most `cells` columns."""
    roomy = height >= _FULL_HEIGHT
    lines = [
        _row("pending", view, view.pending, _oldest(view), "work" if view.pending else "muted"),
        _row("retrying", view, view.retrying, "", "wait" if view.retrying else "muted"),
        _row("failed", view, view.failed, "need a look" if view.failed else "", _alert(view.failed)),
        _row("synced", view, view.synced, share(view.synced, view.total), "plain"),
    ]
    if roomy:
        lines.append(BLANK)
    if len(lines) < height:
        lines.append(_progress(view, cells, glyphs))
    if roomy:
        chart_height = min(_CHART_HEIGHT, height - len(lines) - 1)
        lines += [BLANK] * (chart_height > 1 and len(lines) + chart_height + 1 < height)
        lines += _chart(view, cells, chart_height, glyphs)
    return lines[:height]


def _row(label: str, view: BacklogView, value: int, note: str, tone: Tone) -> Line:
    figure = number(value) if view.known else "-"
    return (
        Span(f" {label:<{_LABEL}}", "muted"),
        Span(f"{figure:>{_NUMBER}}", "muted" if view.stale or not view.known else tone),
        Span(f"   {note}" if view.known else "", "muted"),
    )


def _alert(count: int) -> Tone:
    return "alert" if count else "muted"


def _oldest(view: BacklogView) -> str:
    return f"oldest {view.oldest}" if view.oldest and view.pending else ""


def _progress(view: BacklogView, cells: int, glyphs: Glyphs) -> Line:
    """The run's own progress, known to the moment: the counts above are the ledger's and come a bit later."""
    if view.scanned is not None:
        found = f", {number(view.wanted or 0)} to sync"
        return (Span(" compared ", "muted"), Span(f"{number(view.scanned):>{_NUMBER}}"), Span(found, "muted"))
    if not view.wanted:
        return BLANK
    label = f" {int(100 * view.done / view.wanted)} %"
    done, rest = glyphs.bar(view.done / view.wanted, max(4, cells - 10))
    return (Span(" "), Span(done, "work"), Span(rest, "muted"), Span(label, "muted"))


def _chart(view: BacklogView, cells: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Ten minutes of throughput, newest at the right; an idle chart is one quiet line."""
    peak = max(view.history, default=0.0)
    columns = _folded(view.history, cells - 2)
    lines: list[Line] = [
        (Span(" "), Span(line, "work" if peak else "muted")) for line in glyphs.chart(columns, max(1, height))
    ]
    if not peak:
        lines = lines[-1:]
    label = f" last 10 min, at most {rate(coarse(peak))}" if peak else " nothing done in the last 10 min"
    return [*lines, (Span(label, "muted"),)]


def _folded(history: tuple[float, ...], columns: int) -> tuple[float, ...]:
    """The history in at most so many columns, each the mean of its share of the slots."""
    columns = min(columns, len(history))
    edges = [len(history) * column // columns for column in range(columns + 1)] if columns > 0 else []
    return tuple(sum(history[begin:end]) / (end - begin) for begin, end in pairwise(edges))
