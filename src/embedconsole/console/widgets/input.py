"""The line after `/`: what is typed filters at once, and what was typed before comes back with the arrows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input

if TYPE_CHECKING:
    from textual.binding import BindingType


_REMEMBERED = 50


@dataclass(frozen=True, slots=True)
class Recall:
    """A history of texts, the latest last, and how far back the operator is in it; 0 is the text being
    typed.
    """

    texts: tuple[str, ...] = ()
    back: int = 0

    @property
    def text(self) -> str:
        """The recalled text; empty for the one being typed."""
        return self.texts[-self.back] if self.back else ""

    def moved(self, by: int) -> Recall:
        """Further back (positive), or forward again."""
        return replace(self, back=min(len(self.texts), max(0, self.back + by)))

    def with_text(self, text: str) -> Recall:
        """Having typed this, at the end again; a text is remembered once."""
        texts = tuple(one for one in self.texts if one != text)
        return Recall((*texts, text)[-_REMEMBERED:] if text else texts)


class FilterInput(Input):
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
        """Recall the previous text (1), or the next one (-1)."""
        self._recall = self._recall.moved(back)
        self.value = self._recall.text
        self.cursor_position = len(self.value)

    def _remember(self, text: str) -> None:
        self._recall = self._recall.with_text(text)

    def _close(self) -> None:
        self.display = False
        self.post_message(self.Closed())


class SearchBox(Input):
    """Takes all letters while it has the focus; escape leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("up", "recall(1)", show=False),
        Binding("down", "recall(-1)", show=False),
    ]

    class Asked(Message):
        """The operator entered this search."""

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
        self._asked = ""

    @property
    def typing(self) -> bool:
        """Whether the operator is typing another text than the one that was asked last."""
        return self.has_focus and self.value.strip() != self._asked

    def hold(self, text: str) -> None:
        """Show a search that was made without typing."""
        self._recall = self._recall.with_text(text)
        self._put(text)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search."""
        event.stop()
        self._asked = event.value.strip()
        self._recall = self._recall.with_text(self._asked)
        self.post_message(self.Asked(self._asked))

    def action_recall(self, back: int) -> None:
        """An earlier search (1), or a later one (-1)."""
        self._recall = self._recall.moved(back)
        # The latest one is in the line already: continue with the previous one.
        if back > 0 and self._recall.text == self.value:
            self._recall = self._recall.moved(back)
        self._put(self._recall.text)

    def action_leave(self) -> None:
        """To the hits."""
        self.post_message(self.Left())

    def _put(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(text)
