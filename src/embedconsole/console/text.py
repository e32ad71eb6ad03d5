"""Text for the screen: cleaned on the way in, and put together as lines of toned spans.

Nothing here knows markup: a bracket in a title is a bracket.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rich.cells import cell_len, set_cell_size

from embedconsole.foreign_text import HARMFUL

# Beside what harms, what has no width of its own, on whose width no two terminals agree.
_CONTROL = re.compile(f"[\t\n{HARMFUL}\u200b-\u200f\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_BLANK = re.compile(r"[\t\r\n\u2028\u2029]+")

Tone: TypeAlias = Literal["plain", "muted", "strong", "work", "wait", "alert", "focus", "bright"]
"""What a span means; the theme gives it a colour, and the words beside it say the same without one."""

TONES: tuple[Tone, ...] = ("plain", "muted", "strong", "work", "wait", "alert", "focus", "bright")


@dataclass(frozen=True, slots=True)
class Span:
    """Clean text of one tone."""

    text: str
    tone: Tone = "plain"


Line: TypeAlias = tuple[Span, ...]

BLANK: Line = ()


def clean(text: str) -> str:
    """Outside text on one line, unable to do anything to a terminal."""
    return _CONTROL.sub("\ufffd", _BLANK.sub(" ", text))


def is_clean(text: str) -> bool:
    """Whether a terminal can be given the text as it is."""
    return _CONTROL.search(text) is None


def width(line: Line) -> int:
    """The columns that a line takes."""
    return sum(cell_len(span.text) for span in line)


def left(text: str, cells: int) -> str:
    """The text in exactly so many columns, cut with an ellipsis where it is too long."""
    if cell_len(text) <= cells:
        return set_cell_size(text, max(0, cells))
    return "" if cells <= 0 else set_cell_size(text, cells - 1) + "…"


def right(text: str, cells: int) -> str:
    """The same, aligned right: for numbers."""
    missing = cells - cell_len(text)
    return " " * missing + text if missing >= 0 else left(text, cells)


def fit(line: Line, cells: int) -> Line:
    """The line in at most so many columns; its last span gives way."""
    fitted: list[Span] = []
    room = cells
    for span in line:
        length = cell_len(span.text)
        if length > room:
            if room > 0:
                fitted.append(Span(left(span.text, room), span.tone))
            break
        fitted.append(span)
        room -= length
    return tuple(fitted)


def plain(line: Line) -> str:
    """What a line says, without its tones."""
    return "".join(span.text for span in line)
