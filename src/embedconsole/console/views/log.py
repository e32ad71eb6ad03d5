"""Entries of the log: a line each, and one of them in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.console.text import BLANK, Span, at_day, at_time, clean, left, words_in

if TYPE_CHECKING:
    from datetime import tzinfo

    from embedconsole.console.text import Line, Tone

_TIME = 8
_DAY = 15
_LEVEL = 7
_ROOMY = 100
_LONGEST = 1000
"""Characters of a message that can matter in one line of any terminal."""

_TONES: dict[str, Tone] = {"error": "alert", "warning": "wait"}


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that was logged. Its texts are as they came: clean them before they are shown.

    Attributes:
        key: What it is known by.
        at: Seconds since 1970; None where the line does not say.
        level: One of `LEVELS`; empty where the line does not say.
        raw: The line, or the event as a line of the log file would have it.
        fields: Its data in addition to time, level and message, as names and values.
    """

    key: str
    at: float | None
    level: str
    message: str
    raw: str
    fields: tuple[tuple[str, str], ...] = ()


def log_line(entry: LogEntry, cells: int, zone: tzinfo | None) -> Line:
    """Time, level and the beginning of the message; with room the day too."""
    room, time_of = (_DAY, at_day) if cells >= _ROOMY else (_TIME, at_time)
    moment = "" if entry.at is None else time_of(entry.at, zone)
    tone: Tone = _TONES.get(entry.level, "plain")
    return (
        Span(f" {moment:<{room}}  ", "muted"),
        Span(f"{entry.level:<{_LEVEL}}  ", tone if tone != "plain" else "muted"),
        Span(clean(entry.message[:_LONGEST]), "plain"),
    )


def entry_lines(entry: LogEntry | None, cells: int, zone: tzinfo | None) -> list[Line]:
    """All of it: the message in its lines, and every field by its name."""
    if entry is None:
        return []
    moment = "at a time it does not say" if entry.at is None else at_day(entry.at, zone)
    head = (Span(f" {moment}  ", "muted"), Span(entry.level, _TONES.get(entry.level, "plain")))
    lines: list[Line] = [head, BLANK, *_block(entry.message, " ", cells, "plain")]
    if entry.fields:
        lines.append(BLANK)
    name_cells = min(16, max((len(name) for name, _ in entry.fields), default=0))
    for name, value in entry.fields:
        indent = " " * (name_cells + 3)
        first, *rest = _block(value, indent, cells, "plain") or [BLANK]
        label = Span(f" {left(clean(name), name_cells)}  ", "muted")
        lines += [(label, *(Span(span.text[len(indent) :], span.tone) for span in first)), *rest]
    return lines


def _block(text: str, indent: str, cells: int, tone: Tone) -> list[Line]:
    """The lines of a text, each broken where it is too long; the log file writes their ends as `\\n`."""
    lines: list[Line] = []
    for line in text.replace("\\n", "\n").split("\n"):
        cleaned = clean(line)
        inner = " " * (len(cleaned) - len(cleaned.lstrip(" ")))
        room = max(8, cells - len(indent) - len(inner) - 1)
        lines += [(Span(f"{indent}{inner}{piece}", tone),) for piece in words_in(cleaned, room)]
    return lines
