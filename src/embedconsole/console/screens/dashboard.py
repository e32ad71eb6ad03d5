"""The dashboard: whether all is well, what is running, and what needs attention; now, or at a past moment."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.containers import Container

from embedconsole.console.history import HistoryView, history_view, marked
from embedconsole.console.screens.past import PastScreen
from embedconsole.console.views.collection_panels import collection_lines
from embedconsole.console.views.dashboard_panels import (
    backlog_lines,
    error_lines,
    errors_note,
    errors_with,
    health_lines,
    history_lines,
    hosts_lines,
    in_flight_lines,
    in_flight_note,
    latest_lines,
)
from embedconsole.console.views.model import (
    BacklogView,
    CollectionView,
    ErrorsView,
    HealthView,
    HostsView,
    InFlightView,
    LatestView,
)
from embedconsole.console.widgets.base import Panel
from embedconsole.sync.observe.past import past_day

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from embedconsole.console.screens.base import ScreenHost
    from embedconsole.console.views.model import DashboardView

_BEHIND = {
    "backlog": "failures",
    "in-flight": "pipelines",
    "history": "runs",
    "collection": "collection",
    "errors": "log",
    "health": "pipelines",
    "latest": "runs",
    "hosts": "pipelines",
}
"""Panel to the screen that has all of it."""


class DashboardScreen(PastScreen):
    """Shows a `DashboardView`; what was done in the last day it looks up, where there is room for it."""

    CSS_PATH = ["base.tcss", "dashboard.tcss"]  # noqa: RUF012 - Textual declares it
    AUTO_FOCUS = "#errors"
    place = "dashboard"
    look_every = 60.0

    def __init__(self, host: ScreenHost) -> None:
        super().__init__(host)
        glyphs = host.glyphs
        self._day = HistoryView()
        self._sought = ""
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
            lambda view, cells, height: in_flight_lines(view, cells, height, glyphs),
            glyphs=glyphs,
            note_of=in_flight_note,
            id="in-flight",
        )
        self._history = Panel(
            "24 hours",
            HistoryView(),
            lambda view, cells, height: history_lines(view, cells, height, glyphs),
            glyphs=glyphs,
            id="history",
        )
        self._collection = Panel(
            "Collection", CollectionView(), collection_lines, glyphs=glyphs, id="collection"
        )
        self._errors = Panel(
            "Errors",
            ErrorsView(),
            lambda view, cells, height: error_lines(view, cells),
            glyphs=glyphs,
            note_of=errors_note,
            tail=True,
            id="errors",
        )
        self._health = Panel(
            "Depends on",
            HealthView(),
            lambda view, cells, height: health_lines(view, cells),
            glyphs=glyphs,
            id="health",
        )
        self._latest = Panel(
            "Runs",
            LatestView(),
            lambda view, cells, height: latest_lines(view, cells),
            glyphs=glyphs,
            id="latest",
        )
        self._hosts = Panel(
            "Processes",
            HostsView(),
            lambda view, cells, height: hosts_lines(view, cells),
            glyphs=glyphs,
            id="hosts",
        )

    def compose_body(self) -> ComposeResult:
        """Four panels always, and more where there is room."""
        with Container(id="main"):
            yield self._backlog
            yield self._in_flight
            yield self._history
            yield self._collection
            yield self._errors
            yield self._health
        with Container(id="side"):
            yield self._latest
            yield self._hosts

    def show_view(self, view: DashboardView) -> None:
        """A panel each."""
        self._backlog.show(view.backlog)
        self._in_flight.show(view.in_flight)
        self._collection.show(view.collection)
        self._errors.show(errors_with(view.errors, self._sought))
        self._health.show(view.health)
        self._latest.show(view.latest)
        self._hosts.show(view.hosts)
        self._show_day()

    async def look(self) -> None:
        """The last 24 hours of all processes."""
        if self._history.display:
            day = await self.host.ask(partial(past_day, pipeline=self.host.state.pipeline.name))
            self._day = history_view(day, self.host.state.zone)
            self._show_day()

    def _show_day(self) -> None:
        self._history.show(marked(self._day, self.past_moment))

    def filtered(self, text: str) -> None:
        """Filter the errors; the figures next to them stay."""
        self._sought = text
        self.host.draw()

    def action_filter_errors(self) -> None:
        """Type a filter."""
        self.action_filter()

    def action_open_panel(self) -> None:
        """Open the screen that the focused panel belongs to."""
        if self.focused is not None and self.focused.id in _BEHIND:
            self.host.show(_BEHIND[self.focused.id])
