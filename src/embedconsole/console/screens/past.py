"""A screen that can show the past: one moment after another, while the present continues behind it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from embedconsole.console.replay import ReplayContext, earlier, later, leaped, replay_view
from embedconsole.console.screens.base import ConsoleScreen
from embedconsole.faults import Fault
from embedconsole.sync.observe.past import Seek, look_back

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from textual.binding import BindingType

    from embedconsole.console.screens.base import ScreenHost
    from embedconsole.console.views.model import DashboardView
    from embedconsole.sync.observe.past import Replayed

_ALL_THE_WAY = 1_000
"""Lines."""


class PastScreen(ConsoleScreen):
    """A screen that can show the past."""

    # The arrows are in the table of actions; these letters are other actions' on other screens.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h", "earlier", show=False),
        Binding("l", "later", show=False),
    ]

    def __init__(self, host: ScreenHost) -> None:
        super().__init__(host)
        self._past: Replayed | None = None
        self._to_open = host.state.launch.replay_from
        # Keys may be faster than the ledger; each goes from where the one before has led.
        self._turn = asyncio.Lock()

    def show(self, view: DashboardView, disabled: Collection[str], renamed: Mapping[str, str]) -> None:
        """Show the past, if the operator is there; who leaves, or has lost the engine, sees that."""
        state = self.host.state
        if state.leaving or state.sight.closed:
            self._stand(None)
        elif self._to_open is not None and state.client is not None:
            self._open(self._to_open)
            self._to_open = None
        past = self._past
        super().show(view if past is None else replay_view(past, self._replay_context), disabled, renamed)

    @property
    def _replay_context(self) -> ReplayContext:
        state = self.host.state
        keys = {action.id: action.key for action in self.host.actions}
        return ReplayContext(
            state.facts, state.facts.index(state.pipeline), self.host.now(), state.zone, keys
        )

    @property
    def past_moment(self) -> float | None:
        """The past moment that is shown, in seconds since 1970; None in the present."""
        return None if self._past is None else self._past.at

    def on_screen_suspend(self) -> None:
        """The other screens show the present."""
        self.host.state.looks_back = False

    def on_screen_resume(self) -> None:
        """Back where the operator was, be it in the past."""
        self.host.state.looks_back = self._past is not None

    def _stand(self, past: Replayed | None) -> None:
        self._past = past
        self.host.state.looks_back = past is not None and self.is_current

    # Keys

    def action_replay(self) -> None:
        """To the latest moment that is kept, or back to now."""
        if self._past is None:
            self._open(self.host.now())
        else:
            self.action_now()

    def action_now(self) -> None:
        """Back to the present."""
        if self._past is not None:
            self._stand(None)
            self.host.draw()

    def action_earlier(self) -> None:
        """The moment before."""
        self._move(earlier)

    def action_later(self) -> None:
        """The moment after; after the latest comes the present."""
        self._move(later)

    def action_leap(self, seconds: float) -> None:
        """So much later, or earlier when below zero."""
        self._move(partial(leaped, seconds=seconds))

    def action_scroll(self, lines: int) -> None:
        """All the way up is the earliest moment, all the way down the present; else it is the panel's."""
        if self._past is None or abs(lines) < _ALL_THE_WAY:
            super().action_scroll(lines)
        elif lines < 0:
            self._move(lambda _: Seek(0.0))
        else:
            self.action_now()

    # Moving

    def _open(self, moment: float) -> None:
        self.run_worker(self._opened(moment), group="replay", exit_on_error=False)

    def _move(self, seek_from: Callable[[float], Seek]) -> None:
        if self._past is not None:
            self.run_worker(self._moved(seek_from), group="replay", exit_on_error=False)

    async def _opened(self, moment: float) -> None:
        async with self._turn:
            if self._past is None and not await self._seek(Seek(moment)):
                self.host.say("Nothing is recorded yet: samples are taken while a console or a daemon is up.")

    async def _moved(self, seek_from: Callable[[float], Seek]) -> None:
        async with self._turn:
            if self._past is None:
                return  # Back in the present meanwhile.
            was = self._past.at
            seek = seek_from(was)
            if not await self._seek(seek):
                self.action_now()
            elif self._past.at == was and seek.until < was:
                self.host.say("Nothing older is kept.")

    async def _seek(self, seek: Seek) -> bool:
        """Go there; false when there is no such moment."""
        name = self.host.state.pipeline.name
        try:
            found = await self.host.ask(partial(look_back, pipeline=name, seek=seek))
        except Fault as fault:
            self.host.say(f"The past can't be read: {fault}", alarm=True)
            return True
        if found is None:
            return False
        self._stand(found)
        self.host.draw()
        return True
