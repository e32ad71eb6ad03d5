"""The console: an engine in a thread of its own, looked at once a second, and steered by keys."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from textual import work
from textual.app import App, SystemCommand
from textual.message import Message
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from embedconsole.config.paths import state_dir
from embedconsole.console import commands as flows
from embedconsole.console import commands as steering
from embedconsole.console import commands as verifying
from embedconsole.console.actions import BY_ID, bindings, remapped
from embedconsole.console.clipboard import copied
from embedconsole.console.engine_client import EnginePoller
from embedconsole.console.keyboard import Keyboard
from embedconsole.console.screens.base import ConsoleScreen
from embedconsole.console.screens.dialogs import Sheet, help_lines
from embedconsole.console.screens.registry import PLACES
from embedconsole.console.state import ConsoleState
from embedconsole.console.text import ControlFilter, EncodingFilter, clean
from embedconsole.console.theme import DARK, LIGHT
from embedconsole.faults import Unreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from contextlib import AbstractContextManager
    from datetime import tzinfo

    from textual.events import Event
    from textual.filter import LineFilter
    from textual.notifications import SeverityLevel
    from textual.screen import Screen

    from embedconsole.console.actions import Action
    from embedconsole.console.engine_client import EngineClient
    from embedconsole.console.launch import Launch
    from embedconsole.console.screens.base import Answer, ScreenHost
    from embedconsole.console.text import Glyphs
    from embedconsole.sync.run.engine import Engine

T = TypeVar("T")

_TOAST_SECONDS, _ALARM_SECONDS = 4, 8

log = logging.getLogger("embedconsole")


class Console(App[int]):
    """The Textual app; `run` returns the signal that ended it, or 0.

    Args:
        open_client: Opens the engine; called in the poller's thread.
        clock: Seconds since 1970.
        offset: Seconds from the engine's clock to the time since 1970; None to measure it.
        zone: The operator's time zone; None for the machine's.
    """

    TITLE = "embedconsole"
    BINDINGS = bindings()
    # No two terminals agree on how wide the palette's picture of a lens is.
    # A notification covers no more of the screen than it needs.
    CSS = "CommandPalette SearchIcon { display: none; } Toast { padding: 0 1; margin-top: 0; }"
    # A mode a screen, each with its own modals; the stylesheet of a default screen would not be read.
    DEFAULT_MODE = "dashboard"

    class News(Message):
        """The poller has something new."""

    def __init__(
        self,
        launch: Launch,
        open_client: Callable[[], AbstractContextManager[EngineClient]],
        *,
        glyphs: Glyphs,
        clock: Callable[[], float] = time.time,
        offset: float | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        plain = "NO_COLOR" in os.environ
        super().__init__(ansi_color=True if plain else None)
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = "ansi-dark" if plain else DARK.name
        # Nothing moves but what changed.
        self.animation_level = "none"
        self.set_keymap(dict(launch.keys))
        self.state = ConsoleState(launch, clock() - time.monotonic() if offset is None else offset, zone)
        self.poller = EnginePoller(open_client, self._tell)
        self.glyphs = glyphs
        self.now = clock
        self._actions = remapped(launch.keys)
        for name, make in PLACES.items():
            self.add_mode(name, partial(make, self))
        self._net: list[LineFilter] = [ControlFilter()]
        if not glyphs.unicode:
            self._net.append(EncodingFilter(sys.stderr.encoding or "ascii"))
        self._ended_by = 0
        self._keyboard = Keyboard(self)

    async def on_event(self, event: Event) -> None:
        """A key waits until the one before has taken effect."""
        if not self._keyboard.holds(event):
            await super().on_event(event)
            self._keyboard.follow(event)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Whatever is drawn goes through the net."""
        return [*super().get_line_filters(), *self._net]

    def on_mount(self) -> None:
        """The first picture does not wait for the engine."""
        self.draw()
        self.poller.start()
        # Back from the shell, nothing of the screen is there any more; Textual draws only what has changed.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))

    def _tell(self) -> None:
        """Called by the poller, in its thread."""
        self.post_message(self.News())

    def on_console_news(self) -> None:
        """Take the latest, however much there was."""
        sight = self.poller.take()
        self.state.see(sight)
        if sight.closed and (self.state.leaving or self.state.snapshot is None):
            self.exit(self._ended_by)
            return
        if sight.closed:
            log.error("the console lost its engine", exc_info=sight.error)
        self.draw()

    @property
    def actions(self) -> Sequence[Action]:
        """All actions, under the operator's keys."""
        return self._actions

    @property
    def place(self) -> ConsoleScreen | None:
        """The screen that is shown, be it below a question; None while there is none yet."""
        bottom = next(iter(self.screen_stack), None)
        return bottom if isinstance(bottom, ConsoleScreen) else None

    def draw(self) -> None:
        """Bring the screen up to date; what has not changed is not drawn."""
        disabled = [action.id for action in self._actions if not self.state.may(action.effect)]
        renamed = {"pause": "resume"} if self.state.paused else {}
        if self.place is not None:
            self.place.show(self.state.view(), disabled, renamed)

    async def ask(self, work: Callable[[Engine], Awaitable[T]]) -> T:
        """Required by `ScreenHost`."""
        client = self.state.client
        if client is None:
            raise Unreachable("engine", "closed" if self.state.sight.closed else "still opening the ledger")
        return await asyncio.wrap_future(client.ask(work))

    def show(self, place: str) -> None:
        """Required by `ScreenHost`."""
        self.switch_mode(place)

    def copy(self, text: str) -> None:
        """Required by `ScreenHost`."""
        if not text:
            self.say("There is nothing to copy here.")
            return
        what = copied(text, state_dir(), os.environ)
        if what.sequence is not None and self._driver is not None:
            self._driver.write(what.sequence)
        self.say(what.words)

    def say(self, text: str, *, alarm: bool = False) -> None:
        """Notify the operator, and write it to the log."""
        log.log(logging.WARNING if alarm else logging.INFO, "console: %s", text)
        severity: SeverityLevel = "error" if alarm else "information"
        seconds = _ALARM_SECONDS if alarm else _TOAST_SECONDS
        self.notify(clean(text), severity=severity, markup=False, timeout=seconds)

    def ready(self, action: str) -> EngineClient | None:
        """The engine client, if the action is possible now; otherwise None, and a notice says why."""
        if BY_ID[action].changes or self.state.client is None:
            why_not = self.state.why_not
            if why_not is not None:
                self.say(why_not)
                return None
        return self.state.client

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Report and log an unexpected error of an action; the console continues."""
        if event.state is WorkerState.ERROR:
            log.error("an action of the console failed", exc_info=event.worker.error)
            self.say(f"That failed by an error of embedconsole itself ({event.worker.error!r}).", alarm=True)

    def _open(self, group: str, flow: Callable[[ScreenHost], Awaitable[None]]) -> None:
        """Start a flow that opens a dialog; the keys typed meanwhile are for the dialog."""
        opened = self._keyboard.opens()

        async def run() -> None:
            try:
                await flow(self)
            finally:
                opened.set()

        self.run_worker(run(), group=group, exclusive=True, exit_on_error=False)

    async def open(self, dialog: Screen[Answer]) -> Answer:
        """Required by `ScreenHost`."""
        answer = self.push_screen(dialog, wait_for_dismiss=True)
        self._keyboard.opened()
        return await asyncio.shield(answer)

    def engine_asked(self) -> None:
        """Required by `ScreenHost`."""
        self._keyboard.opened()

    # The actions, under the names of the table

    @work(group="switch", exit_on_error=False)
    async def action_sync(self) -> None:
        """Run now."""
        await steering.sync(self)

    @work(group="switch", exit_on_error=False)
    async def action_pause(self) -> None:
        """Pause, or go on."""
        await steering.pause(self)

    @work(group="switch", exit_on_error=False)
    async def action_workers_more(self) -> None:
        """One more."""
        await steering.change_workers(self, "workers_more", 1)

    @work(group="switch", exit_on_error=False)
    async def action_workers_fewer(self) -> None:
        """One fewer."""
        await steering.change_workers(self, "workers_fewer", -1)

    def action_retry(self) -> None:
        """Put failures back."""
        self._open("question", flows.retry)

    def action_force(self) -> None:
        """Embed everything again."""
        self._open("question", flows.force)

    def action_cancel(self) -> None:
        """End the present run."""
        self._open("question", flows.cancel)

    def action_init(self) -> None:
        """Create or compare the collection."""
        self._open("question", flows.init)

    def action_test(self) -> None:
        """Try everything."""
        self._open("question", flows.test)

    def action_verify(self) -> None:
        """Compare everything with everything."""
        self._open("verify", verifying.verify)

    def action_next_pipeline(self) -> None:
        """Show the next one."""
        steering.switch(self, 1)

    def action_previous_pipeline(self) -> None:
        """Show the one before."""
        steering.switch(self, -1)

    def action_show(self, place: str) -> None:
        """Another screen."""
        self.show(place)
        if self.place is not None:
            self.place.chosen()

    def action_help(self) -> None:
        """All keys."""
        here = "" if self.place is None else self.place.place
        self.push_screen(Sheet("Keys", partial(help_lines, self._actions, here), self.glyphs))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: the same actions by name, and the colours."""
        for action in self._actions:
            if action.in_palette:
                call = partial(self.run_action, action.call or action.id)
                yield SystemCommand(f"{action.title}  ({action.key})", action.help, call)
        yield SystemCommand("Colours", "Choose another theme.", self.action_change_theme)

    def action_command_palette(self) -> None:
        """Its cursor does not blink: that alone would be 2 KB a second."""
        super().action_command_palette()
        for box in self.screen.query(Input):
            box.cursor_blink = False

    async def action_quit(self) -> None:
        """Finish what is in flight, then leave; the second time, leave at once."""
        self.leave()

    def leave(self, signal_number: int = 0) -> None:
        """As `action_quit`; `signal_number` is what asked for it, 0 for the operator."""
        self._ended_by = self._ended_by or signal_number
        self.state.leaving += 1
        client = self.state.client
        self.poller.leave()
        if client is None:
            self.exit(self._ended_by)
        elif self.state.leaving > 1:
            client.stop()
            self.exit(self._ended_by)
        else:
            client.drain()
            self.draw()
