"""What a screen may ask of the console that it is part of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from embedconsole.console.actions import Action
    from embedconsole.console.glyphs import Glyphs
    from embedconsole.console.state import Bridge
    from embedconsole.sync.run.engine import Engine

T = TypeVar("T")


class ScreenHost(Protocol):
    """The console, as its screens know it."""

    glyphs: Glyphs
    bridge: Bridge
    now: Callable[[], float]
    """Seconds since 1970."""

    @property
    def actions(self) -> Sequence[Action]:
        """All actions, under the operator's keys."""
        ...

    async def ask(self, work: Callable[[Engine], Awaitable[T]]) -> T:
        """Have something looked up in the engine's thread and loop; cancelled when the caller is.

        Raises:
            Fault, ConfigError: as `work` does; Unreachable while there is no engine yet, or none any more.
        """
        ...

    def say(self, text: str, *, alarm: bool = False) -> None:
        """A word to the operator, which the log keeps."""
        ...

    def copy(self, text: str) -> None:
        """Hand a text to the operator's clipboard, and say so."""
        ...

    def show(self, place: str) -> None:
        """Go to another screen, see `places`."""
        ...

    def draw(self) -> None:
        """Bring the screen up to date with the bridge."""
        ...
