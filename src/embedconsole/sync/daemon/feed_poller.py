"""Looks for what a change feed has to give between runs; PostgreSQL notifies by itself."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import Fault
from embedconsole.sync.plan.feed_intake import FeedFailed
from embedconsole.sync.shared.journal import Journal, log

if TYPE_CHECKING:
    from embedconsole.sync.plan.feed_intake import FeedIntake
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.run.engine import Engine

LOOK_EVERY = 1.0
CHECK_EVERY = 60.0
"""Seconds between two looks at the triggers."""
LEFT_ALONE = 30.0
"""Seconds for which a feed is not asked whose outbox can't be read or emptied."""
_GATHER = 0.1


@dataclass(slots=True)
class FeedPoller:
    """The change feed of one pipeline; during a run of it, which takes the feed itself, it is not asked.

    Attributes:
        news: Set when the next look finds something to take; take it again for each wait.
        due: Whether there is something to take.
    """

    engine: Engine
    components: Components
    news: anyio.Event = field(default_factory=anyio.Event)
    due: bool = False
    _ask_at: float = 0.0
    """When the feed may be asked again, on the monotonic clock."""
    _check_at: float = 0.0
    """When its triggers are looked at again."""
    _woken: anyio.Event = field(default_factory=anyio.Event)

    async def keep(self) -> None:
        """Continue until cancelled; ends at once where the pipeline has no feed."""
        intake = self.components.intake
        if intake is None:
            return
        async with anyio.create_task_group() as group:
            group.start_soon(intake.feed.listen, self._wake)
            while True:
                woken = self._woken = anyio.Event()
                if self._name not in self.engine.running:
                    await self._look(intake)
                with anyio.move_on_after(LOOK_EVERY):
                    await woken.wait()
                    # Rows written one by one are notified one by one.
                    await anyio.sleep(_GATHER)

    def take(self) -> None:
        """What is due is being taken; the feed is asked again before there is more."""
        self.due = False

    async def _look(self, intake: FeedIntake) -> None:
        now = time.monotonic()
        try:
            if now >= self._check_at:
                self._check_at = now + CHECK_EVERY
                await self._check(intake)
            if intake.failing:
                if now < self._ask_at:
                    return
                self._ask_at = now + LEFT_ALONE
            self.due = await anyio.to_thread.run_sync(intake.waiting)
            if self.due:
                self.news.set()
                self.news = anyio.Event()
        except FeedFailed as failed:
            log.debug("%s: the change feed is not asked: %s", self._name, failed)
            # The triggers may say why.
            self._check_at = 0.0 if intake.failing else self._check_at
        except Fault as fault:
            log.debug("%s: the change feed is not looked at: %s", self._name, fault)

    async def _check(self, intake: FeedIntake) -> None:
        journal = Journal(self._name, None)
        await anyio.to_thread.run_sync(intake.check, journal)
        await anyio.to_thread.run_sync(journal.flush, self.engine.ledger)

    @property
    def _name(self) -> str:
        return self.components.pipeline.name

    def _wake(self) -> None:
        self._woken.set()
