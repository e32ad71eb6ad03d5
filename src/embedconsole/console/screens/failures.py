"""The failures screen: causes, the items of one, an item in full; `enter` opens and `esc` goes back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding

from embedconsole.console.screens.base import ConsoleScreen
from embedconsole.console.screens.failures_lists import CauseList, FailedList
from embedconsole.console.screens.item import BlamePanel, ItemPanel
from embedconsole.console.text import counted
from embedconsole.console.widgets.list import ListPanel
from embedconsole.faults import ConfigError, Fault
from embedconsole.sync.inspect.failures import skip_chosen

if TYPE_CHECKING:
    from collections.abc import Collection

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.timer import Timer

    from embedconsole.console.screens.base import Choice, ScreenHost
    from embedconsole.console.views.model import DashboardView

_TYPING = 0.15
"""Seconds without another letter before a filter is looked up."""


class FailuresScreen(ConsoleScreen):
    """Shows one level at a time, and below it what happened to what is under the cursor."""

    CSS_PATH = ["base.tcss", "failures.tcss"]  # noqa: RUF012 - Textual declares it
    AUTO_FOCUS = "#causes"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("h,left", "back", show=False)]
    place = "failures"

    def __init__(self, host: ScreenHost) -> None:
        super().__init__(host)
        self._causes, self._items, self._item = CauseList(host), FailedList(host), ItemPanel(host)
        self._level: CauseList | FailedList | ItemPanel = self._causes
        self._blame = BlamePanel(host)
        self._pipeline = host.state.pipeline.name
        self._typing: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """The levels, of which one is shown, and the error in full."""
        yield self._causes
        yield self._items
        yield self._item
        yield self._blame

    def on_mount(self) -> None:
        """The causes come first."""
        self._go_to(self._causes)

    def show_view(self, view: DashboardView) -> None:
        """Ages are those of the moment."""
        self._level.tick()

    # Looking things up

    async def look(self) -> None:
        """Ask for what this level shows; another pipeline is looked at from its causes on."""
        if self._pipeline != self.host.state.pipeline.name:
            self._pipeline = self.host.state.pipeline.name
            self._go_to(self._causes)
        await self._level.look()
        self._tell()

    def look_failed(self, fault: str) -> None:
        """Keep the last data; a line below says why there is nothing newer."""
        self._level.fail()
        self._blame.tell_fault(fault)

    def filtered(self, text: str) -> None:
        """By key or error, once the operator has paused."""
        if isinstance(self._level, ListPanel):
            self._level.sought = text
            if self._typing is not None:
                self._typing.stop()
            self._typing = self.set_timer(_TYPING, self.look_anew)

    @on(ListPanel.NearEnd, "#items")
    def _near_end(self) -> None:
        self.run_worker(self._look_further(), group="further", exclusive=True, exit_on_error=False)

    async def _look_further(self) -> None:
        try:
            await self._items.look_further()
        except (Fault, ConfigError) as fault:
            self.look_failed(str(fault))

    # Going deeper, and back

    @on(ListPanel.Chosen, "#causes")
    def _open_cause(self) -> None:
        group = self._causes.current
        if group is not None:
            self._items.of(group, self._causes.sought)
            self._go_to(self._items)
            self.look_anew()

    @on(ListPanel.Chosen, "#items")
    def _open_item(self) -> None:
        item = self._items.current
        if item is not None:
            self._item.of(item.key)
            self._go_to(self._item)
            self.look_anew()

    def action_back(self) -> None:
        """A level up, where the operator was in it."""
        if self._level is not self._causes:
            self._go_to(self._items if self._level is self._item else self._causes)
            self.look_anew()

    def _go_to(self, level: CauseList | FailedList | ItemPanel) -> None:
        self._level = level
        for one in (self._causes, self._items, self._item):
            one.display = one is level
        if isinstance(level, ListPanel):
            self._filter_input.value = level.sought
        level.focus()
        self._draw_lines()
        self._tell()

    @on(ListPanel.Moved)
    def _tell(self) -> None:
        blame = self._level.blame
        if blame != self._blame.view:
            self._blame.scroll(-self._blame.window.first)
            self._blame.show(blame)

    # Actions

    @property
    def idle(self) -> Collection[str]:
        """The lists are filtered and opened; what is deeper is left."""
        if self._level is self._item:
            return ("filter", "open", "mark")
        return ("back",) if self._level is self._causes else ()

    def action_filter(self) -> None:
        """An item in full has nothing to filter."""
        if isinstance(self._level, ListPanel):
            super().action_filter()
        else:
            self.host.say("The filter is for the lists; esc goes back to them.")

    @property
    def choice(self) -> Choice:
        """The items that an action is about."""
        return self._level.choice

    def choice_done(self) -> None:
        """It was put back or skipped: the marks have served."""
        if isinstance(self._level, ListPanel):
            self._level.unmark()
        self.look_anew()

    def action_skip(self) -> None:
        """Let the chosen ones be until their content changes."""
        why_not = self.host.state.why_not
        if why_not is not None:
            self.host.say(why_not)
        elif self.choice.count:
            self.run_worker(self._skip(self.choice), group="skip", exit_on_error=False)

    async def _skip(self, choice: Choice) -> None:
        facts = self.host.state.pipeline
        try:
            count = await self.host.ask(partial(skip_chosen, pipeline=facts.name, chosen=choice.chosen))
        except (Fault, ConfigError) as fault:
            self.host.say(str(fault), alarm=True)
            return
        if count:
            self.host.say(f"{counted(count, facts.noun)} skipped until the content changes; r undoes it.")
        else:
            self.host.say("Only failed items can be skipped.")
        self.choice_done()
