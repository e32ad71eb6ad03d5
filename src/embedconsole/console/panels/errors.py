"""The tail of warnings and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from embedconsole.console.panels.wrapping import words_in, wrapped
from embedconsole.console.screens.dashboard_model import ErrorsView
from embedconsole.console.text import Span, clean, fit, left, width

if TYPE_CHECKING:
    from embedconsole.console.screens.dashboard_model import ErrorRow
    from embedconsole.console.text import Line, Tone

_NAMES = 20
_INDENT = 11
_LINES = 3
_EMPTY = "Nothing went wrong. What is refused, what is away and why a run stopped would be told here."


def errors_with(view: ErrorsView, text: str) -> ErrorsView:
    """Those that have the text in their cause, key or message."""
    sought = text.lower()
    found = (row for row in view.rows if sought in f"{row.kind} {row.key or ''} {row.message}".lower())
    return ErrorsView(tuple(found), text)


def errors_note(view: ErrorsView) -> str:
    """For the heading."""
    return f"with {clean(view.sought)}" if view.sought else ""


def error_lines(view: ErrorsView, cells: int) -> list[Line]:
    """A line each, the newest last."""
    if not view.rows and view.sought:
        return wrapped(
            f"None of the latest errors has {clean(view.sought)}. 6 has all of them.", cells, "muted"
        )
    if not view.rows:
        return wrapped(_EMPTY, cells, "muted")
    return [line for row in view.rows for line in _row(row, cells)]


def _row(row: ErrorRow, cells: int) -> list[Line]:
    """The message begins beside its cause and goes on below it: cut off, it would tell nothing."""
    tone: Tone = "alert" if row.grave else "wait"
    name = row.kind if row.key is None else f"{row.kind} {row.key}"
    times = f" x{row.count:,}" if row.count > 1 else ""
    head = (
        Span(f" {row.time}  ", "muted"),
        Span(left(name, min(_NAMES, cell_len(name))), tone),
        Span(times, "strong"),
    )
    beside = max(0, cells - width(head) - 2)
    first, rest = _split(row.message, beside)
    below = words_in(rest, max(8, cells - _INDENT - 1))
    if len(below) >= _LINES:
        below = [*below[: _LINES - 2], left(" ".join(below[_LINES - 2 :]), max(8, cells - _INDENT - 1))]
    return [
        fit((*head, Span(f"  {first}")), cells),
        *((Span(" " * _INDENT + line),) for line in below),
    ]


def _split(text: str, cells: int) -> tuple[str, str]:
    """What of the text has room in the first line, between words, and the rest."""
    if cell_len(text) <= cells:
        return text, ""
    lines = words_in(text, cells) if cells > 0 else []
    first = lines[0] if lines and " " in text[: cells + 1].strip() else ""
    return first, text[len(first) :].strip() if first else text
