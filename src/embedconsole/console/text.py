"""Text for the screen: cleaned on the way in, and put together as lines of toned spans.

Nothing here knows markup: a bracket in a title is a bracket.
"""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from textual.filter import LineFilter

from embedconsole.foreign_text import HARMFUL
from embedconsole.redact import redacted

if TYPE_CHECKING:
    from datetime import tzinfo

    from textual.color import Color


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of lines, bars and charts.

    Attributes:
        rule, focus: The line in a heading, and in that of the panel that has the focus.
        levels: From empty to full, for charts.
        full, empty: For a bar of progress.
        tick: Where something begins on an axis.
        cursor, mark: Before the row of a list that the cursor is on, and before those that are marked.
    """

    rule: str
    focus: str
    arrow: str
    levels: str
    full: str
    empty: str
    tick: str
    cursor: str
    mark: str
    unicode: bool = True

    def chart(self, values: tuple[float, ...], height: int) -> list[str]:
        """A chart of columns, highest line first; a value above none shows at least a trace."""
        peak = max(values, default=0.0)
        steps = len(self.levels) - 1
        if peak <= 0:
            return [" " * len(values)] * (height - 1) + [self.levels[1] * len(values)]
        filled = [0 if value <= 0 else max(1, round(value / peak * height * steps)) for value in values]
        lines = []
        for row in range(height):
            below = (height - 1 - row) * steps
            lowest = 1 if below == 0 else 0
            lines.append("".join(self.levels[min(steps, max(lowest, level - below))] for level in filled))
        return lines

    def bar(self, share: float, cells: int) -> tuple[str, str]:
        """The done and the open part of a bar; full only when all is done, empty only when nothing is."""
        done = int(share * cells)
        if 0 < share < 1:
            done = min(cells - 1, max(1, done))
        return self.full * done, self.empty * (cells - done)


UNICODE = Glyphs(
    rule="─", focus="━", arrow="→", levels=" ▁▂▃▄▅▆▇█", full="━", empty="─", tick="╵", cursor="›", mark="•"
)
ASCII = Glyphs(
    rule="-",
    focus="=",
    arrow="->",
    levels=" _.-=#",
    full="#",
    empty="-",
    tick="|",
    cursor=">",
    mark="*",
    unicode=False,
)


def glyphs_for(encoding: str | None) -> Glyphs:
    """The glyphs that a terminal of this encoding can show."""
    try:
        "".join(str(part) for part in astuple(UNICODE)).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


_PLAIN = str.maketrans("…─━│┃╭╮╰╯┌┐└┘▔▁→•", "~--||++++++++-_>*")


class ControlFilter(LineFilter):
    """Replaces control characters in everything that is about to be written to the terminal."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments; those that are Textual's own control codes are left alone."""
        return [
            segment
            if segment.control or is_clean(segment.text)
            else Segment(clean(segment.text), segment.style)
            for segment in segments
        ]


class EncodingFilter(LineFilter):
    """Replaces what a terminal's encoding has no character for by something as wide.

    Args:
        encoding: The terminal's.
    """

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, in characters that it has."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment("".join(map(self._shown, segment.text.translate(_PLAIN))), segment.style)
            for segment in segments
        ]

    def _shown(self, character: str) -> str:
        try:
            character.encode(self._encoding)
        except UnicodeEncodeError:
            return "?" * cell_len(character)
        return character


# In addition to harmful characters: those without a width of their own, where terminals differ.
_CONTROL = re.compile(f"[\t\n{HARMFUL}\u200b-\u200f\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_BLANK = re.compile(r"[\t\r\n\u2028\u2029]+")

Tone: TypeAlias = Literal["plain", "muted", "strong", "work", "wait", "alert", "focus", "bright"]
"""The meaning of a span; the theme gives it a colour, and the text says the same without one."""

TONES: tuple[Tone, ...] = ("plain", "muted", "strong", "work", "wait", "alert", "focus", "bright")


@dataclass(frozen=True, slots=True)
class Span:
    """Clean text of one tone."""

    text: str
    tone: Tone = "plain"


Line: TypeAlias = tuple[Span, ...]

BLANK: Line = ()


def clean(text: str) -> str:
    """Outside text on one line, unable to do anything to a terminal, without the configuration's secrets."""
    return redacted(_CONTROL.sub("\ufffd", _BLANK.sub(" ", redacted(text))))


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
    """The text of a line, without its tones."""
    return "".join(span.text for span in line)


_SOON = 10


def number(value: int) -> str:
    """A grouped number: 12,345."""
    return f"{value:,}"


def counted(count: int, noun: str) -> str:
    """ "1 product", "2,345 products", "2 batches"."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}{'es' if noun.endswith('ch') else 's'}"


def age(seconds: float) -> str:
    """How old something is: 3s, 59s, 4m, 2h, 5d. Coarse, so that it seldom changes."""
    whole = int(max(0.0, seconds))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if whole >= size:
            return f"{whole // size}{unit}"
    return f"{whole}s"


def brief(seconds: float) -> str:
    """The age of a batch: 0.4s, 9.9s, 12s, 4m."""
    return f"{max(0.0, seconds):.1f}s" if seconds < _SOON else age(seconds)


def took(seconds: float) -> str:
    """How long a run took, in five columns at most: 0.4s, 59s, 4m05, 1h10, 3d."""
    whole = round(seconds)
    if seconds < _SOON or whole < 60:
        return brief(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}" if hours < 24 else age(seconds)


def money(amount: float) -> str:
    """An amount in the operator's currency: 217.28, 12,345; what is not nothing never reads 0.00."""
    if 0 < amount < 0.01:
        return "<0.01"
    return f"{amount:,.2f}" if amount < 1000 else f"{amount:,.0f}"


def span_of(seconds: float) -> str:
    """A time to wait, in words for a sentence: 8 s, 4 min, 1 h 10 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"


def size(count: int) -> str:
    """Bytes: 812 kB, 1.9 GB."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit in ("B", "kB") or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def rate(items: float) -> str:
    """Items a second: 231/s, 4.2/s."""
    return f"{items:,.0f}/s" if items >= _SOON else f"{items:.1f}/s"


def coarse(amount: float) -> float:
    """Rounded to two digits: a figure that does not change with every look."""
    return float(f"{amount:.1e}")


def share(part: int, whole: int) -> str:
    """A percentage that says 100 only when it is: 99.9 %."""
    if whole <= 0:
        return ""
    if part >= whole:
        return "100 %"
    return f"{min(99.9, part / whole * 100):.1f} %"


def at_time(epoch: float, zone: tzinfo | None) -> str:
    """The time of day, to the second; `zone` of None is the operator's own."""
    return f"{_local(epoch, zone):%H:%M:%S}"


def at_minute(epoch: float, zone: tzinfo | None) -> str:
    """The time of day, to the minute."""
    return f"{_local(epoch, zone):%H:%M}"


def at_second(epoch: float, zone: tzinfo | None) -> str:
    """Day and time of day in full: 2026-01-02 09:33:20."""
    return f"{_local(epoch, zone):%Y-%m-%d %H:%M:%S}"


def lately(epoch: float, now: float, zone: tzinfo | None) -> str:
    """When something was, in six columns: 4m ago, 09:33 of today, Jan 02 of another day."""
    if now - epoch < 3600:
        return f"{age(now - epoch)} ago"
    local = _local(epoch, zone)
    return f"{local:%H:%M}" if local.date() == _local(now, zone).date() else f"{local:%b %d}"


def at_day(epoch: float, zone: tzinfo | None) -> str:
    """Day and time of day: Jan 02 09:33:20."""
    return f"{_local(epoch, zone):%b %d %H:%M:%S}"


def _local(epoch: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(epoch, UTC).astimezone(zone)


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


def heading(title: str, note: str, cells: int, glyphs: Glyphs, *, focused: bool) -> Line:
    """ "Errors ────────── following"; the focused panel's is brighter."""
    start = Span(f"{title} ", "focus" if focused else "strong")
    end = Span(f" {note}" if note else "", "muted")
    room = max(0, cells - width((start, end)))
    rule = glyphs.focus if focused else glyphs.rule
    return (start, Span(rule * room, "work" if focused else "muted"), end)
