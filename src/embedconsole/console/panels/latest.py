"""The latest runs, a line each; the runs screen tells more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.panels.wrapping import wrapped
from embedconsole.console.text import Span, fit, left, right
from embedconsole.console.words import number

if TYPE_CHECKING:
    from embedconsole.console.screens.dashboard_model import LatestRow, LatestView
    from embedconsole.console.text import Line

_KIND = 6
_BEGAN = 6
_TOOK = 9
_CHANGED = 10
_EMPTY = "Every run gets a line: when it began, how long it took, what it changed and how it ended."


def latest_lines(view: LatestView, cells: int) -> list[Line]:
    """The newest first."""
    if not view.rows:
        return wrapped(_EMPTY, cells, "muted")
    token = max(len(str(row.number)) for row in view.rows) + 1
    return [fit(_row(row, token), cells) for row in view.rows]


def _row(row: LatestRow, token: int) -> Line:
    return (
        Span(f" {right(f'#{row.number}', token)}", "muted"),
        Span(f"  {left(row.kind, _KIND)}"),
        Span(f" {right(row.began, _BEGAN)}", "muted"),
        Span(right(row.took, _TOOK)),
        Span(right("" if row.changed is None else number(row.changed), _CHANGED)),
        Span(" changed" if row.changed is not None else "", "muted"),
        Span(f"  {row.outcome}", row.tone),
    )
