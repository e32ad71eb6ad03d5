"""The engine client of a real engine in its own thread."""

from __future__ import annotations

import logging
import math
import time
from concurrent.futures import CancelledError, wait
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.daemon.orders import SWITCHED, give, sender
from embedconsole.sync.daemon.scheduler import Schedulers
from embedconsole.sync.inspect.checks import check_assembly, check_ledger
from embedconsole.sync.observe.other_processes import serving, with_others
from embedconsole.sync.resilience.gate import GateHealth, GateState
from embedconsole.sync.run.components import components_of
from embedconsole.sync.run.generations import current_generation
from embedconsole.sync.run.init import initialise
from embedconsole.sync.shared.control import OrderKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from concurrent.futures import Future

    from embedconsole.console.engine_client import Controls
    from embedconsole.console.launch import Launch
    from embedconsole.items import JsonObject
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.processes import Order
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.daemon.orders import OrderedRun
    from embedconsole.sync.inspect.checks import Check
    from embedconsole.sync.observe.snapshot import Snapshot
    from embedconsole.sync.observe.snapshots import WatchedEngine
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.run.engine import Engine
    from embedconsole.sync.run.init import Initialised
    from embedconsole.sync.shared.control import Control


T = TypeVar("T")


class OwnControls:
    """The switches of the engine in this process."""

    def __init__(self, handle: EngineHandle, attendance: Schedulers) -> None:
        self._handle = handle
        self._attendance = attendance

    def sync(self, wish: OrderedRun) -> Future[str]:
        """Start a run, or order one from the daemon."""

        async def ask(engine: Engine) -> str:
            self._attendance.ask(wish)
            asked = engine.running if wish.pipelines is None else engine.running.intersection(wish.pipelines)
            then = " after this run" if asked else ""
            return f"Embedding again{then}." if wish.force else f"Looking for changes{then or ' now'}."

        return self._handle.call(ask)

    def cancel(self, pipeline: str) -> Future[str]:
        """End the present run of a pipeline with what is in flight."""

        async def cancel(engine: Engine) -> str:
            self._attendance.rest([pipeline])
            engine.control.cancel([pipeline])
            return "The run ends with what is in flight."

        return self._handle.call(cancel)

    def pause(self) -> Future[str]:
        """Have every process claim nothing until `resume`."""
        return self._switch(OrderKind.PAUSE, lambda control: control.pause(sender()))

    def resume(self) -> Future[str]:
        """End the pause."""
        return self._switch(OrderKind.RESUME, lambda control: control.resume())

    def set_workers(self, count: int) -> Future[str]:
        """Change how many batches embed at the same time."""

        async def work(engine: Engine) -> str:
            engine.control.set_workers(count)
            return ""

        return self._handle.call(work)

    def _switch(self, verb: OrderKind, switch: Callable[[Control], None]) -> Future[str]:
        """Here at once, and in the ledger for the processes of later. The screen shows it: no words."""

        async def work(engine: Engine) -> str:
            switch(engine.control)
            await anyio.to_thread.run_sync(engine.ledger.orders.give, verb, SWITCHED, sender())
            return ""

        return self._handle.call(work)


class OrderedControls:
    """The switches of the processes on this ledger, by orders."""

    def __init__(self, handle: EngineHandle) -> None:
        self._handle = handle

    def sync(self, wish: OrderedRun) -> Future[str]:
        """Start a run, or order one from the daemon."""
        return self._order(OrderKind.SYNC, wish.as_arguments())

    def cancel(self, pipeline: str) -> Future[str]:
        """End the present run of a pipeline with what is in flight."""
        return self._order(OrderKind.CANCEL, {"pipelines": [pipeline]})

    def pause(self) -> Future[str]:
        """Have every process claim nothing until `resume`."""
        return self._order(OrderKind.PAUSE, SWITCHED)

    def resume(self) -> Future[str]:
        """End the pause."""
        return self._order(OrderKind.RESUME, SWITCHED)

    def set_workers(self, count: int) -> Future[str]:
        """Change how many batches embed at the same time."""
        return self._order(OrderKind.WORKERS, {"count": count})

    def _order(self, verb: OrderKind, arguments: JsonObject) -> Future[str]:
        async def order(engine: Engine) -> str:
            given = await anyio.to_thread.run_sync(give, engine.ledger, verb, arguments)
            return _told(given)

        return self._handle.call(order)


def _told(order: Order | None) -> str:
    if order is not None and order.taken_by is None:
        return "In force. No process is running on this ledger; it holds for those that start."
    if order is None or order.taken_by is None:
        return "Order withdrawn: no process took it. None is running on this ledger, or all are busy."
    who = order.taken_by.partition(":")[0]
    return f"{who} took the order." if order.answer is None else f"{who}: {order.answer}"


async def check_parts(ledger: Ledger, components: Components) -> AsyncIterator[Check]:
    """Try the ledger, the catalog, each embedder and the collection; gives each check as it ends."""
    yield await check_ledger(ledger)
    async for check in check_assembly(components):
        yield check


_COUNT_PATIENCE = 0.5
"""Seconds that a look waits for the ledger; what it says later is in the next one."""

_REST_BUSY, _REST_WATCHING, _REST_IDLE = 3, 10, 50
"""Counting a huge ledger takes a while: rest so many times as long before counting again.

Runs of other processes begin unannounced, so an attached console counts more often than an idle one.
"""

_SILENCE = 5.0
"""Seconds without an answer after which the ledger counts as away, though it has not failed."""

_DESCRIBE_BUSY = 2.0
_DESCRIBE_IDLE = 30.0

log = logging.getLogger("embedconsole")


class LocalEngine:
    """The `EngineClient` of an engine in a thread of this process; made by `open_local_engine`."""

    def __init__(self, handle: EngineHandle, controls: Controls, serving: Future[None]) -> None:
        self.controls = controls
        self.attached = isinstance(controls, OrderedControls)
        self._handle = handle
        self._serving = serving
        self._counting: Future[float] | None = None
        self._count_at = 0.0
        self._count_began = math.inf
        self._describing: Future[None] | None = None
        self._describe_at = 0.0
        self._busy = False

    @property
    def stopped(self) -> bool:
        return self._serving.done()

    @property
    def stopped_by(self) -> str | None:
        try:
            fault = self._serving.exception() if self._serving.done() else None
        except CancelledError:
            return None
        return None if fault is None else f"the engine failed ({type(fault).__name__}: {fault})"

    def when_stopped(self, tell: Callable[[], None]) -> None:
        self._serving.add_done_callback(lambda _: tell())

    def look(self) -> Snapshot:
        now = time.monotonic()
        if self._counting is None and now >= self._count_at:
            self._counting, self._count_began = self._handle.call(_timed_count), now
        if self._counting is not None:
            wait([self._counting], timeout=_COUNT_PATIENCE)
            if self._counting.done():
                took, self._counting = self._counting.result(), None
                self._count_at = now + took * self._rest
                self._count_began = math.inf
        if self._describing is None and now >= self._describe_at:
            self._describing = self._handle.call(_describe)
        if self._describing is not None and self._describing.done():
            self._describing = None
            self._describe_at = now + (_DESCRIBE_BUSY if self._busy else _DESCRIBE_IDLE)
        snapshot = with_others(self._handle.snapshot(), time.time() - time.monotonic())
        if self._busy and snapshot.run is None:
            # What a run leaves behind is of interest at once.
            self._describe_at = self._count_at = 0.0
        self._busy = snapshot.run is not None
        if snapshot.ledger.fault is None and now - self._count_began > _SILENCE:
            silent = GateHealth("ledger", GateState.PROBING, self._count_began, None, "no answer yet")
            return replace(snapshot, ledger=silent)
        return snapshot

    @property
    def _rest(self) -> int:
        if self._busy:
            return _REST_BUSY
        return _REST_WATCHING if self.attached else _REST_IDLE

    def ask(self, work: Callable[[Engine], Awaitable[T]]) -> Future[T]:
        return self._handle.call(work)

    def retry(self, pipeline: str) -> Future[int]:
        async def put_back(engine: Engine) -> int:
            components = components_of(engine.all_components, pipeline)
            count = await anyio.to_thread.run_sync(_put_back, engine, components)
            engine.control.notify()
            return count

        self._count_at = 0.0
        return self._handle.call(put_back)

    def initialise(self, pipeline: str) -> Future[Initialised]:
        async def work(engine: Engine) -> Initialised:
            return await initialise(components_of(engine.all_components, pipeline))

        self._describe_at = 0.0
        return self._handle.call(work)

    def test(self, pipeline: str, tell: Callable[[Check], None]) -> Future[None]:
        async def work(engine: Engine) -> None:
            async for check in check_parts(engine.ledger, components_of(engine.all_components, pipeline)):
                tell(check)

        return self._handle.call(work)

    def drain(self) -> None:
        self._handle.drain()

    def stop(self) -> None:
        self._serving.cancel()

    def close(self) -> None:
        """Cancel everything that is still running, so that the engine can be closed."""
        for future in (self._serving, self._counting, self._describing):
            if future is not None:
                future.cancel()


@contextmanager
def open_local_engine(launch: Launch) -> Iterator[LocalEngine]:
    """A running engine, closed at the end.

    Raises:
        ConfigError: a part can't be built as configured, or the ledger is of a newer version.
        Transient, Refused: the ledger does not answer, or not to us.
    """
    with engine_in_thread(
        launch.pipelines, launch.ledger_url, "watch" if launch.read_only or launch.attach else "console"
    ) as handle:
        attendance = handle.call(partial(_attendance, every=launch.every)).result()
        attached = launch.attach or (not launch.read_only and handle.call(_daemon_serves).result())
        work = _only_watch if launch.read_only or attached else _attend
        controls = OrderedControls(handle) if attached else OwnControls(handle, attendance)
        working = handle.call(partial(work, attendance))
        working.add_done_callback(_log_own_fault)
        room = LocalEngine(handle, controls, working)
        try:
            yield room
        finally:
            room.close()


async def _daemon_serves(engine: Engine) -> bool:
    """Whether the work is a daemon's: then this console leaves it there, and orders."""
    await engine.bury_the_dead()
    workers = await anyio.to_thread.run_sync(engine.ledger.processes.workers)
    return any(worker.role == "daemon" for worker in serving(workers, engine.me.id))


async def _attendance(engine: Engine, *, every: float) -> Schedulers:
    return Schedulers(engine, every)


async def _attend(attendance: Schedulers, engine: Engine) -> None:
    await attendance.attend()


async def _only_watch(attendance: Schedulers, engine: Engine) -> None:
    await engine.control.drained.wait()


async def _timed_count(engine: WatchedEngine) -> float:
    began = time.monotonic()
    await engine.count()
    return time.monotonic() - began


async def _describe(engine: WatchedEngine) -> None:
    await engine.describe()


def _put_back(engine: Engine, components: Components) -> int:
    generation = current_generation(components, engine.ledger)
    return 0 if generation is None else engine.ledger.failures.retry(generation.id)


def _log_own_fault(serving: Future[None]) -> None:
    if not serving.cancelled() and (fault := serving.exception()) is not None:
        log.error("the engine ended by an internal error", exc_info=fault)
