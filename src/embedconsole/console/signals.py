"""Signals that end the console: it drains first, and it ends even when its terminal is gone."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from embedconsole.console.app import Console

_DRAIN_SECONDS = 120.0
_LEAVE_SECONDS = 5.0
_NAMES = ("SIGHUP", "SIGTERM", "SIGINT")
_SIGNALS = [number for name in _NAMES if (number := getattr(signal, name, None)) is not None]
_HANG_UP = getattr(signal, "SIGHUP", None)


@contextmanager
def interruptible(console: Console) -> Iterator[None]:
    """Have the console leave at a signal; main thread only."""

    def receive(number: int, frame: FrameType | None) -> None:
        # Not here: the handler may interrupt anything.
        threading.Thread(target=_leave, args=(console, number), daemon=True).start()

    before = {number: signal.signal(number, receive) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(console: Console, number: int) -> None:
    if number != _HANG_UP:
        console.call_from_thread(console.leave, number)
        return
    # The terminal is gone, and the screen's loop may hang on writing to it for ever: do not rely on it.
    client = console.state.client
    if client is not None:
        client.drain()
    console.poller.leave()
    console.poller.join(_DRAIN_SECONDS)
    threading.Timer(_LEAVE_SECONDS, os._exit, (128 + number,)).start()
    console.call_from_thread(console.exit, number)
