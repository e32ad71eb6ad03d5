"""Takes the orders that operators leave in the ledger, and does them here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import ConfigError, Fault
from embedconsole.sync.daemon.orders import read_count, read_pipelines, read_wish
from embedconsole.sync.shared.control import OrderKind, pause_in_force
from embedconsole.sync.shared.journal import log

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from embedconsole.ledger.records.processes import Order
    from embedconsole.sync.daemon.orders import OrderedRun
    from embedconsole.sync.run.engine import Engine

LOOK_BUSY, LOOK_IDLE = 0.8, 1.8


@dataclass(slots=True)
class OrderListener:
    """Looks for orders as long as the engine is open.

    Attributes:
        ready: Set once the ledger has been asked for the first time, also for a pause from before.

    Args:
        ask: Has a run done; None where none but the present one is.
        rest: Leaves alone what is due in some pipelines, None for all, until their next scheduled runs.
    """

    engine: Engine
    ask: Callable[[OrderedRun], None] | None = None
    rest: Callable[[Collection[str] | None], None] = lambda pipelines: None
    _done: set[int] = field(default_factory=set)
    _cancels: set[int] = field(default_factory=set)
    """Those that came while nothing was running here."""
    ready: anyio.Event = field(default_factory=anyio.Event)

    async def keep(self) -> None:
        """Continue until cancelled."""
        while True:
            try:
                await self._look()
            except Fault as fault:
                # The ledger is away; the orders wait there.
                log.debug("no orders: %s", fault)
            await anyio.sleep(LOOK_BUSY if self.engine.busy else LOOK_IDLE)

    async def _look(self) -> None:
        looked = self.ready.is_set()
        if not looked:
            await self._take_over_pause()
        fresh = await anyio.to_thread.run_sync(self.engine.ledger.orders.fresh)
        for order in fresh:
            # A cancel or a count of workers is not meant for processes of later.
            meant = looked or order.verb in (OrderKind.SYNC, OrderKind.PAUSE, OrderKind.RESUME)
            if meant and order.id not in self._done:
                await self._obey(order)
            self._done.add(order.id)
            if order.id in self._cancels and order.taken_by is not None:
                # What another process was working on is not to be taken up here.
                self._cancels.remove(order.id)
                self.rest(read_pipelines(order.arguments))
        known = {order.id for order in fresh}
        self._done &= known
        self._cancels &= known
        self.ready.set()

    async def _take_over_pause(self) -> None:
        pause = await anyio.to_thread.run_sync(pause_in_force, self.engine.ledger)
        if pause is not None:
            self.engine.control.pause(pause.by, pause.since)

    async def _obey(self, order: Order) -> None:
        control = self.engine.control
        try:
            match order.verb:
                case OrderKind.SYNC:
                    await self._sync(order)
                case OrderKind.CANCEL:
                    await self._cancel(order)
                case OrderKind.PAUSE:
                    control.pause(order.sender)
                    await self._take(order)
                case OrderKind.RESUME:
                    control.resume()
                    await self._take(order)
                case OrderKind.WORKERS:
                    control.set_workers(read_count(order.arguments))
                    await self._take(order)
        except ConfigError as error:
            await self._answer(order, str(error))

    async def _cancel(self, order: Order) -> None:
        pipelines = read_pipelines(order.arguments)
        running = self.engine.running
        if running and (pipelines is None or not running.isdisjoint(pipelines)):
            # All processes that work on it end: a run continues until the last of them has.
            self.engine.control.cancel(pipelines)
            await self._take(order)
        else:
            self._cancels.add(order.id)

    async def _sync(self, order: Order) -> None:
        wish = read_wish(order.arguments, order.id)
        ours = {components.pipeline.name for components in self.engine.all_components}
        if self.ask is not None and ours.issuperset(wish.pipelines or ()) and await self._take(order):
            self.ask(wish)

    async def _take(self, order: Order) -> bool:
        ledger, me = self.engine.ledger, self.engine.me.id
        if not await anyio.to_thread.run_sync(ledger.orders.take, order.id, me):
            return False
        told = f"{order.sender} ordered: {order.verb}{_in_words(order)}"
        log.info("%s", told, extra={"event": "order", "order": order.id})
        await anyio.to_thread.run_sync(ledger.history.record, None, [("info", "order", told, None)])
        return True

    async def _answer(self, order: Order, text: str) -> None:
        if await self._take(order):
            await anyio.to_thread.run_sync(self.engine.ledger.orders.answer, order.id, text)


def _in_words(order: Order) -> str:
    given = {name: value for name, value in order.arguments.items() if value}
    return "".join(f" {name}={value}" for name, value in given.items())
