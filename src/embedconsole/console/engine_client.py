"""The console's client of the engine, and the thread that polls it.

It imports nothing of the engine: the first picture does not wait for that half second.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from embedconsole.sync.daemon.orders import OrderedRun
    from embedconsole.sync.inspect.checks import Check
    from embedconsole.sync.observe.snapshot import Snapshot
    from embedconsole.sync.run.engine import Engine
    from embedconsole.sync.run.init import Initialised

T = TypeVar("T")


class EngineClient(Protocol):
    """The requests of the console to an engine. Futures fail with `Fault` or `ConfigError`."""

    @property
    def stopped(self) -> bool:
        """Whether the engine has ended: drained, stopped, or by an internal error."""
        ...

    @property
    def stopped_by(self) -> str | None:
        """The internal error that ended the engine; None when it runs, or was stopped."""
        ...

    def when_stopped(self, tell: Callable[[], None]) -> None:
        """Have `tell` called, from another thread, once the engine has come to its end."""
        ...

    @property
    def attached(self) -> bool:
        """Whether nothing is synced here: other processes sync and take orders."""
        ...

    def look(self) -> Snapshot:
        """The engine now, with what ledger and collections last said; blocks for a moment."""
        ...

    def ask(self, work: Callable[[Engine], Awaitable[T]]) -> Future[T]:
        """Look something up in the engine's loop."""
        ...

    @property
    def controls(self) -> Controls:
        """The switches of the engine that is shown."""
        ...

    def retry(self, pipeline: str) -> Future[int]:
        """Put the failed and waiting items of a pipeline back; gives how many."""
        ...

    def initialise(self, pipeline: str) -> Future[Initialised]:
        """Create the pipeline's collection, or compare it and add missing indexes."""
        ...

    def test(self, pipeline: str, tell: Callable[[Check], None]) -> Future[None]:
        """Try everything the pipeline depends on; `tell` is called, from another thread, check by check."""
        ...

    def drain(self) -> None:
        """Come to an end with what is in flight. Safe to call in a signal handler."""
        ...

    def stop(self) -> None:
        """Stop at once; batches in flight are returned to the queue."""
        ...


class Controls(Protocol):
    """The switches of an engine. Futures fail with `Fault` when the ledger does."""

    def sync(self, wish: OrderedRun) -> Future[str]:
        """Start a run now, or after the present one."""
        ...

    def cancel(self, pipeline: str) -> Future[str]:
        """End the present run of a pipeline with what is in flight."""
        ...

    def pause(self) -> Future[str]:
        """Claim nothing from now on."""
        ...

    def resume(self) -> Future[str]:
        """Claim again."""
        ...

    def set_workers(self, count: int) -> Future[str]:
        """Have this many batches embedding at the same time."""
        ...


LOOK_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class EngineSeen:
    """The last observation of the poller.

    Attributes:
        client: The engine's controls, once it is open.
        error: Why it could not be opened, or looked at any more.
        closed: The engine is closed; there is nothing more to come.
    """

    client: EngineClient | None = None
    snapshot: Snapshot | None = None
    error: BaseException | None = None
    closed: bool = False


class EnginePoller(threading.Thread):
    """The thread that opens the engine and polls it once a second.

    Args:
        open_client: Opens the engine; blocks.
        tell: Called in this thread when there is something new; must not block.
    """

    def __init__(
        self, open_client: Callable[[], AbstractContextManager[EngineClient]], tell: Callable[[], None]
    ) -> None:
        super().__init__(name="poller", daemon=True)
        self._open_client = open_client
        self._tell = tell
        self._wake = threading.Event()
        self._leave = threading.Event()
        self._lock = threading.Lock()
        self._sight = EngineSeen()
        self._told = False

    def take(self) -> EngineSeen:
        """The latest; the next change is reported again."""
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
            with self._open_client() as client:
                client.when_stopped(self.nudge)
                while not (self._leave.is_set() and client.stopped):
                    self._put(EngineSeen(client, client.look()))
                    self._wake.wait(LOOK_EVERY)
                    self._wake.clear()
                self._put(EngineSeen(client, client.look()))
        # Whatever it is, the operator sees it on the screen.
        except Exception as fault:  # noqa: BLE001
            error = fault
        self._put(EngineSeen(error=error, closed=True))

    def _put(self, sight: EngineSeen) -> None:
        with self._lock:
            self._sight = sight
            tell, self._told = not self._told, True
        if tell:
            self._tell()
