"""What the sync depends on: how each of them is, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.panels.wrapping import wrapped
from embedconsole.console.text import Span, fit, left, right, width

if TYPE_CHECKING:
    from embedconsole.console.screens.dashboard_model import HealthRow, HealthView
    from embedconsole.console.text import Line

_NAME = 20
_STATE = 15
_SINCE = 6
_EMPTY = "How ledger, catalog, embedders and collection are would be told here."


def health_lines(view: HealthView, cells: int) -> list[Line]:
    """A line each; what one that is in trouble said goes below it."""
    if not view.rows:
        return wrapped(_EMPTY, cells, "muted")
    name = min(_NAME, max(len(row.name) for row in view.rows)) + 1
    return [line for row in view.rows for line in _row(row, name, cells)]


def _row(row: HealthRow, name: int, cells: int) -> list[Line]:
    head: Line = (
        Span(f" {left(row.name, name)}"),
        Span(f" {left(row.state, _STATE)}", row.tone),
        Span(right(row.since, _SINCE), "muted"),
    )
    beside = cells - width(head) - 3
    if row.detail and (row.tone == "muted" or len(row.detail) <= beside):
        return [fit((*head, Span(f"  {row.detail}", "muted")), cells)]
    return [head, *wrapped(row.detail, cells, row.tone, indent="   ")[:3]]
