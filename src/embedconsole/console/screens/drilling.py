"""A list, and behind `enter` what its row is about, in the list's place; `esc` goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.screens.base import ConsoleScreen

if TYPE_CHECKING:
    from collections.abc import Collection

    from textual.widget import Widget


class Drilling(ConsoleScreen):
    """See the module. The screen shows `#list` until something is opened, then `#detail`.

    Attributes:
        drilled: Whether the operator is in the detail.
    """

    AUTO_FOCUS = "#list"

    drilled: bool = False

    def on_mount(self) -> None:
        """The list is what comes first."""
        self._swap(drilled=False)

    def drill(self) -> None:
        """Show the detail."""
        self._swap(drilled=True)

    @property
    def idle(self) -> Collection[str]:
        """The detail is left; the list is filtered and opened."""
        return ("filter", "open", "mark") if self.drilled else ("back",)

    def action_back(self) -> None:
        """Show the list again, where the operator was in it."""
        if self.drilled:
            self._swap(drilled=False)

    def _swap(self, *, drilled: bool) -> None:
        self.drilled = drilled
        self._draw_lines()
        for name, shown in (("#list", not drilled), ("#detail", drilled)):
            widget: Widget = self.query_one(name)
            widget.display = shown
            if shown:
                widget.focus()
