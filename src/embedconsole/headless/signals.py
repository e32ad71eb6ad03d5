"""SIGINT, SIGTERM and SIGHUP: the first asks to drain, the second to stop at once."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_SIGNALS = [
    number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
]


@dataclass(slots=True)
class Interruption:
    """Which signal came first, and how many came."""

    first: int | None = None
    count: int = 0


@contextmanager
def interruptible(drain: Callable[[], object], stop: Callable[[], object]) -> Iterator[Interruption]:
    """Call `drain` at the first signal and `stop` at every further one; works in the main thread only."""
    interruption = Interruption()

    def receive(number: int, frame: FrameType | None) -> None:
        interruption.count += 1
        if interruption.first is None:
            interruption.first = number
            drain()
        else:
            stop()

    before = {number: signal.signal(number, receive) for number in _SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
