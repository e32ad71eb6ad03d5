"""A list with a cursor: rows come and go, the cursor stays with its row, and only what is shown is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from textual.message import Message

from embedconsole.console.text import Span, fit, heading, plain, width, wrapped
from embedconsole.console.widgets.base import Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.widget import Widget

    from embedconsole.console.text import Glyphs, Line


@dataclass(frozen=True, slots=True)
class Cursor:
    """A cursor on the rows of a list, and the part of the list that is shown.

    Attributes:
        keys: What the rows are known by, in their order.
        index: The row it is on; meaningless in an empty list.
        top: The first row shown.
        height: Rows that can be shown.
    """

    keys: Sequence[str] = ()
    index: int = 0
    top: int = 0
    height: int = 1

    @property
    def key(self) -> str | None:
        """The key of the row under it; None in an empty list."""
        return self.keys[self.index] if self.keys else None

    @property
    def below(self) -> int:
        """Rows further down than what is shown."""
        return max(0, len(self.keys) - self.top - self.height)

    def over(self, keys: Sequence[str]) -> Cursor:
        """On other rows: it stays with its row; where that is gone, at its place.

        What is shown moves along with the row, so that the row does not jump under the operator's eyes.
        """
        index = self._found(keys)
        return replace(self, keys=keys, index=index, top=self.top + index - self.index)._within()

    def moved(self, rows: int) -> Cursor:
        """Up (negative) or down, as far as there are rows."""
        return replace(self, index=self.index + rows)._within()

    def sized(self, height: int) -> Cursor:
        """With room for so many rows."""
        return replace(self, height=max(1, height))._within()

    def _found(self, keys: Sequence[str]) -> int:
        key = self.key
        if key is None or (self.index < len(keys) and keys[self.index] == key):
            return self.index
        try:
            return keys.index(key)
        except ValueError:
            return self.index

    def _within(self) -> Cursor:
        last = max(0, len(self.keys) - 1)
        index = min(last, max(0, self.index))
        lowest, highest = index - self.height + 1, index
        top = min(highest, max(lowest, self.top))
        return replace(self, index=index, top=min(max(0, len(self.keys) - self.height), max(0, top)))


R = TypeVar("R")

_NEAR = 20
"""So many rows before the end of what is there, more is asked for."""


class ListPanel(Lines, Generic[R], can_focus=True):
    """See the module.

    Args:
        key_of: What a row is known by, whatever else of it changes.
        line_of: A row in so many columns; its first column belongs to the cursor.
        columns_of: The line of column titles above the rows; None for none.
        empty: The text while there are no rows: what appears here, and when.
    """

    class Said(Message):
        """Something about a list; a handler of one kind does not hear the others."""

        def __init__(self, list_panel: Widget) -> None:
            super().__init__()
            self.list_panel = list_panel

        @property
        def control(self) -> Widget:
            """Whose row it is, for `@on(ListPanel.Chosen, "#id")`."""
            return self.list_panel

    class Chosen(Said):
        """The operator opened the row under the cursor."""

    class Moved(Said):
        """Another row is under the cursor."""

    class NearEnd(Said):
        """The cursor is near the end of the rows: time to load more."""

    def __init__(
        self,
        title: str,
        *,
        key_of: Callable[[R], str],
        line_of: Callable[[R, int], Line],
        glyphs: Glyphs,
        id: str,  # noqa: A002
        columns_of: Callable[[int], Line] | None = None,
        empty: str = "",
    ) -> None:
        super().__init__(id=id)
        self._title = title
        self._key_of = key_of
        self._line_of = line_of
        self._columns_of = columns_of
        self._glyphs = glyphs
        self._empty = empty
        self._rows: Sequence[R] = ()
        self._note = ""
        self._marked: set[str] = set()
        self._cursor = Cursor()

    @property
    def current(self) -> R | None:
        """The row under the cursor."""
        return self._rows[self._cursor.index] if self._rows else None

    @property
    def at_first(self) -> bool:
        """Whether the cursor is on the first row, or would be."""
        return self._cursor.index == 0

    @property
    def rows(self) -> Sequence[R]:
        """All rows there are by now."""
        return self._rows

    @property
    def marked(self) -> list[R]:
        """The rows that the operator marked, in their order."""
        return [row for row in self._rows if self._key_of(row) in self._marked]

    @property
    def chosen(self) -> list[R]:
        """The marked rows, or else the one under the cursor."""
        return self.marked or ([] if self.current is None else [self.current])

    def show(self, rows: Sequence[R], *, note: str = "", title: str | None = None, empty: str = "") -> None:
        """Show these rows; `note` is at the right of the heading."""
        before = self._cursor.key
        self._rows, self._note = rows, note
        self._title = self._title if title is None else title
        self._empty = empty or self._empty
        self._cursor = self._cursor.over([self._key_of(row) for row in rows])
        self._marked &= set(self._cursor.keys)
        self._compose_lines()
        if self._cursor.key != before:
            self.post_message(self.Moved(self))

    def scroll(self, lines: int) -> None:
        """Move the cursor up (negative) or down."""
        before = self._cursor.key
        self._cursor = self._cursor.moved(lines)
        self._compose_lines()
        if self._cursor.key != before:
            self.post_message(self.Moved(self))
        if len(self._rows) - self._cursor.index <= _NEAR:
            self.post_message(self.NearEnd(self))

    def mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and go to the next."""
        key = self._cursor.key
        if key is not None:
            self._marked ^= {key}
            self.scroll(1)
            self._compose_lines()

    def unmark(self) -> None:
        """Take all marks away."""
        self._marked.clear()
        self._compose_lines()

    def open(self) -> None:
        """Choose the row under the cursor."""
        if self._rows:
            self.post_message(self.Chosen(self))

    @property
    def copyable(self) -> str:
        """The chosen rows as text."""
        wide = max(self.size.width, 200)
        return "\n".join(plain(self._line_of(row, wide)).strip() for row in self.chosen)

    def on_click(self, event: events.Click) -> None:
        """With a mouse: the cursor goes there; on its row it opens it."""
        above = 1 + (self._columns_of is not None)
        row = self._cursor.top + event.y - above
        if event.y >= above and row < len(self._rows):
            if row == self._cursor.index:
                self.open()
            else:
                self.scroll(row - self._cursor.index)

    def on_resize(self, event: events.Resize) -> None:
        """More or less room."""
        self._compose_lines()

    def watch_has_focus(self, focused: bool) -> None:
        """Redraw the heading: focus changes its tone. Focus events come before `has_focus` changes."""
        super().watch_has_focus(focused)
        self._compose_lines()

    def _compose_lines(self) -> None:
        cells = self.size.width
        above = 1 + (self._columns_of is not None)
        if cells <= 0 or self.size.height < above:
            return
        self._cursor = self._cursor.sized(self.size.height - above)
        lines = [heading(self._title, self._heading_note, cells, self._glyphs, focused=self.has_focus)]
        if not self._rows:
            self.draw([*lines, *wrapped(self._empty, cells, "muted")])
            return
        if self._columns_of is not None:
            lines.append(self._columns_of(cells))
        first = self._cursor.top
        shown = range(first, min(len(self._rows), first + self._cursor.height))
        lines += [self._drawn(index, cells) for index in shown]
        self.draw(lines, bright=above + self._cursor.index - first if self.has_focus else None)

    def _drawn(self, index: int, cells: int) -> Line:
        row = self._rows[index]
        marked = self._cursor.keys[index] in self._marked
        sign = self._glyphs.mark if marked else self._glyphs.cursor if index == self._cursor.index else " "
        line = fit((Span(sign, "strong"), *self._line_of(row, cells - 1)), cells)
        # To the end of the line, so that what is bright is a bar and not a ragged text.
        return (*line, Span(" " * max(0, cells - width(line))))

    @property
    def _heading_note(self) -> str:
        parts = [self._note]
        if self._marked:
            parts.append(f"{len(self._marked):,} marked")
        if self._cursor.below:
            parts.append(f"{self._cursor.below:,} below")
        return ", ".join(part for part in parts if part)


"""So many rows after the beginning of what is there, more is asked for."""


class Tail(ListPanel[R]):
    """See the module."""

    class NearStart(ListPanel.Said):
        """The cursor is near the oldest row: time to load older ones."""

    @property
    def following(self) -> bool:
        """Whether the cursor is on the newest row, and goes along with newer ones."""
        return self._cursor.index >= len(self._rows) - 1

    def show(self, rows: Sequence[R], *, note: str = "", title: str | None = None, empty: str = "") -> None:
        """Show these rows; the cursor stays with its row, or at the end."""
        following = self.following
        super().show(rows, note=note, title=title, empty=empty)
        if following:
            self._cursor = self._cursor.moved(len(rows))
            self._compose_lines()

    def scroll(self, lines: int) -> None:
        """Move the cursor."""
        super().scroll(lines)
        if self._cursor.index < _NEAR:
            self.post_message(self.NearStart(self))

    @property
    def _heading_note(self) -> str:
        newer = f"{self._cursor.below:,} newer below"
        state = "following" if self.following else newer if self._cursor.below else ""
        marked = f"{len(self._marked):,} marked" if self._marked else ""
        return ", ".join(part for part in (self._note, marked, state) if part)
