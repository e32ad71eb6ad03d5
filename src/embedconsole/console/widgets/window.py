"""Which of many lines a panel shows: pure, so that following can be tested without a screen."""

from __future__ import annotations

from dataclasses import dataclass, replace


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
