"""The scheduler of one pipeline: its schedule, its change feed, its retries and its pauses after a fault."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole import retry
from embedconsole.faults import ConfigError, Fault, FaultClass, ungrouped
from embedconsole.sync.daemon.feed_poller import FeedPoller
from embedconsole.sync.daemon.order_listener import OrderListener
from embedconsole.sync.daemon.orders import OrderedRun
from embedconsole.sync.resilience.background import alongside, first_of
from embedconsole.sync.run.generations import current_generation
from embedconsole.sync.shared.control import Halt
from embedconsole.sync.shared.fault_text import from_outside
from embedconsole.sync.shared.journal import log
from embedconsole.sync.shared.options import WHAT_IS_DUE, RunOptions
from embedconsole.sync.shared.report import Outcome, RunReport, none_ran

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from embedconsole.sync.run.components import Components
    from embedconsole.sync.run.engine import Engine


async def something_due(engine: Engine, components: Components) -> bool:
    """Whether an item of this pipeline could be claimed now.

    Raises:
        Fault: the ledger does not answer.
    """
    generation = await anyio.to_thread.run_sync(current_generation, components, engine.ledger)
    if generation is None:
        return False
    return await anyio.to_thread.run_sync(engine.ledger.overview.next_due, generation.id) == 0.0


FEED = "feed"
"""The kind of a run that looks only at what the change feed names."""

LOOK_EVERY = 2.0
_LEAVE_TO_OTHERS = 5.0
_FEEDS_APART = 1.0
"""Seconds between two runs of the feed at least: rows written one by one must not cause a run each."""

_AFTER_REFUSED_DELETES = 60.0
"""Seconds for which pending items are left alone after the delete guard has ended a run."""


@dataclass(frozen=True, slots=True)
class Request:
    """A run that was asked for; the schedulers of all its pipelines share it.

    Attributes:
        answers: Pipeline to why it was not done.
    """

    wish: OrderedRun
    answers: dict[str, str] = field(default_factory=dict)


_SCHEDULED = Request(OrderedRun())


@dataclass(slots=True)
class Scheduler:
    """Runs one pipeline on its schedule and when asked to, whatever the other pipelines do meanwhile.

    A run that is asked for during another one follows it: nothing in flight is given up for it. Where another
    process holds the run, this one helps with the work and leaves the planning to it. Work that becomes due
    between runs (retries, what another process left) is taken up as it comes, and so is what the change feed
    names. A run that a fault has ended is tried again after a pause that grows.

    Attributes:
        every: Seconds between scheduled runs.
        on_report: Told how each run ended, and why one could not begin.
    """

    engine: Engine
    components: Components
    every: float
    on_report: Callable[[RunReport], None]
    _requests: deque[Request] = field(default_factory=deque)
    _asked: anyio.Event = field(default_factory=anyio.Event)
    _run_at: float = 0.0
    """When the next scheduled run begins."""
    _calm_until: float = 0.0
    """Until when to leave alone what is due between runs."""
    _failures: int = 0
    """Runs in a row that a fault has ended."""
    _feed: FeedPoller = field(init=False)
    _feed_at: float = 0.0
    """When the feed may be taken next."""

    def __post_init__(self) -> None:
        self._feed = FeedPoller(self.engine, self.components)

    @property
    def name(self) -> str:
        """The pipeline's."""
        return self.components.pipeline.name

    def ask(self, request: Request) -> None:
        """Have a run as soon as may be; call it in the engine's loop."""
        self._requests.append(request)
        self._asked.set()

    def rest(self) -> None:
        """Leave alone what is due until the next scheduled run."""
        self._calm_until = math.inf

    async def keep(self) -> None:
        """Serve until the engine is drained."""
        async with alongside(self._feed.keep):
            while not self.engine.control.draining:
                await self._serve(self._requests.popleft() if self._requests else _SCHEDULED)
                await self._rest_between_runs()

    # A run

    async def _serve(self, request: Request) -> None:
        self.engine.next_runs.pop(self.name, None)
        try:
            await self._run(request)
        except (ConfigError, Fault, ExceptionGroup) as error:
            known = from_outside(error)
            if known is None:
                raise
            await self._answer(request, str(known))
            # What is wrong with a choice of items is the answer to who chose; the schedule continues.
            if not request.wish.only:
                self._halt(known)
        if math.isfinite(self._run_at):
            self.engine.next_runs[self.name] = self._run_at

    async def _run(self, request: Request) -> None:
        wish = request.wish
        if not wish.only:
            self._run_at = time.monotonic() + self.every
        options = replace(wish.options, pipelines=frozenset({self.name}))
        report = await self.engine.run(options, kind=wish.kind)
        self.on_report(self._note(report))
        part = report.pipelines[self.name]
        if part.fault is not None and not part.planned:
            # It is not known yet what there is to do.
            self._run_at = min(self._run_at, self._calm_until)
        if part.outcome in (Outcome.ABORTED, Outcome.SKIPPED, Outcome.INTERRUPTED):
            await self._answer(request, part.message or part.outcome)

    def _note(self, report: RunReport) -> RunReport:
        """Decide by a run's end how long to leave alone what is due; gives the report with what follows."""
        part = report.pipelines[self.name]
        now = time.monotonic()
        if part.fault is not None:
            pause = self._pause(part.fault)
            self._calm_until = now + pause
            reason = part.message or str(part.fault)
            self.engine.halted[self.name] = Halt(reason, self._calm_until)
            message = f"{reason.rstrip('.')}. Retrying in {pause:.0f} s"
            return RunReport(report.run, {self.name: replace(part, message=message)})
        self._failures = 0
        self.engine.halted.pop(self.name, None)
        if part.outcome is Outcome.INTERRUPTED:
            # The operator wants it to rest, and not to be taken up again in a second.
            self.rest()
        else:
            guarded = part.outcome is Outcome.ABORTED
            self._calm_until = now + _AFTER_REFUSED_DELETES if guarded else 0.0
        return report

    def _pause(self, fault: FaultClass) -> float:
        self._failures += 1
        return retry.RUN[fault].after(self._failures)

    def _halt(self, known: ConfigError | Fault) -> None:
        """A run could not begin. Only the operator can repair a configuration; a fault may pass by itself."""
        until = math.inf
        if isinstance(known, Fault):
            until = time.monotonic() + self._pause(known.kind)
        self._run_at = self._calm_until = until
        self.engine.halted[self.name] = Halt(str(known), until if math.isfinite(until) else None)
        self.on_report(none_ran([self.name], Outcome.ABORTED, str(known)))

    async def _answer(self, request: Request, text: str) -> None:
        order = request.wish.order
        if order is None:
            return
        request.answers[self.name] = text
        said = "; ".join(dict.fromkeys(request.answers.values()))
        try:
            await anyio.to_thread.run_sync(self.engine.ledger.orders.answer, order, said)
        except Fault as fault:
            log.warning("order %d is not answered: %s", order, fault)

    # Between runs

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
        """What the feed names or what has become due, if there is such."""
        if self._feed.due and time.monotonic() >= self._feed_at:
            await self._take_feed()
        elif await self._something_due():
            self._note(await self.engine.help(replace(WHAT_IS_DUE, pipelines=frozenset({self.name}))))

    async def _take_feed(self) -> None:
        self._feed.take()
        options = RunOptions(feed=True, pipelines=frozenset({self.name}), patient=True)
        report = await self.engine.run(options, kind=FEED)
        skipped = report.outcome is Outcome.SKIPPED
        # Whichever process plans elsewhere takes the feed too.
        self._feed_at = time.monotonic() + (_LEAVE_TO_OTHERS if skipped else _FEEDS_APART)
        changed = any(one.changed for one in report.pipelines.values())
        noted = self._note(report)
        if not skipped and (changed or report.outcome is not Outcome.OK):
            self.on_report(noted)

    async def _wait_a_little(self) -> bool:
        """Wait for the next look; False when it is time for a run, or to go."""
        left = self._run_at - time.monotonic()
        if not self._requests:
            self._asked = anyio.Event()
            feed = self._feed_at - time.monotonic()
            pause = min(LOOK_EVERY, left, feed if self._feed.due and feed > 0 else math.inf)
            with anyio.move_on_after(max(0.0, pause)):
                await first_of(self._asked, self._feed.news, self.engine.control.drained)
        return left > LOOK_EVERY and not self._requests and not self.engine.control.draining

    async def _something_due(self) -> bool:
        try:
            return await something_due(self.engine, self.components)
        except Fault as fault:
            log.warning("%s", fault)
        return False


@dataclass(slots=True)
class Schedulers:
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
            Scheduler(self.engine, components, self.every, self.on_report)
            for components in self.engine.all_components
        ]

    def ask(self, wish: OrderedRun) -> None:
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
            taker = OrderListener(self.engine, self.ask, self.rest)
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
