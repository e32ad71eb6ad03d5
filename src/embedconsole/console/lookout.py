"""The thread that opens the engine, looks at it once a second, and closes it.

The screen's loop never waits for it: it is told that there is something new, and takes the latest. While the
screen is stuck on a terminal that nobody reads, newer looks replace older ones, and nothing piles up.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from embedconsole.console.helm import Helm
    from embedconsole.sync.observe.snapshot import Snapshot

LOOK_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class EngineSight:
    """What the lookout has to tell.

    Attributes:
        helm: The engine's controls, once it is open.
        error: Why it could not be opened, or looked at any more.
        closed: The engine is closed; there is nothing more to come.
    """

    helm: Helm | None = None
    snapshot: Snapshot | None = None
    error: BaseException | None = None
    closed: bool = False


class Lookout(threading.Thread):
    """See the module.

    Args:
        open_helm: Opens the engine; blocks.
        tell: Called in this thread when there is something new; must not block.
    """

    def __init__(
        self, open_helm: Callable[[], AbstractContextManager[Helm]], tell: Callable[[], None]
    ) -> None:
        super().__init__(name="lookout", daemon=True)
        self._open_helm = open_helm
        self._tell = tell
        self._wake = threading.Event()
        self._leave = threading.Event()
        self._lock = threading.Lock()
        self._sight = EngineSight()
        self._told = False

    def take(self) -> EngineSight:
        """The latest; from now on, news is told again."""
        with self._lock:
            self._told = False
            return self._sight

    def nudge(self) -> None:
        """Look again now."""
        self._wake.set()

    def leave(self) -> None:
        """Close the engine once it has come to its end."""
        self._leave.set()
        self._wake.set()

    def finish(self) -> None:
        """Wait until the engine is closed."""
        if self.ident is not None:
            self.leave()
            self.join()

    def run(self) -> None:
        """The thread."""
        error: BaseException | None = None
        try:
            with self._open_helm() as helm:
                helm.when_stopped(self.nudge)
                while not (self._leave.is_set() and helm.stopped):
                    self._put(EngineSight(helm, helm.look()))
                    self._wake.wait(LOOK_EVERY)
                    self._wake.clear()
                self._put(EngineSight(helm, helm.look()))
        # Whatever it is, the screen is where it can be told.
        except Exception as fault:  # noqa: BLE001
            error = fault
        self._put(EngineSight(error=error, closed=True))

    def _put(self, sight: EngineSight) -> None:
        with self._lock:
            self._sight = sight
            tell, self._told = not self._told, True
        if tell:
            self._tell()
