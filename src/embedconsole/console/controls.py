"""The switches of an engine: our own, or that of whoever serves the ledger.

Each gives words for the operator: what became of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import anyio.to_thread

from embedconsole.sync.daemon.orders import SWITCHED, Verb, give, sender

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from embedconsole.items import JsonObject
    from embedconsole.ledger.records.presence import Order
    from embedconsole.sync.daemon.attendance import Attendance
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.daemon.orders import Wish
    from embedconsole.sync.run.engine import Engine
    from embedconsole.sync.shared.control import Control


class Controls(Protocol):
    """See the module. Futures fail with `Fault` when the ledger does."""

    def sync(self, wish: Wish) -> Future[str]:
        """Begin a run now, or after the one that is going on."""
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


class OwnControls:
    """Of the engine in this process."""

    def __init__(self, handle: EngineHandle, attendance: Attendance) -> None:
        self._handle = handle
        self._attendance = attendance

    def sync(self, wish: Wish) -> Future[str]:
        """See `Controls`."""

        async def ask(engine: Engine) -> str:
            self._attendance.ask(wish)
            asked = engine.running if wish.pipelines is None else engine.running.intersection(wish.pipelines)
            then = " after this run" if asked else ""
            return f"Embedding again{then}." if wish.force else f"Looking for changes{then or ' now'}."

        return self._handle.call(ask)

    def cancel(self, pipeline: str) -> Future[str]:
        """See `Controls`."""

        async def cancel(engine: Engine) -> str:
            self._attendance.rest([pipeline])
            engine.control.cancel([pipeline])
            return "The run ends with what is in flight."

        return self._handle.call(cancel)

    def pause(self) -> Future[str]:
        """See `Controls`."""
        return self._switch(Verb.PAUSE, lambda control: control.pause(sender()))

    def resume(self) -> Future[str]:
        """See `Controls`."""
        return self._switch(Verb.RESUME, lambda control: control.resume())

    def set_workers(self, count: int) -> Future[str]:
        """See `Controls`."""

        async def work(engine: Engine) -> str:
            engine.control.set_workers(count)
            return ""

        return self._handle.call(work)

    def _switch(self, verb: Verb, switch: Callable[[Control], None]) -> Future[str]:
        """Here at once, and in the ledger for the processes of later. The screen shows it: no words."""

        async def work(engine: Engine) -> str:
            switch(engine.control)
            await anyio.to_thread.run_sync(engine.ledger.orders.give, verb, SWITCHED, sender())
            return ""

        return self._handle.call(work)


class OrderedControls:
    """Of those who serve the ledger, by orders."""

    def __init__(self, handle: EngineHandle) -> None:
        self._handle = handle

    def sync(self, wish: Wish) -> Future[str]:
        """See `Controls`."""
        return self._order(Verb.SYNC, wish.as_arguments())

    def cancel(self, pipeline: str) -> Future[str]:
        """See `Controls`."""
        return self._order(Verb.CANCEL, {"pipelines": [pipeline]})

    def pause(self) -> Future[str]:
        """See `Controls`."""
        return self._order(Verb.PAUSE, SWITCHED)

    def resume(self) -> Future[str]:
        """See `Controls`."""
        return self._order(Verb.RESUME, SWITCHED)

    def set_workers(self, count: int) -> Future[str]:
        """See `Controls`."""
        return self._order(Verb.WORKERS, {"count": count})

    def _order(self, verb: Verb, arguments: JsonObject) -> Future[str]:
        async def order(engine: Engine) -> str:
            given = await anyio.to_thread.run_sync(give, engine.ledger, verb, arguments)
            return _told(given)

        return self._handle.call(order)


def _told(order: Order | None) -> str:
    if order is not None and order.taken_by is None:
        return "In force. No process is running on this ledger; it holds for those that start."
    if order is None or order.taken_by is None:
        return "Nobody took the order, so it is taken back: nobody serves this ledger, or is at it."
    who = order.taken_by.partition(":")[0]
    return f"{who} took the order." if order.answer is None else f"{who}: {order.answer}"
