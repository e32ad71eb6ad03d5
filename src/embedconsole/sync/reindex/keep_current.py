"""Keeps the searched collection up to date while the next one is built: edits and deletions reach both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from embedconsole.faults import ConfigError, Fault
from embedconsole.sync.reindex.previous_config import previous_components
from embedconsole.sync.run.run import EngineRun
from embedconsole.sync.shared.options import RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.ledger.records.items import Generation
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.run.engine import Engine

REFRESH_EVERY = 30.0


@dataclass(slots=True)
class KeepCurrent:
    """Syncs the generation that is searched, as it was configured when it was filled.

    Args:
        say: Called with the reason why it can't be kept up to date, once for each reason.
    """

    engine: Engine
    components: Components
    searched: Generation
    say: Callable[[str], None]
    _told: str = ""
    _one_at_a_time: anyio.Lock = field(default_factory=anyio.Lock)

    async def keep(self) -> None:
        """Sync it now and then, until cancelled."""
        while True:
            await self.sync()
            await anyio.sleep(REFRESH_EVERY)

    async def sync(self) -> None:
        """One pass; the next one retries what fails now.

        It takes no lease: the re-index has the pipeline's.
        """
        async with self._one_at_a_time:
            try:
                problem = await self._sync(await previous_components(self.components, self.searched))
            except (ConfigError, Fault) as error:
                problem = str(error)
        if problem not in ("", self._told):
            self._told = problem
            self.say(f"the collection that is searched is not kept up to date meanwhile: {problem}")

    async def rest(self) -> None:
        """Have the pass under way come to its end, and begin no other."""
        await self._one_at_a_time.acquire()

    async def _sync(self, former: Components) -> str:
        """One pass; returns why it stopped, empty when it did not."""
        engine = self.engine
        # Not patient: a model that is there no more must not hold up the one that follows it.
        with engine.control.running([former.pipeline.name]) as control:
            now = EngineRun(engine.ledger, engine.me, control, RunOptions(), [former], engine.turns)
            await now.prepare()
            await now.begin("serve")
            await now.work()
        report = now.report()
        await now.note(report)
        return "; ".join(report.messages.values())
