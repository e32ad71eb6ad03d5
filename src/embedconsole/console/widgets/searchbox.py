"""The line in which a search is typed; earlier searches come back with the arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input

from embedconsole.console.widgets.recall import Recall

if TYPE_CHECKING:
    from textual.binding import BindingType


class SearchBox(Input):
    """Takes all letters while it has the focus; escape leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("up", "recall(1)", show=False),
        Binding("down", "recall(-1)", show=False),
    ]

    class Asked(Message):
        """The operator wants this searched."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The operator is done typing."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        # A cursor that blinks would be 2 KB a second.
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self._recall = Recall()

    def hold(self, text: str) -> None:
        """Show a search that was made without typing."""
        self._recall = self._recall.with_text(text)
        self._put(text)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search."""
        event.stop()
        self._recall = self._recall.with_text(event.value.strip())
        self.post_message(self.Asked(event.value.strip()))

    def action_recall(self, back: int) -> None:
        """An earlier search (1), or a later one (-1)."""
        self._recall = self._recall.moved(back)
        # What stands there already is the latest one: go on to the one before.
        if back > 0 and self._recall.text == self.value:
            self._recall = self._recall.moved(back)
        self._put(self._recall.text)

    def action_leave(self) -> None:
        """To the hits."""
        self.post_message(self.Left())

    def _put(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(text)
