"""All pipelines at a glance, what they depend on, and who works on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from embedconsole.console.screens.base import ConsoleScreen
from embedconsole.console.views.dashboard_panels import health_lines, hosts_lines
from embedconsole.console.views.model import HealthView, HostsView
from embedconsole.console.views.pipelines import pipeline_columns, pipeline_line
from embedconsole.console.widgets.base import Panel
from embedconsole.console.widgets.list import ListPanel

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from embedconsole.console.screens.base import ScreenHost
    from embedconsole.console.views.model import DashboardView, PipelineRow


class PipelinesScreen(ConsoleScreen):
    """Looks nothing up; the cursor does not switch the pipeline, enter does."""

    CSS_PATH = ["base.tcss", "pipelines.tcss"]  # noqa: RUF012 - Textual declares it
    AUTO_FOCUS = "#pipelines"
    place = "pipelines"

    def __init__(self, host: ScreenHost) -> None:
        super().__init__(host)
        self._filter = ""
        self._list: ListPanel[PipelineRow] = ListPanel(
            "Pipelines",
            key_of=lambda row: row.name,
            line_of=pipeline_line,
            columns_of=pipeline_columns,
            glyphs=host.glyphs,
            id="pipelines",
            empty="No pipeline has such a name.",
        )
        self._health = Panel(
            "Depends on",
            HealthView(),
            lambda view, cells, height: health_lines(view, cells),
            glyphs=host.glyphs,
            id="health",
            note_of=lambda _: host.state.pipeline.name,
        )
        self._hosts = Panel(
            "Processes",
            HostsView(),
            lambda view, cells, height: hosts_lines(view, cells),
            glyphs=host.glyphs,
            id="hosts",
        )

    def compose_body(self) -> ComposeResult:
        """A list and two panels."""
        yield self._list
        yield self._health
        yield self._hosts

    def show_view(self, view: DashboardView) -> None:
        """All of it is in the view."""
        rows = [row for row in view.pipelines if self._filter in row.name.lower()]
        self._list.show(rows, note=f"filter: {self._filter}" if self._filter else "")
        self._health.show(view.health)
        self._hosts.show(view.hosts)

    def filtered(self, text: str) -> None:
        """By name."""
        self._filter = text.lower()
        self.host.draw()

    @on(ListPanel.Chosen, "#pipelines")
    def _show_it(self) -> None:
        row = self._list.current
        if row is not None:
            self.host.state.show(row.name)
            self.host.show("dashboard")
