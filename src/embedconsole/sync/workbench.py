"""What the workers of one run of one pipeline work with."""

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
    from embedconsole.sync.content import Recipe
    from embedconsole.sync.donor import Donor
    from embedconsole.sync.embedding import GatedEmbedder
    from embedconsole.sync.flow import Gate
    from embedconsole.sync.guard import DeleteGuard
    from embedconsole.sync.journal import Journal
    from embedconsole.sync.keeping import VectorKeeper
    from embedconsole.sync.noting import CatalogNoter
    from embedconsole.sync.progress import Progress
    from embedconsole.sync.readiness import ReadyCollection
    from embedconsole.sync.room import Room
    from embedconsole.sync.rows import RowPortions


@dataclass(frozen=True, slots=True)
class Workbench:
    """Shared by all workers of the run.

    Args:
        rows: Reads what a batch is about.
        room: In memory, for the rows that are in hand.
        embedders: Vector name to its embedder.
        embed_slots: Batches that may be embedding at the same time.
        enter_stage: Told what a batch (by token) is doing now.
        holds: Whether a batch is ours for so many seconds more.
        give_up: Told why the run can't go on, before the batch is given back: nobody shall claim it again.
        ended_early: Whether nothing more is to be begun.
        donor: Has vectors of what is searched now, while this collection is built beside it.
    """

    pipeline: Pipeline
    catalog: Catalog
    rows: RowPortions
    room: Room
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
    noter: CatalogNoter
    donor: Donor | None = None
