"""Causes and failed items, a line each; and what happened, in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.panels.wrapping import wrapped
from embedconsole.console.text import BLANK, Span, left, right
from embedconsole.console.words import number

if TYPE_CHECKING:
    from embedconsole.console.screens.failures_model import BlameView, CauseRow, FailedRow
    from embedconsole.console.text import Line

_KIND = 9
_COUNT = 8
_WHEN = 7
_TRIES = 6
_LONGEST_KEY = 36
_SHARE_OF_KEY = 4


def cause_columns(cells: int) -> Line:
    """The titles of the columns."""
    titles = (
        f"  {left('cause', _KIND)}{right('count', _COUNT)}{right('latest', _WHEN)}{right('first', _WHEN)}"
        "  what happened"
    )
    return (Span(left(titles, cells).rstrip(), "muted"),)


def cause_line(row: CauseRow, cells: int) -> Line:
    """How many, since when, and the beginning of one of the errors."""
    error = f"next at {row.next_try}: {row.error}" if row.next_try else row.error
    room = max(0, cells - _KIND - _COUNT - 2 * _WHEN - 4)
    return (
        Span(f" {left(row.kind, _KIND)}", row.tone),
        Span(right(number(row.count), _COUNT), "muted" if row.tone == "muted" else "strong"),
        Span(right(row.newest, _WHEN) + right(row.oldest, _WHEN), "muted"),
        Span(f"  {left(error, room)}", "muted" if row.tone == "muted" else "plain"),
    )


def key_cells(keys: list[str], cells: int) -> int:
    """How wide the column of keys is: for the longest, in steps, so that it seldom changes."""
    longest = max((len(key) for key in keys), default=0)
    step = next((step for step in (8, 14, 20, _LONGEST_KEY) if longest <= step), _LONGEST_KEY)
    return min(step, max(8, cells // _SHARE_OF_KEY)) if cells < 110 else step


def item_columns(cells: int, key: int, *, waiting: bool) -> Line:
    """The titles of the columns."""
    when = "next" if waiting else "failed"
    titles = f"  {left('key', key)}{right('tries', _TRIES)}{right(when, _WHEN)}  what happened"
    return (Span(left(titles, cells).rstrip(), "muted"),)


def item_line(row: FailedRow, cells: int, key: int) -> Line:
    """Which, how often it was tried, when, and the beginning of its error."""
    room = max(0, cells - key - _TRIES - _WHEN - 4)
    return (
        Span(f" {left(row.key, key)}", "strong"),
        Span(right(str(row.attempts), _TRIES) + right(row.when, _WHEN), "muted"),
        Span(f"  {left(row.error, room)}"),
    )


def blame_lines(view: BlameView, cells: int, height: int) -> list[Line]:
    """The error, then what to do; where both do not fit, what to do comes first."""
    error = wrapped(view.error, cells, view.tone)
    remedy = wrapped(view.remedy, cells, "strong")
    if not remedy:
        return error
    if len(error) + 1 + len(remedy) <= height:
        return [*error, BLANK, *remedy]
    return [*remedy, *error] if len(error) + len(remedy) > height else [*error, *remedy]
