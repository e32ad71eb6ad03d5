"""The question before everything, or what the operator chooses, is embedded again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from embedconsole.faults import ConfigError, Fault
from embedconsole.sync.daemon.orders import Wish

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

_HINT = "everything, or some: category=shoes, 35"


class Forcing(ModalScreen[Wish | None]):
    """Gives what is to be done; None when the operator leaves it. No is focused.

    Args:
        shown: The pipeline that is shown: the first offer. `a` offers all of them.
        text_of: What a wish would do, in numbers; its second argument is how many items a choice comes to,
            None while that is not known.
        count: Counts what a choice comes to; may take as long as reading the catalog.
    """

    CSS_PATH = "dialogs.tcss"
    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,q", "answer(False)", "No", show=False),
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("a", "all_pipelines", "All pipelines", show=False),
        Binding("o,slash", "choose", "Only some", show=False),
        Binding("left,up,h,k", "app.focus_previous", show=False),
        Binding("right,down,l,j", "app.focus_next", show=False),
    ]

    def __init__(
        self,
        shown: str,
        others: int,
        text_of: Callable[[Wish, int | None], str],
        count: Callable[[Wish], Awaitable[int]],
    ) -> None:
        super().__init__()
        self._shown = shown
        self._others = others
        self._text_of = text_of
        self._count = count
        self._wish = Wish(force=True, pipelines=(shown,) if others else None)
        self._counted: int | None = None

    def compose(self) -> ComposeResult:
        """Title, text, the choice, two answers."""
        with Vertical(id="box"):
            yield Static("Force a re-sync", id="title", markup=False)
            yield Static(self._text_of(self._wish, None), id="text", markup=False)
            with Horizontal(id="choice"):
                yield Static("o  only ", markup=False)
                only = Input(placeholder=_HINT, id="only", compact=True)
                # A cursor that blinks would be 2 KB a second.
                only.cursor_blink = False
                yield only
            with Horizontal(id="answers"):
                yield Button("n  No, leave it", id="no", compact=True)
                yield Button("y  Yes, embed again", id="yes", compact=True)
                if self._others:
                    yield Button("a  All pipelines", id="all", compact=True)

    def action_answer(self, answer: bool) -> None:
        """By key; in the choice's line, escape only leaves that line."""
        if isinstance(self.focused, Input):
            self.query_one("#no").focus()
        else:
            self.dismiss(self._wish if answer else None)

    def action_choose(self) -> None:
        """Only some."""
        self.query_one("#only").focus()

    def action_all_pipelines(self) -> None:
        """All pipelines, or the one that is shown."""
        if self._others:
            self._want(replace(self._wish, pipelines=None if self._wish.pipelines else (self._shown,)))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """By button."""
        if event.button.id == "all":
            self.action_all_pipelines()
        else:
            self.dismiss(self._wish if event.button.id == "yes" else None)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another choice; it is counted when it is complete."""
        only = tuple(part.strip() for part in event.value.split(",") if part.strip())
        self._want(replace(self._wish, only=only))

    def on_input_submitted(self) -> None:
        """Count it."""
        self.query_one("#no").focus()
        self.run_worker(self._count_it(), group="count", exclusive=True, exit_on_error=False)

    def _want(self, wish: Wish) -> None:
        self._wish, self._counted = wish, None
        self._say(self._text_of(wish, None))

    async def _count_it(self) -> None:
        wish = self._wish
        if not wish.only:
            return
        self._say("Counting what that comes to.")
        try:
            self._counted = await self._count(wish)
        except (ConfigError, Fault) as fault:
            self._say(str(fault))
        else:
            self._say(self._text_of(wish, self._counted))

    def _say(self, text: str) -> None:
        self.query_one("#text", Static).update(text)
