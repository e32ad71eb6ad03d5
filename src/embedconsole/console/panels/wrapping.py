"""Sentences in a narrow column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells

from embedconsole.console.text import Span, left

if TYPE_CHECKING:
    from embedconsole.console.text import Line, Tone


def words_in(text: str, cells: int) -> list[str]:
    """The text broken between words, and within those that are longer than a line."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= cells:
            line = joined
            continue
        if line:
            lines.append(line)
        *whole, line = chop_cells(word, max(1, cells)) or [""]
        lines += whole
    return [*lines, line] if line else lines


def wrapped(text: str, cells: int, tone: Tone, indent: str = " ") -> list[Line]:
    """Lines of one tone."""
    return [(Span(f"{indent}{line}", tone),) for line in words_in(text, cells - len(indent) - 1)]


def wrapped_to(text: str, cells: int, height: int, tone: Tone) -> list[Line]:
    """At most `height` lines; what has no room ends in an ellipsis."""
    lines = words_in(text, cells)
    if len(lines) > height > 0:
        lines = [*lines[: height - 1], left(" ".join(lines[height - 1 :]), cells)]
    return [(Span(line, tone),) for line in lines[:height]]
