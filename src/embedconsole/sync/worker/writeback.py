"""What was synced, noted in the catalog's write-back columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.catalog.base import Settled
from embedconsole.faults import Refused, Transient
from embedconsole.items import MARKER, UNNAMED
from embedconsole.sync.content.marker import read_point
from embedconsole.sync.content.vectors import gathered
from embedconsole.sync.resilience.gate import Interrupted, Stop
from embedconsole.sync.shared.fault_text import left_for_later

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.catalog.base import Catalog
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import CatalogRow, JsonObject, JsonValue
    from embedconsole.ledger.records.work import Batch, Settlement
    from embedconsole.sync.content.recipe import Recipe
    from embedconsole.sync.resilience.gate import Gate
    from embedconsole.sync.run.components import Assembly
    from embedconsole.sync.shared.journal import Journal

    Vectors = Mapping[str, NDArray[np.float32]]


_ROWS_AT_ONCE = 1000


def has_vector_column(assembly: Assembly) -> bool:
    """Whether vectors are written back."""
    writeback = assembly.pipeline.catalog.writeback
    return writeback is not None and writeback.vector is not None


async def rewrite_vector_column(assembly: Assembly) -> None:
    """Write back the vector of every row that its collection holds as it is now.

    Rows that differ are the next run's to embed, and to note.

    Args:
        assembly: Bound to the collection, and configured as that was filled.

    Raises:
        ConfigError: the recipe names a column that the query does not have.
        Fault: the catalog or the collection does not answer.
    """
    if not has_vector_column(assembly):
        return
    recipe = await anyio.to_thread.run_sync(assembly.recipe)
    pages = await anyio.to_thread.run_sync(assembly.catalog.keys)
    while keys := await anyio.to_thread.run_sync(next, pages, ()):
        for start in range(0, len(keys), _ROWS_AT_ONCE):
            settled = await _settled(assembly, recipe, keys[start : start + _ROWS_AT_ONCE])
            await anyio.to_thread.run_sync(assembly.catalog.write_back, settled)


async def _settled(assembly: Assembly, recipe: Recipe, keys: Sequence[str]) -> list[Settled]:
    rows = await anyio.to_thread.run_sync(assembly.catalog.read, keys)
    contents = {key: recipe.content(row) for key, row in rows.items()}
    stored = await assembly.collection.stored([content.point for content in contents.values()])
    settled = []
    for key, content in contents.items():
        point = stored.get(content.point)
        if point is not None and read_point(content.point, {MARKER: point.marker}).holds == content.hashes:
            settled.append(Settled(rows[key], as_json(point.vectors)))
    return settled


@dataclass(frozen=True, slots=True)
class CatalogNoter:
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
            # As above: a run that drains waits for nobody.
            self.journal.note(
                "warning", "writeback", f"write-back of batch {batch.token} is left to the next run"
            )
        except Refused as fault:
            raise Stop(fault) from fault
        else:
            if skipped:
                self.journal.note("info", "writeback", not_noted(skipped))


def not_noted(count: int) -> str:
    """What is said of rows that were edited while their items were synced."""
    rows = "1 row is" if count == 1 else f"{count:,} rows are"
    return f"write-back: {rows} not noted as synced, edited after the read; the next run syncs what changed"


def _of_slots(slots: Vectors | None) -> JsonValue:
    return None if slots is None else as_json(gathered(slots))


def as_json(vectors: Vectors) -> JsonValue:
    """The vectors of one item, by name, as the `vector` column takes them."""
    lists: JsonObject = {name: vector.tolist() for name, vector in vectors.items()}
    return lists[UNNAMED] if list(lists) == [UNNAMED] else lists
