"""Writes what was synced into the catalog's write-back columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.catalog.base import Settled
from embedconsole.faults import Refused, Transient
from embedconsole.items import UNNAMED, point_id, point_order
from embedconsole.ledger.state import State
from embedconsole.sync.resilience.gate import Interrupted, Stop
from embedconsole.sync.shared.fault_text import left_for_later

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.catalog.base import Catalog
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import CatalogRow, JsonObject, JsonValue
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.work import Batch, Settlement
    from embedconsole.sync.content.recipe import Recipe
    from embedconsole.sync.resilience.gate import Gate
    from embedconsole.sync.shared.journal import Journal

    Vectors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class CatalogWriteback:
    """Notes what is synced; without effect where no write-back is configured."""

    pipeline: Pipeline
    catalog: Catalog
    reader: Gate
    journal: Journal

    async def note(
        self,
        batch: Batch,
        settlement: Settlement,
        rows: Mapping[str, CatalogRow],
        vectors: Mapping[str, Vectors],
    ) -> None:
        """Note what was written of a batch; `rows` and `vectors` by key.

        Raises:
            Stop: the catalog refuses it.
        """
        writeback = self.pipeline.catalog.writeback
        if writeback is None or not settlement.written:
            return
        settled = [
            Settled(rows[item.key], _of_slots(vectors.get(item.key)) if writeback.vector else None)
            for item, _ in settlement.written
        ]
        try:
            skipped = await self.reader.call(
                lambda: anyio.to_thread.run_sync(self.catalog.write_back, settled, abandon_on_cancel=True),
                self.pipeline.retry,
            )
        except Transient as fault:
            # The columns still say "not synced", so the next run notes it.
            self.journal.note(
                "warning", fault.kind, f"write-back of batch {batch.token}: {left_for_later(fault)}"
            )
        except Interrupted:
            # As above: a run that drains does not wait.
            self.journal.note(
                "warning", "writeback", f"write-back of batch {batch.token} is left to the next run"
            )
        except Refused as fault:
            raise Stop(fault) from fault
        else:
            if skipped:
                self.journal.note("info", "writeback", not_noted(skipped))


def not_noted(count: int) -> str:
    """The message about rows that were edited while their items were synced."""
    rows = "1 row is" if count == 1 else f"{count:,} rows are"
    return f"write-back: {rows} not noted as synced, edited after the read; the next run syncs what changed"


def _of_slots(slots: Vectors | None) -> JsonValue:
    if slots is None:
        return None
    # It brings numpy, which a run that finds nothing to do can do without.
    from embedconsole.sync.content.vectors import gathered

    return as_json(gathered(slots))


def as_json(vectors: Vectors) -> JsonValue:
    """The vectors of one item, by name, as the `vector` column takes them."""
    lists: JsonObject = {name: vector.tolist() for name, vector in vectors.items()}
    return lists[UNNAMED] if list(lists) == [UNNAMED] else lists


def settle_flags(catalog: Catalog, ledger: Ledger, generation_id: int, recipe: Recipe) -> int:
    """Note rows as synced whose note got lost, or which were only touched; returns how many.

    Such a row is not embedded again: its content is what the collection holds.
    """
    noted = 0
    for keys in catalog.unsettled():
        points = {point_order(point_id(key)): key for key in keys}
        known = ledger.planned_items.known(generation_id, list(points))
        in_sync = [points[point] for point, item in known.items() if item.state == State.SYNCED]
        settled = []
        for row in catalog.read(in_sync).values() if in_sync else ():
            content = recipe.content(row)
            item = known[point_order(content.point)]
            if content.hashes.embed == item.synced_embed and content.hashes.payload == item.synced_payload:
                settled.append(Settled(row))
        if settled:
            catalog.write_back(settled)
            noted += len(settled)
    return noted
