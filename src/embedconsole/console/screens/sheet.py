"""A sheet over the dashboard: lines that may still be coming in, and may be more than fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from embedconsole.console.text import Span
from embedconsole.console.widgets.base import Panel
from embedconsole.console.widgets.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from embedconsole.console.glyphs import Glyphs
    from embedconsole.console.text import Line


_USUAL_WIDTH = 72
_AROUND = 5


class Sheet(ModalScreen[None]):
    """Shows `lines_of(cells)`; `redraw` after something came in."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Close", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
        Binding("home,g", "scroll(-1000000)", show=False),
        Binding("end,G", "scroll(1000000)", show=False),
    ]

    def __init__(self, title: str, lines_of: Callable[[int], list[Line]], glyphs: Glyphs) -> None:
        super().__init__()
        self._lines_of = lines_of
        self._changes = 0
        self._panel: Panel[int] = Panel(
            title, 0, lambda _, cells, height: lines_of(cells), glyphs=glyphs, id="sheet"
        )

    def compose(self) -> ComposeResult:
        """The panel, and how to close it."""
        with Vertical(id="box"):
            yield self._panel
            yield Lines([(Span("esc", "strong"), Span(" closes", "muted"))], id="hint")

    def on_mount(self) -> None:
        """Ready to be sized."""
        self._take_room()

    def on_resize(self) -> None:
        """More or less room."""
        self._take_room()

    def redraw(self) -> None:
        """The lines are others now."""
        self._changes += 1
        self._panel.show(self._changes)
        self._take_room()

    def action_scroll(self, lines: int) -> None:
        """Scroll it."""
        self._panel.scroll(lines)

    def _take_room(self) -> None:
        """As high as its lines, at most as high as the screen."""
        lines = self._lines_of(self._panel.size.width or _USUAL_WIDTH)
        self._panel.styles.height = max(2, min(len(lines) + 1, self.app.size.height - _AROUND))
