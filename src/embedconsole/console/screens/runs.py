"""The runs of all processes: what each did, took and cost, and how it ended."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import on

from embedconsole.console.screens.base import ListScreen
from embedconsole.console.text import clean
from embedconsole.console.views.runs import (
    matching,
    newest_first,
    present,
    run_columns,
    run_detail_lines,
    run_line,
    run_row,
    run_view,
)
from embedconsole.console.widgets.base import Panel
from embedconsole.console.widgets.list import ListPanel
from embedconsole.sync.observe.run_history import recent_runs, run_detail

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from embedconsole.console.screens.base import ScreenHost
    from embedconsole.console.views.model import DashboardView
    from embedconsole.console.views.runs import Present, RunView
    from embedconsole.sync.observe.run_history import PastRun, RunInDetail

_PAGE = 200
_EMPTY = (
    "No runs yet. Every pass over the catalog gets a line: what it embedded, wrote and deleted, how long "
    "it took and what it cost. Press s for the first."
)


class RunsScreen(ListScreen):
    """Older runs are looked up when the cursor comes near them, or all of them for a filter."""

    place = "runs"

    def __init__(self, host: ScreenHost) -> None:
        super().__init__(host)
        self._runs: dict[int, PastRun] = {}
        self._oldest_seen = False
        self._more = False
        self._filter = ""
        self._away = ""
        self._opened: int | None = None
        self._detail_seen: RunInDetail | None = None
        self._priced = False
        self._list: ListPanel[PastRun] = ListPanel(
            "Runs",
            key_of=lambda run: str(run.id),
            line_of=lambda run, cells: run_line(run_row(run, self._present), cells, priced=self._priced),
            columns_of=lambda cells: run_columns(cells, priced=self._priced),
            glyphs=host.glyphs,
            id="list",
            empty="Asking the ledger.",
        )
        self._detail: Panel[RunView | None] = Panel(
            "Run",
            None,
            lambda view, cells, height: run_detail_lines(view, cells),
            glyphs=host.glyphs,
            id="detail",
            note_of=lambda view: "" if view is None else f"{view.number}, esc goes back",
        )

    def compose_body(self) -> ComposeResult:
        """The list, and one of them in full."""
        yield self._list
        yield self._detail

    @property
    def _present(self) -> Present:
        state = self.host.state
        return present(state.snapshot, state.offset, state.zone)

    def show_view(self, view: DashboardView) -> None:
        """Ages, and the run that is in progress here, are those of the moment."""
        if self._runs:
            self._show_runs()
        self._show_detail()

    # Looking things up

    async def look(self) -> None:
        """The newest runs; older ones don't change."""
        newest = await self.host.ask(partial(recent_runs, limit=_PAGE))
        self._away = ""
        if newest and self._runs and newest[-1].id > max(self._runs):
            # So many since the last look that there may be a gap.
            self._runs.clear()
        self._oldest_seen = self._oldest_seen and bool(self._runs)
        self._keep(newest)
        while (self._more or self._filter) and not self._oldest_seen:
            self._more = False
            self._keep(await self.host.ask(partial(recent_runs, limit=_PAGE, before=min(self._runs))))
            self._show_runs()
        if self._opened is not None:
            self._detail_seen = await self.host.ask(partial(run_detail, number=self._opened))
        self._show_runs()
        self._show_detail()

    def _keep(self, page: tuple[PastRun, ...]) -> None:
        self._oldest_seen = self._oldest_seen or len(page) < _PAGE
        self._runs.update((run.id, run) for run in page)

    def look_failed(self, fault: str) -> None:
        """The heading says it; what is shown is from before."""
        self._away = clean(fault)
        self._show_runs()

    @on(ListPanel.NearEnd, "#list")
    def _ask_for_more(self) -> None:
        if not self._oldest_seen and self._runs:
            self._more = True
            self.look_again()

    # Showing

    def _show_runs(self) -> None:
        self._priced = any(run.cost is not None for run in self._runs.values())
        runs = newest_first(matching(list(self._runs.values()), self._filter))
        at_newest = self._list.at_first
        self._list.show(runs, note=self._note(len(runs)), empty=self._empty)
        if at_newest:
            # A cursor on the newest run stays on the newest.
            self._list.scroll(-len(runs))

    def _note(self, count: int) -> str:
        if self._away:
            return self._away
        if self._filter:
            return f"{count:,} of {len(self._runs):,} with {self._filter}"
        return f"{len(self._runs):,}{'' if self._oldest_seen else ' and older ones'}"

    @property
    def _empty(self) -> str:
        if self._away:
            return self._away
        return "No run that is kept has all of these words." if self._filter else _EMPTY

    def _show_detail(self) -> None:
        seen = self._detail_seen
        if seen is not None and seen.run.id == self._opened:
            self._detail.show(run_view(seen, self._present))

    # Keys

    def filtered(self, text: str) -> None:
        """By words, in all runs that are kept."""
        self._filter = text
        self._show_runs()
        self.look_anew()

    @on(ListPanel.Chosen, "#list")
    def _open_it(self) -> None:
        run = self._list.current
        if run is not None:
            self._opened = run.id
            self._detail.show(None)
            self.open_detail()
            self.look_anew()

    def action_back(self) -> None:
        """To the list."""
        self._opened = None
        super().action_back()
