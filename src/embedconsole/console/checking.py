"""`test` on an engine that is running: the checks of the command, on the parts that are open already.

The embedded engine can be open only once, so the command's way of opening parts of its own would fail here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.sync.inspect.checks import check_assembly, check_ledger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.inspect.checks import Check
    from embedconsole.sync.run.components import Assembly


async def check_parts(ledger: Ledger, assembly: Assembly) -> AsyncIterator[Check]:
    """Try the ledger, the catalog, each embedder and the collection; gives each check as it ends."""
    yield await check_ledger(ledger)
    async for check in check_assembly(assembly):
        yield check
