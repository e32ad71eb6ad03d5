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
    from embedconsole.sync.run.components import Assembly


async def check_in_place(assembly: Assembly, generation: Generation, ledger: Ledger, *, force: bool) -> None:
    """Refuse another model, unless everything is embedded again and the collection can take the new vectors.

    Args:
        force: Everything is embedded again.

    Raises:
        ConfigError: the vectors would be mixed, or do not fit; it says which of the ways out there are.
    """
    if not await anyio.to_thread.run_sync(mixes_models, generation, assembly, ledger):
        return
    remedies = await _remedies(assembly.bound_to(generation.target))
    if force and remedies in (SAME_SIZE, ANY_SIZE):
        return
    check_space(assembly.pipeline.name, generation, assembly.space, remedies)


async def _remedies(assembly: Assembly) -> str:
    try:
        state = await assembly.collection.describe()
    except Fault:
        return ANY_SIZE
    if state is None:
        return SAME_SIZE
    for difference in compared(assembly, state):
        if difference.blocking:
            return another_size(difference.field, difference.have or "missing", difference.want or "nothing")
    return _by_size(assembly, state)


def _by_size(assembly: Assembly, state: CollectionState) -> str:
    """Where the embedders themselves tell the size of their vectors."""
    pipeline = assembly.pipeline
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
