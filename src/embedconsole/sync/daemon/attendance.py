"""Serving a ledger: a scheduler for each pipeline, and the orders of operators; runs in the engine's loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from embedconsole.faults import Fault, ungrouped
from embedconsole.sync.daemon.order_listener import OrderTaker
from embedconsole.sync.daemon.scheduler import LOOK_EVERY, Request, Scheduler
from embedconsole.sync.resilience.background import alongside, first_of
from embedconsole.sync.shared.journal import log

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from embedconsole.sync.daemon.orders import Wish
    from embedconsole.sync.run.engine import Engine
    from embedconsole.sync.shared.report import RunReport


@dataclass(slots=True)
class Attendance:
    """Has every pipeline run on its schedule, and when asked to: by a call of `ask`, or by an order.

    Attributes:
        every: Seconds between scheduled runs of a pipeline.
        on_report: Told how each run ended, and why one could not begin.
    """

    engine: Engine
    every: float
    on_report: Callable[[RunReport], None] = lambda report: None
    _schedulers: list[Scheduler] = field(init=False)

    def __post_init__(self) -> None:
        self._schedulers = [
            Scheduler(self.engine, assembly, self.every, self.on_report)
            for assembly in self.engine.assemblies
        ]

    def ask(self, wish: Wish) -> None:
        """Have a run of each chosen pipeline as soon as may be; call it in the engine's loop."""
        request = Request(wish)
        for scheduler in self._of(wish.pipelines):
            scheduler.ask(request)

    def rest(self, pipelines: Collection[str] | None = None) -> None:
        """Leave alone what is due in these pipelines until their next scheduled runs."""
        for scheduler in self._of(pipelines):
            scheduler.rest()

    async def attend(self) -> None:
        """Serve until the engine is drained."""
        self.engine.serves = True
        try:
            taker = OrderTaker(self.engine, self.ask, self.rest)
            with ungrouped():
                async with alongside(taker.keep), alongside(self._keep_burying):
                    # Before that it is not known whether a pause is in force.
                    await first_of(taker.ready, self.engine.control.drained)
                    async with anyio.create_task_group() as group:
                        for scheduler in self._schedulers:
                            group.start_soon(scheduler.keep)
        finally:
            self.engine.serves = False

    def _of(self, pipelines: Collection[str] | None) -> list[Scheduler]:
        return [one for one in self._schedulers if pipelines is None or one.name in pipelines]

    async def _keep_burying(self) -> None:
        """What dead processes held becomes due; during a run the engine sees to it."""
        while True:
            try:
                if not self.engine.busy:
                    await self.engine.bury_the_dead()
            except Fault as fault:
                log.debug("dead processes are not looked for: %s", fault)
            await anyio.sleep(LOOK_EVERY)
