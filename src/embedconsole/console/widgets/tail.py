"""A list whose newest row is the last: it follows until the operator goes up, and says what came since."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from embedconsole.console.widgets.list import Roll

if TYPE_CHECKING:
    from collections.abc import Sequence

R = TypeVar("R")

_NEAR = 20
"""So many rows after the beginning of what is there, more is asked for."""


class Tail(Roll[R]):
    """See the module."""

    class NearStart(Roll.Said):
        """The cursor is near the oldest row; whoever has older ones may show them."""

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
