"""Points looked at again that a worker may have written after it lost its lease (`ledger.items.rechecks`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import Fault, Refused
from embedconsole.items import point_id, point_order
from embedconsole.sync.content.marker import read_point
from embedconsole.sync.resilience.gate import GateState
from embedconsole.sync.shared.fault_text import left_for_later
from embedconsole.sync.shared.verdict import holds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from embedconsole.collection.base import Collection
    from embedconsole.items import JsonObject, PointId
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Hashes
    from embedconsole.sync.resilience.gate import Gate
    from embedconsole.sync.shared.journal import Journal

_EVERY = 30.0
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Rechecker:
    """Looks at doubtful points of one pipeline, and has the ledger believe what is there.

    Args:
        pipeline: Its name, as points bear it: others are not touched.
        collection: Asked for only when a point is to be checked.
        gate: The collection's; no look while it is shut.
        found_wrong: Called when something is to be done again.
    """

    ledger: Ledger
    generation_id: int
    pipeline: str
    collection: Callable[[], Collection]
    gate: Gate
    journal: Journal
    found_wrong: Callable[[], None]

    async def keep_looking(self) -> None:
        """Look now and then until cancelled."""
        while True:
            await anyio.sleep(_EVERY)
            await self.look_if_possible()

    async def look_if_possible(self) -> None:
        """Look, but not for long; what can't be looked at now stays doubtful."""
        if self.gate.health.state is not GateState.CLOSED:
            return
        with anyio.move_on_after(_PATIENCE):
            try:
                await self.look()
            except Fault as fault:
                self.journal.note(
                    "warning", fault.kind, f"points to be checked again: {left_for_later(fault)}"
                )

    async def look(self) -> int:
        """Check the pending points; returns how many were not as the ledger believed.

        Raises:
            Fault: the ledger or the collection does not answer.
        """
        wrong = 0
        while rechecks := await anyio.to_thread.run_sync(self.ledger.rechecks.due, self.generation_id):
            keys = {point_id(recheck.key): recheck.key for recheck in rechecks}
            payloads = await self._payloads(list(keys))
            found = {
                point_order(point): (key, self._content(point, payloads.get(point)))
                for point, key in keys.items()
            }
            settle = partial(self.ledger.rechecks.settle, self.generation_id, rechecks, found)
            wrong += await anyio.to_thread.run_sync(settle)
        if wrong:
            self.journal.note(
                "warning",
                "lease",
                f"{wrong:,} points were written by a worker that had lost them; done again",
            )
            self.found_wrong()
        return wrong

    async def _payloads(self, points: Sequence[PointId]) -> Mapping[PointId, JsonObject]:
        collection = self.collection()
        try:
            return await collection.retrieve(points)
        except Refused:
            if await collection.describe() is None:
                return {}  # a collection that is not there holds no points
            raise

    def _content(self, point: PointId, payload: JsonObject | None) -> Hashes | None:
        """The content by a point's marker; None where it is not ours."""
        return None if payload is None else holds_of(read_point(point, payload), self.pipeline)
