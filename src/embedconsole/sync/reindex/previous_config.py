"""The configuration that a collection was filled with, as far as the ledger has noted it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError
from embedconsole.sync.content.recipe_record import former_pipeline

if TYPE_CHECKING:
    from embedconsole.ledger.records.items import Generation
    from embedconsole.sync.run.components import Components


async def previous_components(components: Components, generation: Generation) -> Components:
    """A generation's collection, with the configuration that it was filled with.

    Raises:
        ConfigError: that is not known any more, or it can't be used.
        Fault: the collection does not answer.
    """
    bound = components.bound_to(generation.target)
    state = await bound.collection.describe()
    if state is None or generation.recipe is None:
        raise ConfigError("it is not known how it was filled")
    return bound.configured_as(former_pipeline(bound.pipeline, generation.recipe, state))
