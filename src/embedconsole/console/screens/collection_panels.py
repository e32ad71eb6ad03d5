"""What the collection says of itself, and whether it is as configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.panels.wrapping import wrapped
from embedconsole.console.text import Span
from embedconsole.console.words import counted, number

if TYPE_CHECKING:
    from embedconsole.console.screens.dashboard_model import CollectionView
    from embedconsole.console.text import Line, Tone

_LABEL = 9
_NUMBER = 11
_MISSING = "It does not exist yet. The first sync creates it, or press i."
_GONE = "It did not exist then."
_STATUS: dict[str, Tone] = {"green": "plain", "yellow": "wait", "grey": "muted", "red": "alert"}
_MEANING = {"yellow": "optimizing", "grey": "optimizations pending", "red": "failed"}


def collection_lines(view: CollectionView, cells: int, height: int) -> list[Line]:
    """At most `height` lines; what wants the operator comes first."""
    if view.private:
        text = "It is embedded: only the process that writes to it can look inside."
        return wrapped(text, cells, "muted")[:height]
    if not view.asked:
        text = "It was not looked at then." if view.past else "Asking the collection."
        return wrapped(text, cells, "muted")[:height]
    lines = [] if view.fault is None else _away(view, cells)
    if view.exists is None:
        return lines[:height]
    if not view.exists:
        text = _GONE if view.past else _MISSING
        return [*lines, *wrapped(text, cells, "wait")][:height]
    for index, difference in enumerate(view.differences):
        if index == 2:
            more = f"and {counted(len(view.differences) - 2, 'more difference')}; i lists them"
            lines += wrapped(more, cells, "wait")
            break
        lines += wrapped(difference, cells, "alert" if view.blocking else "wait")
    lines += [line for warning in view.warnings[:1] for line in wrapped(warning, cells, "wait")]
    return [*lines, *_figures(view)][:height]


def _away(view: CollectionView, cells: int) -> list[Line]:
    lines = wrapped(view.fault or "", cells, "alert")[:4]
    if view.exists is not None:
        lines += wrapped(f"Figures are from {view.as_of}.", cells, "muted")
    return lines


def _figures(view: CollectionView) -> list[Line]:
    tone: Tone = "muted" if view.fault else "plain"
    meaning = _MEANING.get(view.status, "")
    lines = [
        _row(
            "status", view.status, meaning, _STATUS.get(view.status, "plain") if not view.fault else "muted"
        ),
        _row("points", number(view.points), view.disk, tone),
        _row("indexed", number(view.indexed), counted(view.segments, "segment"), tone),
    ]
    if view.queue:
        lines.append(_row("queue", number(view.queue), "updates wait in it", "wait"))
    if view.drift:
        lines.append(_row("drift", view.drift, view.drift_note, view.drift_tone))
    lines += [
        (Span(f" {'vector' if index == 0 else '':<{_LABEL}}", "muted"), Span(f"  {text}", tone))
        for index, text in enumerate(view.vectors)
    ]
    # The narrow columns of a payload path and its type, as many as there are.
    lines += [
        (Span(f" {'indexes' if index == 0 else '':<{_LABEL}}", "muted"), Span(f"  {text}", "muted"))
        for index, text in enumerate(view.indexes)
    ]
    return lines


def _row(label: str, value: str, note: str, tone: Tone) -> Line:
    return (
        Span(f" {label:<{_LABEL}}", "muted"),
        Span(f"{value:>{_NUMBER}}", tone),
        Span(f"   {note}" if note else "", "muted"),
    )
