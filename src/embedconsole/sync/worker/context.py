"""The context of the workers of one run of one pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    import anyio

    from embedconsole.catalog.base import Catalog
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.faults import Fault
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.work import Batch
    from embedconsole.sync.content.recipe import Recipe
    from embedconsole.sync.content.row_reader import RowPortions
    from embedconsole.sync.resilience.gate import Gate
    from embedconsole.sync.shared.delete_guard import DeleteGuard
    from embedconsole.sync.shared.journal import Journal
    from embedconsole.sync.shared.report import Progress
    from embedconsole.sync.worker.collection_setup import ReadyCollection
    from embedconsole.sync.worker.embed import GatedEmbedder
    from embedconsole.sync.worker.kept_vectors import VectorKeeper
    from embedconsole.sync.worker.memory_budget import MemoryBudget
    from embedconsole.sync.worker.reuse import Donor
    from embedconsole.sync.worker.writeback import CatalogWriteback


@dataclass(frozen=True, slots=True)
class Workbench:
    """Shared by all workers of the run.

    Args:
        rows: Reads what a batch is about.
        room: In memory, for the rows that are in hand.
        embedders: Vector name to its embedder.
        embed_slots: Batches that may be embedding at the same time.
        enter_stage: Called with the stage that a batch (by token) enters.
        holds: Whether a batch is ours for so many seconds more.
        give_up: Called with the reason why the run can't continue, before the batch can be claimed again.
        ended_early: Whether nothing more is to be begun.
        donor: The source of vectors of the searched collection, while this one is built next to it.
    """

    pipeline: Pipeline
    catalog: Catalog
    rows: RowPortions
    room: MemoryBudget
    ledger: Ledger
    recipe: Recipe
    embedders: Mapping[str, GatedEmbedder]
    collection: ReadyCollection
    reader: Gate
    guard: DeleteGuard
    progress: Progress
    journal: Journal
    embed_slots: anyio.CapacityLimiter
    enter_stage: Callable[[int, str], None]
    holds: Callable[[Batch, float], Awaitable[bool]]
    give_up: Callable[[Fault], None]
    ended_early: Callable[[], bool]
    keeper: VectorKeeper
    writeback: CatalogWriteback
    donor: Donor | None = None
