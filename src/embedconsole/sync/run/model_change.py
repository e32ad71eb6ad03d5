"""A configuration with another model than the one that filled the collection: what may be done in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.faults import Fault
from embedconsole.sync.content.vector_space import ANY_SIZE, SAME_SIZE, another_size, check_space
from embedconsole.sync.run.generations import mixes_models
from embedconsole.sync.run.init import compared

if TYPE_CHECKING:
    from embedconsole.items import CollectionState
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Generation
    from embedconsole.sync.run.components import Components


async def check_in_place(
    components: Components, generation: Generation, ledger: Ledger, *, force: bool
) -> None:
    """Refuse another model, unless everything is embedded again and the collection can take the new vectors.

    Args:
        force: Everything is embedded again.

    Raises:
        ConfigError: the vectors would be mixed, or do not fit; it says which of the ways out there are.
    """
    if not await anyio.to_thread.run_sync(mixes_models, generation, components, ledger):
        return
    remedies = await _remedies(components.bound_to(generation.target))
    if force and remedies in (SAME_SIZE, ANY_SIZE):
        return
    check_space(components.pipeline.name, generation, components.space, remedies)


async def _remedies(components: Components) -> str:
    try:
        state = await components.collection.describe()
    except Fault:
        return ANY_SIZE
    if state is None:
        return SAME_SIZE
    for difference in compared(components, state):
        if difference.blocking:
            return another_size(difference.field, difference.have or "missing", difference.want or "nothing")
    return _by_size(components, state)


def _by_size(components: Components, state: CollectionState) -> str:
    """Where the embedders themselves tell the size of their vectors."""
    pipeline = components.pipeline
    sizes = {
        name: pipeline.embedders[config.embedder].vector_size for name, config in pipeline.vectors.items()
    }
    for name, size in sizes.items():
        there = state.vectors.get(name)
        if size is not None and there is not None and size != there.size:
            return another_size(
                f"the size of its vectors{f' {name}' if name else ''}", str(there.size), str(size)
            )
    return ANY_SIZE if None in sizes.values() else SAME_SIZE
