"""The question before something is done: what will happen, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class Confirm(ModalScreen[bool]):
    """Gives True only when the operator chose to.

    Args:
        yes: What the button that does it says.
        focus: The answer that enter gives: No, but for what costs and removes nothing.
    """

    CSS_PATH = "dialogs.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,q", "answer(False)", "No", show=False),
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("left,up,h,k", "app.focus_previous", show=False),
        Binding("right,down,l,j", "app.focus_next", show=False),
    ]

    def __init__(self, title: str, text: str, yes: str, *, focus: Literal["no", "yes"] = "no") -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._yes = yes
        self._focus = focus

    def compose(self) -> ComposeResult:
        """Title, text, two answers."""
        with Vertical(id="box"):
            yield Static(self._title, id="title", markup=False)
            yield Static(self._text, id="text", markup=False)
            with Horizontal(id="answers"):
                yield Button("n  No, leave it", id="no", compact=True)
                yield Button(f"y  {self._yes}", id="yes", compact=True)

    def on_mount(self) -> None:
        """Enter gives the answer that is safe."""
        self.query_one(f"#{self._focus}").focus()

    def action_answer(self, answer: bool) -> None:
        """Answer by key."""
        self.dismiss(answer)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer by button."""
        self.dismiss(event.button.id == "yes")
