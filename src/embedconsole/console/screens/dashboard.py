"""The dashboard: is everything fine, what is going on, and what wants you."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Container
from textual.screen import Screen

from embedconsole.console.panels.backlog import backlog_lines
from embedconsole.console.panels.collection import collection_lines
from embedconsole.console.panels.errors import error_lines
from embedconsole.console.panels.in_flight import in_flight_lines, in_flight_note
from embedconsole.console.panels.keys import keys_line
from embedconsole.console.panels.status import status_line
from embedconsole.console.panels.wrapping import wrapped_to
from embedconsole.console.view import BacklogView, CollectionView, ErrorsView, InFlightView
from embedconsole.console.widgets.lines import Lines
from embedconsole.console.widgets.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from textual import events
    from textual.app import ComposeResult

    from embedconsole.console.actions import Action
    from embedconsole.console.glyphs import Glyphs
    from embedconsole.console.text import Tone
    from embedconsole.console.view import DashboardView

_BREAKPOINTS = [(0, "-narrow"), (72, "-normal"), (110, "-wide")]


class Dashboard(Screen[None]):
    """Shows a `DashboardView`; knows nothing of the engine."""

    CSS_PATH = "dashboard.tcss"
    AUTO_FOCUS = "#errors"
    HORIZONTAL_BREAKPOINTS = _BREAKPOINTS

    def __init__(self, actions: Sequence[Action], glyphs: Glyphs) -> None:
        super().__init__()
        self._actions = actions
        self._glyphs = glyphs
        self._view: DashboardView | None = None
        self._disabled: Collection[str] = ()
        self._renamed: Mapping[str, str] = {}
        self._status = Lines(id="status")
        self._sentence = Lines(id="sentence")
        self._keys = Lines(id="keys")
        self._backlog = Panel(
            "Backlog",
            BacklogView(),
            lambda view, cells, height: backlog_lines(view, cells, height, glyphs),
            glyphs=glyphs,
            id="backlog",
        )
        self._in_flight = Panel(
            "In flight",
            InFlightView(),
            lambda view, cells, height: in_flight_lines(view, cells),
            glyphs=glyphs,
            note_of=in_flight_note,
            id="in-flight",
        )
        self._collection = Panel(
            "Collection", CollectionView(), collection_lines, glyphs=glyphs, id="collection"
        )
        self._errors = Panel(
            "Errors",
            ErrorsView(),
            lambda view, cells, height: error_lines(view, cells),
            glyphs=glyphs,
            tail=True,
            id="errors",
        )

    def compose(self) -> ComposeResult:
        """Status, sentence, four panels, keys."""
        yield self._status
        yield self._sentence
        with Container(id="panels"):
            yield self._backlog
            yield self._in_flight
            yield self._collection
            yield self._errors
        yield self._keys

    def show(self, view: DashboardView, disabled: Collection[str], renamed: Mapping[str, str]) -> None:
        """Show this view; `disabled` and `renamed` are for the line of keys."""
        self._view, self._disabled, self._renamed = view, disabled, renamed
        with self.app.batch_update():
            self._draw_lines()
            self._backlog.show(view.backlog)
            self._in_flight.show(view.in_flight)
            self._collection.show(view.collection)
            self._errors.show(view.errors)

    def on_resize(self, event: events.Resize) -> None:
        """More or less room."""
        self.call_after_refresh(self._draw_lines)

    def action_scroll(self, lines: int) -> None:
        """Scroll the focused panel."""
        if isinstance(self.focused, Panel):
            self.focused.scroll(lines)

    def _draw_lines(self) -> None:
        cells = self.size.width - 2
        if self._view is None or cells <= 0:
            return
        self._status.draw([status_line(self._view.status, cells, self._glyphs)])
        tone: Tone = "alert" if self._view.alarmed else "strong"
        height = self._sentence.size.height
        self._sentence.draw(wrapped_to(self._view.sentence, cells, height, tone))
        keys = keys_line(self._actions, cells, disabled=self._disabled, renamed=self._renamed)
        self._keys.draw([keys])
