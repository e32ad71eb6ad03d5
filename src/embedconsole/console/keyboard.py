"""Keys and pastes reach the screen one at a time: each when the one before it has taken effect."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.events import Key, Paste
from textual.widgets import Input

from embedconsole.console.screens.dialogs import AskDialog

if TYPE_CHECKING:
    from textual.app import App
    from textual.events import Event
    from textual.screen import Screen

_ROUNDS = 4
"""Ways from the focused widget up to the app: for the key, the message of its action, the message that
the answer to it posts, and the change of focus."""
_PATIENCE = 2.0
"""Seconds after which a widget that does not answer holds up the keyboard no longer."""
_BURST = 0.02
"""Seconds between two keys; faster ones are pasted or typed ahead, without a look at the screen."""


class Keyboard:
    """Queue of the typed keys and pasted texts.

    Textual sends a key to the widget that has the focus when the key is read, and a key that opens an input
    changes the focus later. Without the queue the text typed after it would act as keys of the screen.

    Two kinds of keys are dropped: those that a question does not take yet, and the rest of a burst in which
    an input was closed, or in which a key did not open what it opens.
    """

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._waiting: deque[Key | Paste] = deque()
        self._current: Key | Paste | None = None
        self._effect: asyncio.Task[None] | None = None
        self._opening: asyncio.Event | None = None
        self._dropped_at = float("-inf")

    def holds(self, event: Event) -> bool:
        """Whether the event is kept back, or dropped; one that is kept is posted again later."""
        if not isinstance(event, (Key, Paste)) or event.is_forwarded or event is self._current:
            return False
        self._waiting.append(event)
        if self._current is None:
            self._next()
        return event is not self._current

    @property
    def idle(self) -> bool:
        """Whether all keys that were read have taken effect."""
        return self._current is None

    def follow(self, event: Event) -> None:
        """The event was sent on its way: the next one waits for its effect."""
        if event is self._current and self._effect is None:
            self._effect = asyncio.create_task(self._follow(event))

    def opens(self) -> asyncio.Event:
        """The current key opens something: keys wait until it is open, or `opened` or the event says so."""
        if self._opening is not None:
            self._opening.set()
        self._opening = asyncio.Event()
        return self._opening

    def opened(self) -> None:
        """What the current key opens is on the screen, or waits for the engine."""
        if self._opening is not None:
            self._opening.set()

    def _next(self) -> None:
        self._current = None
        while self._waiting and self._current is None:
            event = self._waiting.popleft()
            if event.time - self._dropped_at < _BURST:
                self._dropped_at = event.time
            elif not isinstance(event, Key) or self._taken(event):
                self._current = event

    def _taken(self, key: Key) -> bool:
        screen = self._screen
        return not isinstance(screen, AskDialog) or screen.takes(key)

    @property
    def _screen(self) -> Screen[object] | None:
        stack = self._app.screen_stack
        return stack[-1] if stack else None

    async def _follow(self, event: Key | Paste) -> None:
        before, typed = self._screen, isinstance(self._app.focused, Input)
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                for _ in range(_ROUNDS):
                    await self._round()
                    if self._opening is not None:
                        await self._opening.wait()
        unopened = self._opening is not None and self._screen is before
        if unopened or (typed and not isinstance(self._app.focused, Input)):
            self._dropped_at = event.time
        self._opening = self._effect = None
        self._next()
        if self._current is not None:
            self._app.post_message(self._current)

    async def _round(self) -> None:
        """Wait until each on the way of a key, from the focus up, has done what it was sent so far."""
        start = self._app.focused or self._screen
        for pump in () if start is None else start.ancestors_with_self:
            done = asyncio.Event()
            if pump.call_later(done.set):
                await done.wait()
