"""What is searched, kept true while the next collection is built: edits and deletions reach both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from embedconsole.faults import ConfigError, Fault
from embedconsole.sync.former import former_pipeline
from embedconsole.sync.options import RunOptions
from embedconsole.sync.round import Round

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.ledger.records.items import Generation
    from embedconsole.sync.assembly import Assembly
    from embedconsole.sync.engine import Engine

REFRESH_EVERY = 30.0


@dataclass(frozen=True, slots=True)
class Serving:
    """Syncs the generation that is searched, as it was configured when it was filled.

    Args:
        say: Told what keeps it from being kept true.
    """

    engine: Engine
    assembly: Assembly
    searched: Generation
    say: Callable[[str], None]

    async def keep(self) -> None:
        """Sync it now and then, until cancelled."""
        try:
            former = await former_assembly(self.assembly, self.searched)
            while True:
                await self.sync(former)
                await anyio.sleep(REFRESH_EVERY)
        except (ConfigError, Fault) as error:
            self.say(f"what is searched now is not kept true meanwhile: {error}")

    async def sync(self, former: Assembly) -> None:
        """One pass. It takes no lease: the run that builds has the pipeline's, and claims need none.

        Raises:
            ConfigError, Fault: it can't be synced.
        """
        engine = self.engine
        now = Round(engine.ledger, engine.me, engine.control, RunOptions(patient=True), [former])
        await now.prepare()
        await now.begin("serve")
        await now.work()
        await now.note(now.report())


async def former_assembly(assembly: Assembly, searched: Generation) -> Assembly:
    """A pipeline as it was configured when what is searched was filled.

    Raises:
        ConfigError: that is not known, or can't be had any more.
        Fault: the collection does not answer.
    """
    bound = assembly.bound_to(searched.target)
    state = await bound.collection.describe()
    if state is None or searched.recipe is None:
        raise ConfigError("nobody knows how it was filled")
    return bound.configured_as(former_pipeline(bound.pipeline, searched.recipe, state))
