"""The processes that share the ledger: where they run, what they do, and when they were last heard of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.panels.wrapping import wrapped
from embedconsole.console.text import Span, fit, left, right
from embedconsole.console.words import rate

if TYPE_CHECKING:
    from embedconsole.console.screens.dashboard_model import HostRow, HostsView
    from embedconsole.console.text import Line

_ROLE = 8
_STATE = 9
_RATE = 8
_HEARD = 6
_VERSION = 8
_EMPTY = "Every process on this ledger, on whatever host, gets a line: what it does, how fast, last heard of."


def hosts_lines(view: HostsView, cells: int) -> list[Line]:
    """A line each, oneself first."""
    if not view.rows:
        return wrapped(_EMPTY, cells, "muted")
    host = min(24, max(len(row.host) for row in view.rows))
    return [fit(_row(row, host), cells) for row in view.rows]


def _row(row: HostRow, host: int) -> Line:
    return (
        Span(f" {left(row.host, host)}", "strong" if row.me else "plain"),
        Span(f"  {left(row.role, _ROLE)}", "muted"),
        Span(f" {left(row.state, _STATE)}", row.tone),
        Span(right("" if row.rate is None else rate(row.rate), _RATE)),
        Span(right(row.heard, _HEARD), "wait" if row.silent else "muted"),
        Span(f"  {left(row.version, _VERSION)}", "muted"),
    )
