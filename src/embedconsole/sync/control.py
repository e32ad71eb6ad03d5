"""The switches of an engine and its run, and the one signal that wakes whoever waits for a change."""

from __future__ import annotations

import time
from dataclasses import dataclass

import anyio


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when nothing is claimed (seconds since 1970, by our clock), and who wanted it so."""

    since: float
    by: str


class Control:
    """Pause, workers, cancel and drain; all of it belongs to the engine's loop.

    Attributes:
        drained: Set once the engine is to come to its end: no run begins any more.
        ending: Set once the present run is to end early: nothing is claimed any more, nobody waits any
            longer. Each run has its own.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.drained = anyio.Event()
        self.ending = anyio.Event()
        self._changed = anyio.Event()
        self._pause: Pause | None = None
        self._workers = workers

    @property
    def draining(self) -> bool:
        """Whether the engine is to end with what is in flight."""
        return self.drained.is_set()

    @property
    def cancelled(self) -> bool:
        """Whether the present run alone is to end with what is in flight."""
        return self.ending.is_set() and not self.draining

    @property
    def paused(self) -> bool:
        """Whether nothing may be claimed for now."""
        return self._pause is not None

    @property
    def paused_by(self) -> Pause | None:
        """Since when and by whose word nothing may be claimed."""
        return self._pause

    @property
    def workers(self) -> int | None:
        """Workers asked for; None leaves it to the configuration."""
        return self._workers

    def pause(self, by: str = "") -> None:
        """Claim nothing from now on; what is in flight goes on. Who paused first stays the one who did."""
        self._pause = self._pause or Pause(time.time(), by)
        self.notify()

    def resume(self) -> None:
        """Claim again."""
        self._pause = None
        self.notify()

    def set_workers(self, count: int) -> None:
        """Have this many batches embedding at the same time, at least one."""
        self._workers = max(1, count)
        self.notify()

    def begin(self) -> None:
        """A run begins: what ended the one before does not end this one."""
        if not self.draining:
            self.ending = anyio.Event()

    def cancel(self) -> None:
        """End the present run with what is in flight."""
        self.ending.set()
        self.notify()

    def drain(self) -> None:
        """End the run with what is in flight, and the engine with it."""
        self.drained.set()
        self.cancel()

    def notify(self) -> None:
        """Wake all who wait for a change."""
        self._changed.set()
        self._changed = anyio.Event()

    @property
    def next_change(self) -> anyio.Event:
        """Set at the next change. Take it before looking at the state, so that none is missed."""
        return self._changed
