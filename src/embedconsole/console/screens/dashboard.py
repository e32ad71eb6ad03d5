"""The dashboard: is everything fine, what is going on, and what wants you."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.panels.backlog import backlog_lines
from embedconsole.console.panels.collection import collection_lines
from embedconsole.console.panels.errors import error_lines
from embedconsole.console.panels.in_flight import in_flight_lines, in_flight_note
from embedconsole.console.screens.place import Place
from embedconsole.console.view import BacklogView, CollectionView, ErrorsView, InFlightView
from embedconsole.console.widgets.panel import Panel

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from embedconsole.console.desk import Desk
    from embedconsole.console.view import DashboardView


class Dashboard(Place):
    """Shows a `DashboardView`; looks nothing up."""

    CSS_PATH = ["place.tcss", "dashboard.tcss"]  # noqa: RUF012 - Textual declares it
    AUTO_FOCUS = "#errors"
    place = "dashboard"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        glyphs = desk.glyphs
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

    def compose_body(self) -> ComposeResult:
        """Four panels."""
        yield self._backlog
        yield self._in_flight
        yield self._collection
        yield self._errors

    def show_view(self, view: DashboardView) -> None:
        """A panel each."""
        self._backlog.show(view.backlog)
        self._in_flight.show(view.in_flight)
        self._collection.show(view.collection)
        self._errors.show(view.errors)
