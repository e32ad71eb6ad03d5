"""The batches in flight, of every process on the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.panels.wrapping import wrapped
from embedconsole.console.text import BLANK, Span, left, right
from embedconsole.console.words import counted

if TYPE_CHECKING:
    from embedconsole.console.glyphs import Glyphs
    from embedconsole.console.screens.dashboard_model import BatchRow, InFlightView
    from embedconsole.console.text import Line, Tone

_EMPTY = "Every batch that is read, embedded or written, here or on another host, gets a line."
_FULL_HEIGHT = 14
_ORDER = ("read", "embed", "write")
_STAGES: dict[str, Tone] = {"embed": "work", "expired": "alert"}


def in_flight_note(view: InFlightView) -> str:
    """What stands in the heading."""
    if not view.rows:
        return ""
    if view.more:
        return f"{len(view.rows)} of {counted(len(view.rows) + view.more, 'batch')}"
    hosts = f" on {counted(view.hosts, 'host')}" if view.hosts > 1 else ""
    return f"{counted(view.items, 'item')}{hosts}"


def in_flight_lines(view: InFlightView, cells: int, height: int, glyphs: Glyphs) -> list[Line]:
    """All of them, a line each; an empty panel says what would be here.

    Where there is room, a bar a stage stands above them: where the items are now.
    """
    if not view.rows:
        text = "Paused: nothing new is claimed." if view.paused else "No batch in flight."
        return [(Span(f" {text}", "muted"),), *_teach(view, cells)]
    token = max(len(str(row.token)) for row in view.rows) + 1
    rows = [_row(row, token, stale=view.stale) for row in view.rows]
    return [*_bars(view, cells, glyphs), BLANK, *rows] if height >= _FULL_HEIGHT else rows


def _bars(view: InFlightView, cells: int, glyphs: Glyphs) -> list[Line]:
    """In the order the stages come, as long as their share of all items in flight."""
    stages = [*_ORDER, *sorted({row.stage for row in view.rows} - {*_ORDER})]
    items = {stage: sum(row.items for row in view.rows if row.stage == stage) for stage in stages}
    room = max(4, cells - 20)
    return [
        (
            Span(f" {left(stage, 7)}", "muted"),
            Span(right(f"{count:,}", 8)),
            Span("  "),
            Span(glyphs.full * max(1, round(room * count / max(1, view.items))) if count else "", "work"),
        )
        for stage, count in items.items()
    ]


def _teach(view: InFlightView, cells: int) -> list[Line]:
    if view.paused:
        return wrapped("Space resumes.", cells, "muted")
    return [BLANK, *wrapped(_EMPTY, cells, "muted")]


def _row(row: BatchRow, token: int, *, stale: bool) -> Line:
    tone: Tone = "muted" if stale else _STAGES.get(row.stage, "plain")
    # One tone but for what stands out: these lines change with every look, and each tone costs the link.
    spans = [
        Span(f" {right(f'#{row.token}', token)}", "muted" if stale else "plain"),
        Span(f" {left(row.stage, 7)}", tone),
        Span(f"{right(f'{row.items:,}', 5)}{right(row.age, 5)}  {row.where} w{row.slot}", tone),
    ]
    if row.attempt > 1:
        spans.append(Span(f"  try {row.attempt}", "wait"))
    return tuple(spans)
