"""What the screen asks of the engine: nothing here blocks but `look`, which only the lookout calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Future

    from embedconsole.console.controls import Controls
    from embedconsole.sync.inspect.checks import Check
    from embedconsole.sync.inspect.init import Initialised
    from embedconsole.sync.observe.snapshot import Snapshot
    from embedconsole.sync.run.engine import Engine

T = TypeVar("T")


class Helm(Protocol):
    """The controls. Futures fail with `Fault` or `ConfigError` when the outside world does."""

    @property
    def stopped(self) -> bool:
        """Whether the engine has come to its end: drained, stopped, or by a fault of its own."""
        ...

    @property
    def stopped_by(self) -> str | None:
        """The fault of its own that ended the engine; None when it runs, or was told to stop."""
        ...

    def when_stopped(self, tell: Callable[[], None]) -> None:
        """Have `tell` called, from another thread, once the engine has come to its end."""
        ...

    @property
    def attached(self) -> bool:
        """Whether nothing is synced here: others do, and take orders."""
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
        """Come to an end at once; what is in flight is given back."""
        ...
