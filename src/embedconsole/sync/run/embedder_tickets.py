"""Tickets of embedders, kept in the ledger: what was ordered is collected after a crash, too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import anyio.to_thread

from embedconsole.embedders.tickets import TicketsInMemory
from embedconsole.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.ledger.ledger import Ledger

T = TypeVar("T")

_NO_GENERATION = 0
"""A ticket stands for what was ordered, whatever generation wants it; no generation has this number."""


@dataclass(frozen=True, slots=True)
class LedgerTickets:
    """Tickets beside the kept vectors, since they stand for vectors that are as good as paid for.

    While the ledger is away they are kept in memory: an embedder has no business with its faults.
    """

    ledger: Ledger
    _meanwhile: TicketsInMemory = field(default_factory=TicketsInMemory)

    async def find(self, key: bytes) -> str | None:
        """See `Tickets`."""
        meanwhile = await self._meanwhile.find(key)
        if meanwhile is not None:
            return meanwhile
        kept = await _unless_away(lambda: self.ledger.kept.get(_NO_GENERATION, [key]))
        return kept[key].decode() if kept else None

    async def note(self, key: bytes, ticket: str) -> None:
        """See `Tickets`."""
        await self._meanwhile.note(key, ticket)
        if await _unless_away(lambda: self._put(key, ticket)):
            await self._meanwhile.forget(key)

    def _put(self, key: bytes, ticket: str) -> bool:
        self.ledger.kept.put(_NO_GENERATION, {key: ticket.encode()})
        return True

    async def forget(self, key: bytes) -> None:
        """See `Tickets`."""
        await self._meanwhile.forget(key)
        await _unless_away(lambda: self.ledger.kept.drop(_NO_GENERATION, [key]))


async def _unless_away(work: Callable[[], T]) -> T | None:
    try:
        return await anyio.to_thread.run_sync(work)
    except Fault:
        return None
