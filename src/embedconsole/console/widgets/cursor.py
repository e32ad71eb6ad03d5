"""Where the cursor stands in a list whose rows come and go: pure, to be tested without a screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Cursor:
    """A cursor on the rows of a list, and the part of the list that is shown.

    Attributes:
        keys: What the rows are known by, in their order.
        index: The row it stands on; meaningless in an empty list.
        top: The first row shown.
        height: Rows that can be shown.
    """

    keys: Sequence[str] = ()
    index: int = 0
    top: int = 0
    height: int = 1

    @property
    def key(self) -> str | None:
        """What the row under it is known by; None in an empty list."""
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
