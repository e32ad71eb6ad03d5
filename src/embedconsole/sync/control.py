"""The switches of a run, and the one signal that wakes whoever waits for a change."""

from __future__ import annotations

import anyio


class Control:
    """Pause, workers and drain; all of it belongs to the engine's loop.

    Attributes:
        drained: Set once the run is to end early: nothing is claimed any more, nobody waits any longer.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.drained = anyio.Event()
        self._changed = anyio.Event()
        self._paused = False
        self._workers = workers

    @property
    def draining(self) -> bool:
        """Whether the run is to end with what is in flight."""
        return self.drained.is_set()

    @property
    def paused(self) -> bool:
        """Whether nothing may be claimed for now."""
        return self._paused

    @property
    def workers(self) -> int | None:
        """Workers asked for; None leaves it to the configuration."""
        return self._workers

    def pause(self) -> None:
        """Claim nothing from now on; what is in flight goes on."""
        self._paused = True
        self.notify()

    def resume(self) -> None:
        """Claim again."""
        self._paused = False
        self.notify()

    def set_workers(self, count: int) -> None:
        """Have this many batches embedding at the same time, at least one."""
        self._workers = max(1, count)
        self.notify()

    def drain(self) -> None:
        """End the run with what is in flight."""
        self.drained.set()
        self.notify()

    def notify(self) -> None:
        """Wake all who wait for a change."""
        self._changed.set()
        self._changed = anyio.Event()

    @property
    def next_change(self) -> anyio.Event:
        """Set at the next change. Take it before looking at the state, so that none is missed."""
        return self._changed
