"""The collection's facts: a label, a figure, and what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.panels.wrapping import words_in, wrapped
from embedconsole.console.text import BLANK, Span, left, right

if TYPE_CHECKING:
    from embedconsole.console.glyphs import Glyphs
    from embedconsole.console.screens.collection_model import CollectionPage, Fact, Running
    from embedconsole.console.text import Line, Tone

_LABEL = 10
_VALUE = 11
_BESIDE = _LABEL + _VALUE + 4
_BAR = 12
_MISSING = (
    "It does not exist yet. Press i to create it as configured below, or s: the first sync creates it too."
)


def facts_lines(page: CollectionPage, cells: int, glyphs: Glyphs) -> list[Line]:
    """What wants the operator comes first."""
    lines: list[Line] = []
    if page.fault is not None:
        lines += wrapped(page.fault, cells, "alert")
        if page.exists is None:
            return lines
        lines += [*wrapped("What follows is from before that.", cells, "muted"), BLANK]
    if not page.asked:
        return [(Span(" Asking the collection.", "muted"),)]
    if not page.exists:
        return [*lines, *wrapped(_MISSING, cells, "wait")]
    stale = page.fault is not None
    for complaint in page.complaints:
        lines += wrapped(complaint, cells, "alert")
    for fact in page.facts:
        lines += _fact(fact, cells, stale=stale)
        if fact.label == "optimizer":
            lines += [line for one in page.running for line in _running(one, cells, glyphs)]
    return lines


def _fact(fact: Fact, cells: int, *, stale: bool) -> list[Line]:
    """A note that has no room beside its figure goes on below it."""
    tone: Tone = "muted" if stale else fact.tone
    first, *rest = words_in(fact.note, max(16, cells - _BESIDE - 1)) or [""]
    head: Line = (
        Span(f" {left(fact.label, _LABEL)}", "muted"),
        Span(right(fact.value, _VALUE), tone),
        Span(f"   {first}" if first else "", "muted" if stale else fact.note_tone),
    )
    return [head, *((Span(" " * _BESIDE + more, "muted" if stale else fact.note_tone),) for more in rest)]


def _running(one: Running, cells: int, glyphs: Glyphs) -> list[Line]:
    head = [Span(f" {left('', _LABEL)}{right(one.name, _VALUE)}   ", "work")]
    if one.part is not None:
        done, rest = glyphs.bar(one.part, _BAR)
        head += [Span(done, "work"), Span(rest, "muted"), Span(f" {one.part:>4.0%}   ".replace("%", " %"))]
    used = sum(len(span.text) for span in head)
    first, *more = words_in(one.what, max(16, cells - used - 1)) or [""]
    return [
        (*head, Span(first, "muted")),
        *((Span(" " * used + line, "muted"),) for line in more),
    ]
