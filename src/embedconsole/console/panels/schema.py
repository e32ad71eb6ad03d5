"""The collection's vectors and payload indexes, each beside what is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from embedconsole.console.panels.wrapping import wrapped
from embedconsole.console.text import BLANK, Span, left, right
from embedconsole.console.words import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.console.screens.collection_model import CollectionPage, SchemaRow
    from embedconsole.console.text import Line

_NAMES = (12, 32)
_KIND = 9
_POINTS = 12
_COVERED = 7
_VECTOR = _KIND + _POINTS + _COVERED
_NO_INDEX = "No payload index. Filters then look at every point; name some under collection.indexes."


def schema_lines(page: CollectionPage, cells: int) -> list[Line]:
    """Vectors, then indexes; a remedy goes below what differs."""
    if not (page.vectors or page.indexes):
        return [(Span(" What is configured would be shown beside what there is.", "muted"),)]
    longest = max(cell_len(row.name) for row in (*page.vectors, *page.indexes))
    name = min(_NAMES[1], max(_NAMES[0], longest), max(_NAMES[0], cells // 3))
    vectors = (f" {left('vector', name)} {right('size', 6)}  distance",)
    lines: list[Line] = [_titles(*vectors)]
    for row in page.vectors:
        lines += _row(row, cells, (Span(f" {left(row.name, name)} "), Span(left(row.what, _VECTOR))))
    lines.append(BLANK)
    if not page.indexes:
        return [*lines, *wrapped(_NO_INDEX, cells, "muted")]
    lines.append(_titles(f" {left('index', name)} {left('type', _KIND)}{right('points', _POINTS)}"))
    for row in page.indexes:
        points = "" if row.points is None else number(row.points)
        head = (
            Span(f" {left(row.name, name)} "),
            Span(left(left(row.what, _KIND - 1), _KIND)),
            Span(right(points, _POINTS)),
            Span(right(row.covered, _COVERED), "muted"),
        )
        lines += _row(row, cells, head)
    return lines


def _titles(text: str) -> Line:
    return (Span(text, "muted"),)


def _row(row: SchemaRow, cells: int, head: Sequence[Span]) -> list[Line]:
    """What is configured stands beside the row, or below it where it has no room."""
    told = f"{row.configured}: {row.remedy}" if row.remedy else row.configured
    used = sum(cell_len(span.text) for span in head)
    if used + 3 + cell_len(told) <= cells:
        return [(*head, Span(f"   {told}", row.tone))]
    return [tuple(head), *wrapped(told, cells, row.tone, indent="   ")]
