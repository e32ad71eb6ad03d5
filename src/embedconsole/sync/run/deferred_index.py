"""A first fill of millions: Qdrant's index is built once, at the end, and not again and again meanwhile.

What has to be set back stands in the ledger before anything is changed: should we be killed, the next run
sets it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.collection.base import Optimizer
from embedconsole.faults import Fault
from embedconsole.sync.shared.fault_text import left_for_later

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.collection.base import Collection
    from embedconsole.config.settings import RetryConfig
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Generation
    from embedconsole.sync.resilience.gate import Gate
    from embedconsole.sync.shared.journal import Journal

_RESTORE_SECONDS = 30.0
_NEVER = 0
"""The threshold with which Qdrant builds no index."""


@dataclass(slots=True)
class DeferredIndex:
    """Puts off the index of one generation's collection, for the length of a run.

    Args:
        collection: Asked for only when there is something to set.
        wanted: Whether this run asks for it; else only what was left behind is set back.
    """

    ledger: Ledger
    generation: Generation
    collection: Callable[[], Collection]
    gate: Gate
    retry: RetryConfig
    journal: Journal
    wanted: bool
    _before: int | None = None

    def __post_init__(self) -> None:
        self._before = self.generation.deferred

    async def begin(self) -> None:
        """Put the index off, once the collection is there; without effect where it is put off already.

        Raises:
            Fault, Stop, Interrupted: the collection or the ledger does not answer.
        """
        if not self.wanted or self._before is not None:
            return
        state = await self.gate.call(self.collection().describe, self.retry)
        if state is None or state.indexing_threshold in (None, _NEVER):
            self.wanted = False  # an engine that builds none, or the choice of others
            return
        await self._note(state.indexing_threshold)
        await self._set(_NEVER)
        self.journal.note("info", "collection", "its index is put off until the run has ended")

    async def end(self) -> None:
        """Set back what was put off, by this run or by one that was killed.

        What fails is left to the next run.
        """
        before = self._before
        if before is None:
            return
        with anyio.move_on_after(_RESTORE_SECONDS, shield=True):
            try:
                await self._set(before)
                await self._note(None)
            except Fault as fault:
                self.journal.note(
                    "warning", fault.kind, f"its index is still put off: {left_for_later(fault)}"
                )
            else:
                self.journal.note("info", "collection", "its index is being built")

    async def _set(self, threshold: int) -> None:
        collection = self.collection()
        if isinstance(collection, Optimizer):
            await collection.set_indexing_threshold(threshold)

    async def _note(self, threshold: int | None) -> None:
        note = partial(self.ledger.generations.set_deferred, self.generation.id, threshold)
        await anyio.to_thread.run_sync(note)
        self._before = threshold
