"""A panel: a heading and the lines of a view, drawn anew when the view, the size or the focus changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from embedconsole.console.panels.heading import heading
from embedconsole.console.text import plain
from embedconsole.console.widgets.lines import Lines
from embedconsole.console.widgets.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events

    from embedconsole.console.glyphs import Glyphs
    from embedconsole.console.text import Line

V = TypeVar("V")


class Panel(Lines, Generic[V], can_focus=True):
    """See the module.

    Args:
        lines_of: The lines of a view in so many columns and lines; may be more than fit, then it scrolls.
        note_of: What stands at the right of the heading.
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
        """What it shows."""
        return self._view

    @property
    def window(self) -> Window:
        """What of it is shown."""
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
        """The heading stands out, or does no longer; the events of it come before it is so."""
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
