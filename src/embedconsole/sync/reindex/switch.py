"""The collections of a re-index and the alias that points to them: taking over, rollback, cleaning up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.collection.base import Aliases, lacking
from embedconsole.collection.build import address_of
from embedconsole.faults import ConfigError
from embedconsole.sync.reindex.previous_config import previous_components
from embedconsole.sync.reindex.vector_column import has_vector_column, rewrite_vector_column
from embedconsole.sync.run.generations import current_generation

if TYPE_CHECKING:
    from embedconsole.collection.base import Collection
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Generation
    from embedconsole.sync.run.components import Components


@dataclass(frozen=True, slots=True)
class AliasSwitch:
    """The generations of one pipeline, and their collections."""

    ledger: Ledger
    components: Components

    @property
    def name(self) -> str:
        """The pipeline's."""
        return self.components.pipeline.name

    def collection_of(self, generation: Generation) -> Collection:
        """The collection itself that a generation fills."""
        return self.components.bound_to(generation.target).collection

    def aliases_of(self, target: str) -> Aliases:
        """The aliases of a collection, by its own name.

        Raises:
            Refused: its store has none.
        """
        collection = self.components.bound_to(target).collection
        if not isinstance(collection, Aliases):
            raise lacking(collection, "aliases, and can't be re-indexed next to the one that is searched")
        return collection

    async def searched(self) -> Generation:
        """The generation that is searched now, its target the collection itself.

        Raises:
            ConfigError: nothing was ever written by this pipeline.
            Fault: Qdrant does not answer.
        """
        generation = await anyio.to_thread.run_sync(current_generation, self.components, self.ledger)
        if generation is None:
            raise ConfigError(f"pipeline {self.name}: there is nothing to re-index yet; run embedconsole run")
        # An alias of others may be configured: from here on the collection itself is meant. Not where the
        # name has moved to the next one already, and only the ledger does not know yet.
        own_name = (await self.aliases_of(generation.target).naming()).collection
        building = await self.building()
        if own_name == generation.target or (building is not None and own_name == building.target):
            return generation
        note = partial(self.ledger.generations.set_target, generation.id, own_name)
        await anyio.to_thread.run_sync(note)
        return replace(generation, target=own_name)

    async def building(self) -> Generation | None:
        """The generation that is being built next to it."""
        return await anyio.to_thread.run_sync(
            self.ledger.generations.building, self.name, address_of(self.components.pipeline.collection)
        )

    async def standby(self) -> list[Generation]:
        """Those that were searched before and can be again, the latest first."""
        return await anyio.to_thread.run_sync(
            self.ledger.generations.standby, self.name, address_of(self.components.pipeline.collection)
        )

    async def free_target(self, searched: Generation) -> str:
        """A free name for the next collection."""
        stem = searched.collection
        number = searched.id + 1
        while True:
            target = f"{stem}-{number}"
            naming = await self.aliases_of(target).naming()
            taken = naming.collection != target
            if not taken and await self.components.bound_to(target).collection.describe() is None:
                return target
            number += 1

    async def can_take(self, alias: str) -> bool:
        """Whether a name is an alias or free to become one; an embedded collection may share its name."""
        collection = self.components.bound_to(alias).collection
        if self.components.pipeline.collection.path is not None:
            return True
        naming = await self.aliases_of(alias).naming()
        return naming.collection != alias or await collection.describe() is None

    async def take_over(self, following: Generation, alias: str, searched: Generation) -> None:
        """Point the alias to the generation, and keep the one searched until now for rollback."""
        await self.aliases_of(following.target).take_alias(alias)
        promote = partial(self.ledger.generations.promote, following, alias=alias, searched=searched)
        await anyio.to_thread.run_sync(promote)

    async def stands_for(self, generation: Generation, alias: str) -> bool:
        """Whether the alias already points to a generation's collection."""
        return alias in (await self.aliases_of(generation.target).naming()).aliases

    async def roll_back(self) -> Generation:
        """Point the alias back to the previous collection.

        Raises:
            ConfigError: there is none.
        """
        standby = await self.standby()
        if not standby:
            raise ConfigError(f"pipeline {self.name}: no previous collection is kept for rollback")
        searched = await self.searched()
        await self.take_over(standby[0], searched.collection, searched)
        if has_vector_column(self.components):
            # After the move: nothing that is wrong with a column may be in the way of going back.
            await rewrite_vector_column(await previous_components(self.components, standby[0]))
        return standby[0]

    async def drop_standby(self) -> list[str]:
        """Drop the collections kept for rollback; returns their names."""
        standby = await self.standby()
        for generation in standby:
            await self.drop(generation)
        return [generation.target for generation in standby]

    async def drop(self, generation: Generation) -> None:
        """Drop a generation's collection and all that is known of it."""
        collection = self.collection_of(generation)
        if await self._has_its_name(generation) and await collection.describe() is not None:
            await self.aliases_of(generation.target).drop()
        await anyio.to_thread.run_sync(self.ledger.generations.retire, generation)
        await anyio.to_thread.run_sync(self.ledger.generations.forget, generation)

    async def _has_its_name(self, generation: Generation) -> bool:
        """Whether its name is not an alias by now, which what has replaced it got."""
        if self.components.pipeline.collection.path is not None:
            return True
        return (await self.aliases_of(generation.target).naming()).collection == generation.target

    async def lead_to(self, alias: str) -> Generation:
        """Give what is searched now a further name, an alias: readers can go over to it one by one.

        Raises:
            ConfigError: a collection has that name.
            Refused: Qdrant refuses it.
        """
        searched = await self.searched()
        if not await self.can_take(alias):
            raise ConfigError(f"{alias} is a collection itself: an alias needs a name of its own")
        await self.aliases_of(searched.target).take_alias(alias)
        await anyio.to_thread.run_sync(self.ledger.generations.set_collection, searched.id, alias)
        return searched
