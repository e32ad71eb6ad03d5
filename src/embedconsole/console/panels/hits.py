"""A line a hit: score, key, title, and as many of its payload's fields as there is room for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from embedconsole.console.text import Span, left, right

if TYPE_CHECKING:
    from embedconsole.console.screens.search_model import FactColumn, HitRow, HitsPage
    from embedconsole.console.text import Line

_TITLE = (20, 48)
_KEY = 16
_FACT = 18
_GAP = 2


@dataclass(frozen=True, slots=True)
class HitLayout:
    """How wide what is; `facts` are the indexes and widths of the fields shown."""

    score: int
    key: int
    title: int
    facts: tuple[tuple[int, int], ...]


def hit_layout(page: HitsPage, cells: int) -> HitLayout:
    """The widths for these hits: the title gives way to two fields, then it takes what is left."""
    score = max((len(row.score) for row in page.rows), default=5)
    key = min(_KEY, max((cell_len(row.key) for row in page.rows), default=3))
    wanted = min(_TITLE[1], max((cell_len(row.title) for row in page.rows), default=0))
    room = cells - 1 - score - key - 2 * _GAP
    title = max(5, min(wanted, max(_TITLE[0], room - 24), room))
    left_over = room - title
    facts = []
    for index, column in enumerate(page.columns):
        width = min(_FACT, column.width)
        if width + _GAP <= left_over:
            facts.append((index, width))
            left_over -= width + _GAP
    return HitLayout(score, max(key, 3), title, tuple(facts))


def hit_columns(page: HitsPage, cells: int) -> Line:
    """The titles above the hits."""
    layout = hit_layout(page, cells)
    spans = [f"  {right('score', layout.score)}{_gap(right('key', layout.key))}"]
    spans.append(_gap(left("title" if any(row.title for row in page.rows) else "", layout.title)))
    spans += [_gap(_aligned(page.columns[at], page.columns[at].name, width)) for at, width in layout.facts]
    return (Span("".join(spans).rstrip(), "muted"),)


def hit_line(row: HitRow, page: HitsPage, cells: int) -> Line:
    """One hit."""
    layout = hit_layout(page, cells)
    return (
        Span(f" {right(row.score, layout.score)}"),
        Span(_gap(right(row.key, layout.key)), "muted"),
        Span(_gap(left(row.title, layout.title)), "strong"),
        *(
            Span(_gap(_aligned(page.columns[at], row.facts[at], width)), "muted")
            for at, width in layout.facts
        ),
    )


def _aligned(column: FactColumn, text: str, width: int) -> str:
    return right(text, width) if column.numeric else left(text, width)


def _gap(text: str) -> str:
    return " " * _GAP + text
