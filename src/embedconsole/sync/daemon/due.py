"""Whether something waits to be worked on between runs: retries, what another process planned or left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.sync.run.generations import current_generation

if TYPE_CHECKING:
    from embedconsole.sync.run.components import Assembly
    from embedconsole.sync.run.engine import Engine


async def something_due(engine: Engine, assembly: Assembly) -> bool:
    """Whether an item of this pipeline could be claimed now.

    Raises:
        Fault: the ledger does not answer.
    """
    generation = await anyio.to_thread.run_sync(current_generation, assembly, engine.ledger)
    if generation is None:
        return False
    return await anyio.to_thread.run_sync(engine.ledger.overview.next_due, generation.id) == 0.0
