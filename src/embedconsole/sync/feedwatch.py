"""Looks for what the change feeds have to give while no run goes on; PostgreSQL tells by itself."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import Fault
from embedconsole.sync.intake import FeedFailed
from embedconsole.sync.journal import Journal, log

if TYPE_CHECKING:
    from embedconsole.sync.assembly import Assembly
    from embedconsole.sync.engine import Engine
    from embedconsole.sync.intake import Intake

LOOK_EVERY = 1.0
CHECK_EVERY = 60.0
"""Seconds between two looks at the triggers."""
LEFT_ALONE = 30.0
"""Seconds for which a feed is not asked whose outbox can't be read or emptied."""
_GATHER = 0.1


@dataclass(slots=True)
class _Looked:
    """When a feed may be asked again, and its triggers looked at; on the monotonic clock."""

    ask_at: float = 0.0
    check_at: float = 0.0


@dataclass(slots=True)
class FeedWatch:
    """The feeds of an engine's pipelines; during a run that takes them itself, nobody is asked.

    Attributes:
        news: Set when the next look finds something to take; take it anew for each wait.
    """

    engine: Engine
    news: anyio.Event = field(default_factory=anyio.Event)
    _due: set[str] = field(default_factory=set)
    _looked: dict[str, _Looked] = field(default_factory=dict)
    _woken: anyio.Event = field(default_factory=anyio.Event)

    async def keep(self) -> None:
        """Go on until cancelled; ends at once where nothing is watched."""
        fed = [
            (assembly, assembly.intake) for assembly in self.engine.assemblies if assembly.intake is not None
        ]
        if not fed:
            return
        async with anyio.create_task_group() as group:
            for _, intake in fed:
                group.start_soon(intake.feed.listen, self._wake)
            while True:
                woken = self._woken = anyio.Event()
                if not self.engine.busy:
                    for assembly, intake in fed:
                        await self._look(assembly, intake)
                with anyio.move_on_after(LOOK_EVERY):
                    await woken.wait()
                    # Who writes row by row is told of row by row.
                    await anyio.sleep(_GATHER)

    @property
    def due(self) -> bool:
        """Whether there is something to take."""
        return bool(self._due)

    def take(self) -> frozenset[str]:
        """The pipelines with something to take; they are looked at again before they are named again."""
        due = frozenset(self._due)
        self._due.clear()
        return due

    async def _look(self, assembly: Assembly, intake: Intake) -> None:
        name = assembly.pipeline.name
        looked = self._looked.setdefault(name, _Looked())
        now = time.monotonic()
        try:
            if now >= looked.check_at:
                looked.check_at = now + CHECK_EVERY
                await self._check(name, intake)
            if intake.failing:
                if now < looked.ask_at:
                    return
                looked.ask_at = now + LEFT_ALONE
            if await anyio.to_thread.run_sync(intake.waiting):
                self._due.add(name)
                self.news.set()
                self.news = anyio.Event()
            else:
                self._due.discard(name)
        except FeedFailed as failed:
            log.debug("%s: the change feed is not asked: %s", name, failed)
            # Why, the triggers may tell.
            looked.check_at = 0.0 if intake.failing else looked.check_at
        except Fault as fault:
            log.debug("%s: the change feed is not looked at: %s", name, fault)

    async def _check(self, pipeline: str, intake: Intake) -> None:
        journal = Journal(pipeline, None)
        await anyio.to_thread.run_sync(intake.check, journal)
        await anyio.to_thread.run_sync(journal.flush, self.engine.ledger)

    def _wake(self) -> None:
        self._woken.set()
