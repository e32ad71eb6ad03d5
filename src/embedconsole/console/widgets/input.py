"""The line after `/`: what is typed filters at once, and what was typed before comes back with the arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input

from embedconsole.console.widgets.recall import Recall

if TYPE_CHECKING:
    from textual.binding import BindingType


class Finder(Input):
    """Hidden until it is opened. Enter keeps the filter, escape gives it up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", show=False),
        Binding("up", "recall(1)", show=False),
        Binding("down", "recall(-1)", show=False),
    ]

    class Filtered(Message):
        """Another text to filter by; empty for no filter."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """The operator is done with it."""

    def __init__(self, *, id: str = "finder") -> None:  # noqa: A002
        # A cursor that blinks would be 2 KB a second.
        super().__init__(id=id, compact=True, select_on_focus=True)
        self.cursor_blink = False
        self.display = False
        self._recall = Recall()

    def open(self) -> None:
        """Show it, with what it filters by now."""
        self.display = True
        self.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while typing."""
        event.stop()
        if self.display:
            self.post_message(self.Filtered(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter."""
        event.stop()
        self._remember(event.value)
        self._close()

    def action_give_up(self) -> None:
        """No filter any more."""
        self._remember(self.value)
        self.value = ""
        self.post_message(self.Filtered(""))
        self._close()

    def action_recall(self, back: int) -> None:
        """What was typed before (1), or after that (-1)."""
        self._recall = self._recall.moved(back)
        self.value = self._recall.text
        self.cursor_position = len(self.value)

    def _remember(self, text: str) -> None:
        self._recall = self._recall.with_text(text)

    def _close(self) -> None:
        self.display = False
        self.post_message(self.Closed())
