"""A panel: a heading and the lines of a view, redrawn when the view, the size or the focus changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Generic, TypeVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from embedconsole.console.text import BLANK, Span, fit, heading, plain, width
from embedconsole.console.theme import tone_styles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rich.style import Style
    from textual import events
    from textual.geometry import Size

    from embedconsole.console.text import Glyphs, Line, Tone

    Letters = Sequence[tuple[str, Tone]]


@dataclass(frozen=True, slots=True)
class Window:
    """A window of `height` lines on `count` of them.

    Attributes:
        tail: At rest at the end, and following it, instead of at the beginning.
        top: The first line shown; None at rest.
    """

    tail: bool
    height: int = 0
    count: int = 0
    top: int | None = None

    @property
    def first(self) -> int:
        """The first line shown."""
        last = max(0, self.count - self.height)
        if self.top is None:
            return last if self.tail else 0
        return min(self.top, last)

    @property
    def below(self) -> int:
        """Lines that are further down."""
        return max(0, self.count - self.height - self.first)

    @property
    def following(self) -> bool:
        """Whether it goes along with new lines at the end."""
        return self.tail and self.top is None

    def over(self, count: int, height: int) -> Window:
        """The same window on other lines."""
        return replace(self, count=count, height=max(0, height))

    def scrolled(self, lines: int) -> Window:
        """Moved by so many lines; at rest again where it would rest anyway."""
        last = max(0, self.count - self.height)
        top = min(last, max(0, self.first + lines))
        return replace(self, top=None if top == (last if self.tail else 0) else top)


def merged(line: Line) -> Line:
    """The same line with neighbours of one tone as one span."""
    spans: list[Span] = []
    for span in line:
        if spans and spans[-1].tone == span.tone:
            spans[-1] = Span(spans[-1].text + span.text, span.tone)
        else:
            spans.append(span)
    return tuple(spans)


def differing(old: Line, new: Line) -> tuple[int, int]:
    """The columns, from and up to, outside of which both lines look the same."""
    before, after = _letters(old), _letters(new)
    begin = _same(zip(before, after, strict=False))
    # A letter without width of its own changes the one before it.
    while begin and any(_has_no_width(line, begin) for line in (before, after)):
        begin -= 1
    first = _columns(after[:begin])
    if width(old) != width(new):
        return first, max(width(old), width(new))
    rest = zip(reversed(before[begin:]), reversed(after[begin:]), strict=False)
    return first, width(new) - _columns(after[len(after) - _same(rest) :])


def _letters(line: Line) -> Letters:
    return [(letter, span.tone) for span in line for letter in span.text]


def _same(pairs: Iterable[tuple[tuple[str, Tone], tuple[str, Tone]]]) -> int:
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _has_no_width(line: Letters, index: int) -> bool:
    return index < len(line) and cell_len(line[index][0]) == 0


def _columns(letters: Letters) -> int:
    return cell_len("".join(letter for letter, _ in letters))


class Lines(Widget):
    """Lines of toned text, cut at its size."""

    def __init__(
        self,
        lines: Sequence[Line] = (),
        *,
        id: str | None = None,  # noqa: A002 - as every widget names it
    ) -> None:
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = tuple(lines)
        self._bright: int | None = None
        self._tones: Mapping[Tone, Style] | None = None

    @property
    def text(self) -> str:
        """The drawn text, without its tones."""
        return "\n".join(plain(line) for line in self._lines)

    def draw(self, lines: Sequence[Line], *, bright: int | None = None) -> None:
        """Show these lines; the one at `bright` is emphasized as a whole."""
        before, self._lines = self._lines, tuple(lines)
        if len(before) != len(self._lines) and self.styles.is_auto_height:
            self.refresh(layout=True)
            return
        if bright != self._bright:
            for y in (self._bright, bright):
                if y is not None and y < self.size.height:
                    self.refresh(Region(0, y, max(1, self.size.width), 1))
            self._bright = bright
        for y, (old, new) in enumerate(zip_longest(before, self._lines, fillvalue=BLANK)):
            if old != new and y < self.size.height:
                begin, end = differing(old, new)
                self.refresh(Region(begin, y, max(1, min(self.size.width, end) - begin), 1))

    def render_line(self, y: int) -> Strip:
        """One line as Textual's strip."""
        if self._tones is None:
            self._tones = tone_styles(self.app.theme_variables, ansi=self.app.native_ansi_color)
        line = self._lines[y] if y < len(self._lines) else BLANK
        base = self.rich_style
        if y == self._bright:
            base += self._tones["bright"]
        spans = merged(fit(line, self.size.width))
        segments = [Segment(span.text, base + self._tones[span.tone]) for span in spans]
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many as there are lines."""
        return len(self._lines)

    def notify_style_update(self) -> None:
        """The theme may have changed."""
        super().notify_style_update()
        self._tones = None


V = TypeVar("V")


class Panel(Lines, Generic[V], can_focus=True):
    """See the module.

    Args:
        lines_of: The lines of a view in so many columns and lines; may be more than fit, then it scrolls.
        note_of: The text at the right of the heading.
        tail: Follow the end, until the operator scrolls up.
    """

    def __init__(
        self,
        title: str,
        view: V,
        lines_of: Callable[[V, int, int], list[Line]],
        *,
        glyphs: Glyphs,
        id: str,  # noqa: A002
        note_of: Callable[[V], str] = lambda _: "",
        tail: bool = False,
    ) -> None:
        super().__init__(id=id)
        self._title = title
        self._view = view
        self._lines_of = lines_of
        self._note_of = note_of
        self._glyphs = glyphs
        self._window = Window(tail)

    @property
    def view(self) -> V:
        """The view that it shows."""
        return self._view

    @property
    def window(self) -> Window:
        """The visible part of it."""
        return self._window

    @property
    def copyable(self) -> str:
        """All it says, also what is further down."""
        lines = self._lines_of(self._view, max(self.size.width, 1), max(self.size.height, 1))
        return "\n".join(plain(line).strip() for line in lines)

    def show(self, view: V, *, title: str | None = None) -> None:
        """Show this view, under another title where one is given."""
        if view != self._view or title not in (None, self._title):
            self._view = view
            self._title = self._title if title is None else title
            self._compose_lines()

    def scroll(self, lines: int) -> None:
        """Show what is further up (negative) or down."""
        self._window = self._window.scrolled(lines)
        self._compose_lines()

    def on_resize(self, event: events.Resize) -> None:
        """More or less room."""
        self._compose_lines()

    def watch_has_focus(self, focused: bool) -> None:
        """Redraw the heading: focus changes its tone. Focus events come before `has_focus` changes."""
        super().watch_has_focus(focused)
        self._compose_lines()

    def _compose_lines(self) -> None:
        cells, height = self.size.width, self.size.height - 1
        if cells <= 0 or height < 0:
            return
        lines = self._lines_of(self._view, cells, height)
        self._window = self._window.over(len(lines), height)
        first = self._window.first
        top = heading(self._title, self._note, cells, self._glyphs, focused=self.has_focus)
        self.draw([top, *lines[first : first + height]])

    @property
    def _note(self) -> str:
        if self._window.below:
            where = f"{self._window.below} {'newer ' if self._window.tail else ''}below"
        else:
            where = "following" if self._window.tail and self._window.first else ""
        return ", ".join(part for part in (self._note_of(self._view), where) if part)
