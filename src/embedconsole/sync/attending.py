"""The schedule with somebody at the controls, here or elsewhere; runs in the engine's loop."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import ConfigError, Fault
from embedconsole.sync.alongside import alongside
from embedconsole.sync.due import something_due
from embedconsole.sync.feedwatch import FeedWatch
from embedconsole.sync.journal import log
from embedconsole.sync.obeying import OrderTaker
from embedconsole.sync.options import RunOptions
from embedconsole.sync.ordering import Wish
from embedconsole.sync.outside import from_outside
from embedconsole.sync.progress import Outcome, none_ran

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.sync.engine import Engine
    from embedconsole.sync.progress import RunReport

FEED = "feed"
"""The kind of a run that looks only at what the change feeds name."""

_LOOK_EVERY = 2.0
_CALM_DOWN = 60.0
_LEAVE_TO_OTHERS = 5.0
_FEEDS_APART = 1.0
"""Seconds between two runs of the feeds at least: who writes row by row must not cause a run for each."""

_EVERYTHING = Wish()


@dataclass(slots=True)
class Attendance:
    """Serves the schedule, and runs when asked to: by a call of `ask`, or by an order in the ledger.

    A run that is asked for while another is going on follows it: nothing in flight is given up for it. Where
    another process holds a run, this one helps with the work and leaves the planning to it. Work that becomes
    due between runs (retries, what another process left) is taken up as it comes, and so is what the change
    feeds name.

    Attributes:
        every: Seconds between scheduled runs.
        on_report: Told how each run ended, and why one could not begin.
    """

    engine: Engine
    every: float
    on_report: Callable[[RunReport], None] = lambda report: None
    _wishes: deque[Wish] = field(default_factory=deque)
    _asked: anyio.Event = field(default_factory=anyio.Event)
    _run_at: float = 0.0
    """When the next scheduled run begins."""
    _calm_until: float = 0.0
    """Until when to leave alone what is due between runs."""
    _feeds: FeedWatch = field(init=False)
    _feeds_at: float = 0.0
    """When the feeds may be taken next."""

    def __post_init__(self) -> None:
        self._feeds = FeedWatch(self.engine)

    @property
    def halted(self) -> str | None:
        """Why nothing runs any more until somebody asks: a configuration that can't be used."""
        return self.engine.halted

    def ask(self, wish: Wish) -> None:
        """Have a run as soon as may be; call it in the engine's loop."""
        self._wishes.append(wish)
        self._asked.set()

    def rest(self) -> None:
        """Leave alone what is due until the next scheduled run."""
        self._calm_until = math.inf

    async def attend(self) -> None:
        """Serve until the engine is drained."""
        self.engine.serves = True
        try:
            async with (
                alongside(OrderTaker(self.engine, self.ask, self.rest).keep),
                alongside(self._feeds.keep),
            ):
                while not self.engine.control.draining:
                    await self._attend()
        finally:
            self.engine.serves = False

    async def _attend(self) -> None:
        wish = self._wishes.popleft() if self._wishes else _EVERYTHING
        try:
            await self._fulfil(wish)
        except (ConfigError, Fault, ExceptionGroup) as error:
            known = from_outside(error)
            if known is None:
                raise
            await self._answer(wish, str(known))
            # What is wrong with a choice of items is the answer to who chose; the schedule goes on.
            if not wish.only:
                self.engine.halted = str(known)
                names = [assembly.pipeline.name for assembly in self.engine.assemblies]
                self.on_report(none_ran(names, Outcome.ABORTED, str(known)))
                # Only the operator can mend a configuration; the world may mend itself.
                self._run_at = math.inf if isinstance(known, ConfigError) else time.monotonic() + _CALM_DOWN
                self._calm_until = self._run_at
        self.engine.next_run = None if math.isinf(self._run_at) else self._run_at
        await self._rest_between_runs()

    async def _fulfil(self, wish: Wish) -> None:
        began = time.monotonic()
        if wish.pipelines is None and not wish.only:
            self._run_at = began + self.every
        self.engine.next_run = None
        report = await self.engine.run(wish.options, kind=wish.kind)
        self.engine.halted = None
        self._calm_until = self._calm_after(report)
        self.on_report(report)
        if report.outcome in (Outcome.ABORTED, Outcome.SKIPPED, Outcome.INTERRUPTED):
            await self._answer(wish, "; ".join(dict.fromkeys(report.messages.values())) or report.outcome)

    async def _rest_between_runs(self) -> None:
        while await self._wait_a_little():
            if self.engine.control.paused or time.monotonic() < self._calm_until:
                continue
            try:
                await self._take_up()
            except (ConfigError, ExceptionGroup) as error:
                if from_outside(error) is None:
                    raise
                return  # the run that follows meets the same, and tells it

    async def _take_up(self) -> None:
        """What the feeds name or what has become due, if there is such."""
        if self._feeds.due and time.monotonic() >= self._feeds_at:
            await self._take_feeds()
        elif await self._something_due():
            self._calm_until = self._calm_after(await self.engine.help())

    async def _take_feeds(self) -> None:
        options = RunOptions(feed=True, pipelines=self._feeds.take(), patient=True)
        report = await self.engine.run(options, kind=FEED)
        self._calm_until = self._calm_after(report)
        skipped = report.outcome is Outcome.SKIPPED
        # Whoever plans elsewhere takes the feed too.
        self._feeds_at = time.monotonic() + (_LEAVE_TO_OTHERS if skipped else _FEEDS_APART)
        changed = any(one.changed for one in report.pipelines.values())
        if not skipped and (changed or report.outcome is not Outcome.OK):
            self.on_report(report)

    async def _wait_a_little(self) -> bool:
        """Wait for the next look; False when it is time for a run, or to go."""
        left = self._run_at - time.monotonic()
        if not self._wishes:
            self._asked = anyio.Event()
            feeds = self._feeds_at - time.monotonic()
            pause = min(_LOOK_EVERY, left, feeds if self._feeds.due and feeds > 0 else math.inf)
            with anyio.move_on_after(max(0.0, pause)):
                await self._something_happens()
        return left > _LOOK_EVERY and not self._wishes and not self.engine.control.draining

    async def _something_happens(self) -> None:
        async with anyio.create_task_group() as group:
            for event in (self._asked, self._feeds.news, self.engine.control.drained):
                group.start_soon(_wait_then_cancel, event, group.cancel_scope)

    def _calm_after(self, report: RunReport) -> float:
        if self.engine.control.cancelled:
            # The operator wants it to rest, and not to be taken up again in a second.
            return math.inf
        # What refused us will do so again at once: give the operator time to mend it.
        return time.monotonic() + _CALM_DOWN if report.outcome is Outcome.ABORTED else 0.0

    async def _something_due(self) -> bool:
        try:
            return await something_due(self.engine, self.engine.assemblies)
        except Fault as fault:
            log.warning("%s", fault)
        return False

    async def _answer(self, wish: Wish, text: str) -> None:
        if wish.order is None:
            return
        try:
            await anyio.to_thread.run_sync(self.engine.ledger.orders.answer, wish.order, text)
        except Fault as fault:
            log.warning("order %d is not answered: %s", wish.order, fault)


async def _wait_then_cancel(event: anyio.Event, scope: anyio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
