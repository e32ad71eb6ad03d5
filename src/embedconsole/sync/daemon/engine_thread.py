"""The engine in a thread of its own, with its own event loop.

The console may block on a terminal that is not read; the sync must not notice. All that crosses the border
is commands one way and immutable snapshots and reports the other way.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import anyio
from anyio.from_thread import start_blocking_portal

from embedconsole.sync.daemon.lifecycle import open_engine
from embedconsole.sync.daemon.order_listener import OrderListener
from embedconsole.sync.daemon.scheduler import Schedulers
from embedconsole.sync.resilience.background import alongside

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from concurrent.futures import Future

    from anyio.from_thread import BlockingPortal

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.sync.observe.snapshot import Snapshot
    from embedconsole.sync.observe.snapshots import WatchedEngine
    from embedconsole.sync.run.leases import Overlap
    from embedconsole.sync.shared.options import RunOptions
    from embedconsole.sync.shared.report import RunReport

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EngineHandle:
    """The engine as seen from other threads. Cancelling a future gives back what is in flight at once.

    A cancelled future is done before its work has ended; `wait_ended` waits for that.
    """

    _portal: BlockingPortal
    _engine: WatchedEngine
    _started: set[anyio.Event] = field(default_factory=set)

    def run(self, options: RunOptions, *, kind: str = "sync", overlap: Overlap = "skip") -> Future[RunReport]:
        """Start a run; an operator may pause or cancel it from another process."""

        async def run() -> RunReport:
            async with alongside(OrderListener(self._engine).keep):
                return await self._engine.run(options, kind=kind, overlap=overlap)

        return self._start(run)

    def serve(self, every: float, on_report: Callable[[RunReport], None]) -> Future[None]:
        """Start the daemon's loop; `on_report` is called in the engine's thread."""

        async def attend() -> None:
            await Schedulers(self._engine, every, on_report).attend()

        return self._start(attend)

    def call(self, work: Callable[[WatchedEngine], Awaitable[T]]) -> Future[T]:
        """Start something else in the engine's loop."""
        return self._start(lambda: work(self._engine))

    def _start(self, work: Callable[[], Awaitable[T]]) -> Future[T]:
        async def until_ended() -> T:
            ended = anyio.Event()
            self._started.add(ended)
            try:
                return await work()
            finally:
                ended.set()
                self._started.discard(ended)

        return self._portal.start_task_soon(until_ended)

    def wait_ended(self) -> None:
        """Wait until everything that was started here has ended, what was cancelled included."""

        async def ended() -> None:
            for one in tuple(self._started):
                await one.wait()

        self._portal.call(ended)

    def snapshot(self) -> Snapshot:
        """The engine now."""
        return self._portal.call(self._engine.snapshot)

    def publish(self, every: float, take: Callable[[Snapshot], None]) -> Future[None]:
        """Have the engine give snapshots of its own accord, in its thread, until the future is cancelled.

        For a caller that must not wait: to ask a loop that does not turn is to wait for it.
        """

        async def publish() -> None:
            while True:
                take(self._engine.snapshot())
                await anyio.sleep(every)

        return self._portal.start_task_soon(publish)

    def pause(self, by: str = "") -> None:
        """Claim nothing from now on."""
        self._portal.start_task_soon(self._engine.control.pause, by)

    def cancel(self) -> None:
        """End the present run with what is in flight."""
        self._portal.start_task_soon(self._engine.control.cancel)

    def resume(self) -> None:
        """Claim again."""
        self._portal.start_task_soon(self._engine.control.resume)

    def set_workers(self, count: int) -> None:
        """Have this many batches embedding at the same time."""
        self._portal.start_task_soon(self._engine.control.set_workers, count)

    def drain(self) -> None:
        """End the run with what is in flight. Safe to call in a signal handler."""
        self._portal.start_task_soon(self._engine.control.drain)


@contextmanager
def engine_in_thread(
    pipelines: Sequence[Pipeline], ledger_url: str, role: str = ""
) -> Iterator[EngineHandle]:
    """An engine in its own thread, closed at the end. As `opening.open_engine`."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_engine(pipelines, ledger_url, role)) as engine,
    ):
        handle = EngineHandle(portal, engine)
        yield handle
        # What still gives its batches back needs the engine for that.
        handle.wait_ended()
