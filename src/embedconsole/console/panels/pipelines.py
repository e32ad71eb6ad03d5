"""A pipeline in one line of the overview, which fits 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.text import Span, left, right
from embedconsole.console.words import number, rate

if TYPE_CHECKING:
    from embedconsole.console.text import Line, Tone
    from embedconsole.console.view import PipelineRow

_STATE = 12
_COUNT = 10
_FAILED = 7
_RATE = 8
_LAST = 14
_FIXED = _STATE + 2 * _COUNT + _FAILED + _RATE + _LAST + 4


def pipeline_columns(cells: int) -> Line:
    """The titles of the columns."""
    name = _name(cells)
    text = (
        f"  {left('pipeline', name)} {left('state', _STATE)}{right('pending', _COUNT)}"
        f"{right('failed', _FAILED)}{right('synced', _COUNT)}{right('rate', _RATE)}  last run"
    )
    return (Span(text, "muted"),)


def pipeline_line(row: PipelineRow, cells: int) -> Line:
    """The one that the other screens show stands out."""
    return (
        Span(f" {left(row.name, _name(cells + 1))} ", "strong" if row.shown else "plain"),
        Span(left(row.state, _STATE), row.tone),
        _figure(row.pending, _COUNT, "work"),
        _figure(row.failed, _FAILED, "alert"),
        _figure(row.synced, _COUNT, "plain"),
        Span(right("" if row.rate is None else rate(row.rate), _RATE)),
        Span(f"  {left(row.last, _LAST)}", row.last_tone),
    )


def _name(cells: int) -> int:
    return max(8, cells - _FIXED - 2)


def _figure(count: int | None, cells: int, tone: Tone) -> Span:
    if count is None:
        return Span(right("-", cells), "muted")
    return Span(right(number(count), cells), tone if count else "muted")
