"""`test` on an engine that is running: the checks of the command, on the parts that are open already.

The embedded engine can be open only once, so the command's way of opening parts of its own would fail here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.sync import checks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.assembly import Assembly
    from embedconsole.sync.checks import Check


async def check_parts(ledger: Ledger, assembly: Assembly) -> AsyncIterator[Check]:
    """Try the ledger, the catalog, each embedder and the collection; gives each check as it ends."""

    async def try_ledger() -> str:
        workers = len(await anyio.to_thread.run_sync(ledger.presence.workers))
        return f"{ledger.database.dialect}, {workers} process{'' if workers == 1 else 'es'} at work"

    yield await checks._check("ledger", try_ledger)
    yield await checks._check("catalog", partial(checks._try_catalog, assembly))
    for embedder in dict.fromkeys(assembly.embedders.values()):
        yield await checks._check(f"embedder {embedder.name}", partial(checks._try_embedder, embedder))
    yield await checks._check("collection", partial(checks._try_collection, assembly))
