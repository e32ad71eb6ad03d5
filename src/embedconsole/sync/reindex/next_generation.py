"""The generation that a re-index builds: one that was begun before, or a new one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.ledger.records.items import Generation
from embedconsole.sync.content.recipe_record import recipe_text, without_fields
from embedconsole.sync.run.generations import noted
from embedconsole.sync.run.init import compared

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.sync.reindex.switch import AliasSwitch


@dataclass(frozen=True, slots=True)
class NextGeneration:
    """Finds or begins it.

    Args:
        say: Called with a sentence that names it.
    """

    switch: AliasSwitch
    say: Callable[[str], None]

    async def begun(self) -> Generation | None:
        """The generation being built, or kept for rollback, that fits the present configuration.

        One for another configuration is dropped.

        Raises:
            Fault: the ledger or a collection does not answer.
        """
        components = self.switch.components
        building = await self.switch.building()
        if building is None:
            return await self._standing_by()
        state = await self.switch.collection_of(building).describe()
        fits = state is None or not any(found.blocking for found in compared(components, state))
        if state is None and await self._has_written(building):
            self.say(f"{building.target} was started before, and is gone")
        elif building.space == components.space and fits:
            self.say(f"Continuing with {building.target}, which was started before")
            return building
        else:
            self.say(f"{building.target} was started for another configuration, and is dropped")
        await self.switch.drop(building)
        return None

    async def _has_written(self, generation: Generation) -> bool:
        count = partial(self.switch.ledger.overview.counts, generation.id)
        return (await anyio.to_thread.run_sync(count)).synced > 0

    async def _standing_by(self) -> Generation | None:
        """One from which the name was moved back, if it was filled with the configuration of now."""
        components, generations = self.switch.components, self.switch.ledger.generations
        recipe = recipe_text(components.pipeline)
        for generation in await self.switch.standby():
            if (generation.space, without_fields(generation.recipe)) != (components.space, recipe):
                continue
            state = await self.switch.collection_of(generation).describe()
            if state is not None and not any(found.blocking for found in compared(components, state)):
                await anyio.to_thread.run_sync(generations.build_on, generation)
                self.say(f"Continuing with {generation.target}, kept for rollback: it was filled like this")
                return generation
        return None

    async def begin(self, searched: Generation) -> Generation:
        """Begin a new one, next to the one that is searched. Raises as `begun`."""
        components, ledger = self.switch.components, self.switch.ledger
        target = await self.switch.free_target(searched)
        following = Generation(
            0,
            self.switch.name,
            searched.collection,
            components.space,
            None,
            None,
            target,
            address=searched.address,
        )
        generation = await anyio.to_thread.run_sync(ledger.generations.build, following)
        self.say(f"Building {target} next to {searched.target}, which stays searchable and up to date")
        return await anyio.to_thread.run_sync(noted, generation, components, ledger)
