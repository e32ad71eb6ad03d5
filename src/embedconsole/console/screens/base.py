"""The base of the screens under the number keys: status, sentence, keys, filter and look-ups."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar

from textual.containers import Container, Horizontal
from textual.screen import Screen

from embedconsole.console.text import width, wrapped_to
from embedconsole.console.views.dashboard_panels import keys_line, status_name, status_state
from embedconsole.console.widgets.base import Lines, Panel
from embedconsole.console.widgets.input import FilterInput
from embedconsole.console.widgets.list import ListPanel
from embedconsole.faults import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
    from pathlib import PurePath

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget
    from textual.worker import Worker

    from embedconsole.console.actions import Action
    from embedconsole.console.engine_client import EngineClient, EnginePoller
    from embedconsole.console.state import ConsoleState
    from embedconsole.console.text import Glyphs, Line, Tone
    from embedconsole.console.views.model import DashboardView
    from embedconsole.sync.inspect.failures import ChosenFailures
    from embedconsole.sync.run.engine import Engine


_COLUMNS = [(0, "-narrow"), (72, "-normal"), (110, "-wide"), (180, "-huge")]
_REST = 5
"""After a look-up, the next one waits this many times as long as it took."""
_ROWS = [(0, "-low"), (34, "-tall")]


_AGAIN = 2.0
"""Seconds after which a look that failed is tried once more."""


T = TypeVar("T")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Choice:
    """Some of the failed items, and how many they are as far as the screen knows."""

    chosen: ChosenFailures
    count: int


class ScreenHost(Protocol):
    """The console, as its screens know it."""

    glyphs: Glyphs
    state: ConsoleState
    poller: EnginePoller
    now: Callable[[], float]
    """Seconds since 1970."""

    @property
    def place(self) -> ConsoleScreen | None:
        """The screen that is shown, also while a dialog is open above it; None before the first."""
        ...

    def ready(self, action: str) -> EngineClient | None:
        """The engine client, if the action is possible now; otherwise None, and a notice says why."""
        ...

    async def open(self, dialog: Screen[Answer]) -> Answer:
        """Open a dialog; gives its answer."""
        ...

    def engine_asked(self) -> None:
        """An action waits for the engine before it opens anything; keys are passed on meanwhile."""
        ...

    @property
    def actions(self) -> Sequence[Action]:
        """All actions, under the operator's keys."""
        ...

    async def ask(self, work: Callable[[Engine], Awaitable[T]]) -> T:
        """Have something looked up in the engine's thread and loop; cancelled when the caller is.

        Raises:
            Fault, ConfigError: as `work` does; Unreachable while there is no engine yet, or none any more.
        """
        ...

    def say(self, text: str, *, alarm: bool = False) -> None:
        """Notify the operator, and write it to the log."""
        ...

    def copy(self, text: str) -> None:
        """Hand a text to the operator's clipboard, and say so."""
        ...

    def show(self, place: str) -> None:
        """Go to another screen by its name in the registry."""
        ...

    def draw(self) -> None:
        """Bring the screen up to date with the state."""
        ...


class ConsoleScreen(Screen[None]):
    """A screen; knows the console only as its `ScreenHost`.

    What it shows in addition to its view, it looks up: `look` is called when the screen comes up, and
    again when the world has changed, at most every `look_every` seconds.

    Attributes:
        place: Its name, as `Action.where` and `show('...')` have it.
        look_every: Seconds.
        fault: Why the last look failed; what is shown is then from an earlier one.
    """

    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = "base.tcss"
    HORIZONTAL_BREAKPOINTS = _COLUMNS
    VERTICAL_BREAKPOINTS = _ROWS
    place: ClassVar[str]
    look_every: ClassVar[float] = 2.0

    def __init__(self, host: ScreenHost) -> None:
        super().__init__()
        self.host = host
        self.fault: str | None = None
        self._view: DashboardView | None = None
        self._disabled: Collection[str] = ()
        self._renamed: Mapping[str, str] = {}
        self._status = Lines(id="status")
        self._state = Lines(id="state")
        self._sentence = Lines(id="sentence")
        self._keys = Lines(id="keys")
        self._filter_input = FilterInput()
        self._before_filter: str | None = None
        self._looking: Worker[None] | None = None
        self._look_at = 0.0
        self._unseen = False

    # What a screen is made of

    def compose(self) -> ComposeResult:
        """Status, sentence, the body, keys."""
        # Apart, because a line is sent from its widget's beginning, and only the state changes all the time.
        with Horizontal(id="top"):
            yield self._status
            yield self._state
        yield self._sentence
        with Container(id="body"):
            yield from self.compose_body()
        yield self._filter_input
        yield self._keys

    def compose_body(self) -> ComposeResult:
        """The widgets between the sentence and the keys."""
        raise NotImplementedError

    def show_view(self, view: DashboardView) -> None:
        """Show the part of the view that the body needs."""

    async def look(self) -> None:
        """Look up, by `host.ask`, what the view does not have, and show it. Faults are taken care of."""

    def filtered(self, text: str) -> None:
        """The operator filters by another text; empty for no filter."""

    @property
    def restless(self) -> bool:
        """Whether the looked-up data can change while the view stays the same."""
        return False

    @property
    def copyable(self) -> str:
        """The text that `y` copies: the chosen rows of a list, the whole text of a panel."""
        focused = self.focused
        return focused.copyable if isinstance(focused, (ListPanel, Panel)) else ""

    @property
    def choice(self) -> Choice | None:
        """The failed items that `r` retries; None for all of the pipeline."""
        return None

    def choice_done(self) -> None:
        """Something was done about the choice."""

    # Being shown

    def chosen(self) -> None:
        """The operator came by the key of the screen, perhaps once more."""

    def show(self, view: DashboardView, disabled: Collection[str], renamed: Mapping[str, str]) -> None:
        """Show this view; `disabled` and `renamed` are for the line of keys."""
        # A change that comes too soon for another look is looked at later.
        self._unseen = self._unseen or view != self._view
        self._view, self._disabled, self._renamed = view, disabled, renamed
        with self.app.batch_update():
            self._draw_lines()
            self.show_view(view)
        wanting = self._unseen or self.restless or self.fault is not None
        if wanting and time.monotonic() >= self._look_at:
            self.look_again()

    def on_screen_resume(self) -> None:
        """It is looked at, perhaps again."""
        self.host.draw()
        self.look_again()

    def on_resize(self, event: events.Resize) -> None:
        """More or less room."""
        self.call_after_refresh(self._draw_lines)

    def _draw_lines(self) -> None:
        cells = self.size.width - 2
        if self._view is None or cells <= 0:
            return
        state = status_state(self._view.status)
        name = status_name(self._view.status, cells - width(state) - 1, self.host.glyphs)
        self._status.draw([name])
        self._state.styles.width = width(state)
        self._state.draw([state])
        tone: Tone = "alert" if self._view.alarmed else "strong"
        height = self._sentence.size.height
        self._sentence.draw(wrapped_to(self._view.sentence, cells, height, tone))
        self._keys.draw([self.keys_here(cells)])

    def keys_here(self, cells: int) -> Line:
        """The line of keys: what is for this screen comes first."""
        offered = [action for action in self.host.actions if self.offers(action)]
        here = sorted(offered, key=lambda action: not action.where)
        return keys_line(here, cells, disabled=self._disabled, renamed=self._renamed)

    def offers(self, action: Action) -> bool:
        """Whether the action does anything on this screen as it is now."""
        return (not action.where or self.place in action.where) and action.id not in self.idle

    @property
    def idle(self) -> Collection[str]:
        """Actions of this screen that have nothing to do as it is now."""
        return ()

    # Looking things up

    def look_again(self) -> None:
        """Look once more, unless a look is running."""
        # Before the engine is open there is nothing to ask; its first view triggers a look.
        idle = self._looking is None or self._looking.is_finished
        if idle and self.host.state.client is not None:
            self.look_anew()

    def look_anew(self) -> None:
        """Look now, for something else: a running look is cancelled."""
        self._look_at = time.monotonic() + self.look_every
        self._unseen = False
        self._looking = self.run_worker(self._look, group="look", exclusive=True, exit_on_error=False)

    async def _look(self) -> None:
        began = time.monotonic()
        try:
            await self.look()
        except (Fault, ConfigError) as fault:
            self.fault = str(fault)
            self.look_failed(self.fault)
            # A recovery is seen soon, also on screens that seldom look.
            self._look_at = min(self._look_at, began + _AGAIN)
        else:
            self.fault = None
        now = time.monotonic()
        self._look_at = max(self._look_at, now + _REST * (now - began))

    def look_failed(self, fault: str) -> None:
        """Say that what is shown is of an earlier look, or why there is nothing to show."""

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Ignore actions of other screens: their keys may mean something else here."""
        elsewhere = {one.call for one in self.host.actions if one.where and self.place not in one.where}
        return f"screen.{action}" not in elsewhere

    def action_scroll(self, lines: int) -> None:
        """Scroll the focused panel, or move the cursor of the focused list."""
        if isinstance(self.focused, (Panel, ListPanel)):
            self.focused.scroll(lines)

    def action_open(self) -> None:
        """Details of what is under the cursor."""
        if isinstance(self.focused, ListPanel):
            self.focused.open()

    def action_back(self) -> None:
        """To where this was opened from; nothing where nothing can be opened."""

    def action_mark(self) -> None:
        """Mark what is under the cursor."""
        if isinstance(self.focused, ListPanel):
            self.focused.mark()

    def action_skip(self) -> None:
        """Let the chosen failed items be; nothing where none can be chosen."""

    def action_copy(self) -> None:
        """Copy what the focus is on."""
        self.host.copy(self.copyable)

    def action_filter(self) -> None:
        """Type a filter."""
        self._before_filter = None if self.focused is None else self.focused.id
        self._filter_input.open()

    def on_filter_input_filtered(self, event: FilterInput.Filtered) -> None:
        """Another filter."""
        self.filtered(event.text)

    def on_filter_input_closed(self) -> None:
        """Back to where the operator was."""
        if self._before_filter is not None:
            self.query_one(f"#{self._before_filter}").focus()


class ListScreen(ConsoleScreen):
    """A screen with a list and details: it shows `#list` until something is opened, then `#detail`.

    Attributes:
        in_detail: Whether the operator is in the detail.
    """

    AUTO_FOCUS = "#list"

    in_detail: bool = False

    def on_mount(self) -> None:
        """The list is what comes first."""
        self._swap(in_detail=False)

    def open_detail(self) -> None:
        """Show the detail."""
        self._swap(in_detail=True)

    @property
    def idle(self) -> Collection[str]:
        """The detail is left; the list is filtered and opened."""
        return ("filter", "open", "mark") if self.in_detail else ("back",)

    def action_back(self) -> None:
        """Show the list again, where the operator was in it."""
        if self.in_detail:
            self._swap(in_detail=False)

    def _swap(self, *, in_detail: bool) -> None:
        self.in_detail = in_detail
        self._draw_lines()
        for name, shown in (("#list", not in_detail), ("#detail", in_detail)):
            widget: Widget = self.query_one(name)
            widget.display = shown
            if shown:
                widget.focus()
