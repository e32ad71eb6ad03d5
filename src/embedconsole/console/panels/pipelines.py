"""A pipeline in one line of the overview; below 80 columns it does without what is only nice to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.text import Span, left, right
from embedconsole.console.words import number, rate

if TYPE_CHECKING:
    from embedconsole.console.screens.dashboard_model import PipelineRow
    from embedconsole.console.text import Line, Tone

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
    """The one that the other screens show stands out."""
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
