"""A planner at its desk: a catalog in memory, a real ledger, and workers that do as the real ones do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from embedconsole.items import point_id
from embedconsole.ledger.records.items import Hashes
from embedconsole.ledger.records.work import Settlement
from embedconsole.ledger.schema import items
from embedconsole.ledger.state import State
from embedconsole.sync.plan.planner import LedgerSink, Planner
from embedconsole.sync.shared.delete_guard import DeleteGuard, DeleteRule
from embedconsole.sync.shared.options import PlanOptions
from embedconsole.sync.shared.report import Progress
from embedconsole.sync.shared.selection import EVERY_ITEM, SelectedRows
from sync.fake_catalog import FakeCatalog
from sync.makers import make_recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.items import PointId
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Generation
    from embedconsole.ledger.records.work import Batch
    from embedconsole.sync.content.recipe import Recipe
    from embedconsole.sync.plan.planner import PlanResult, PlanSink
    from embedconsole.sync.shared.selection import Selection


@dataclass
class Desk:
    """One pipeline.

    Attributes:
        collection: The points there are, and the content that each of them was made of.
        embedded: How many embeddings were paid for.
    """

    ledger: Ledger
    pipeline: str = "products"
    catalog: FakeCatalog = field(default_factory=FakeCatalog)
    recipe: Recipe = field(default_factory=make_recipe)
    collection: dict[PointId, Hashes] = field(default_factory=dict)
    embedded: int = 0
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        self.ledger.generations.begin(self.pipeline, "products", "{}")

    @property
    def generation(self) -> Generation:
        """The generation as the ledger has it now."""
        found = self.ledger.generations.current(self.pipeline)
        assert found is not None
        return found

    def plan(
        self,
        *,
        full: bool = False,
        force: bool = False,
        only: Selection | None = None,
        force_limit: int | None = None,
        fraction: float = 1.0,
        allowed: bool = True,
        stop: Callable[[], bool] = lambda: False,
        sink: PlanSink | None = None,
    ) -> PlanResult:
        """One pass of the planner."""
        self.progress = Progress()
        generation = self.generation
        guard = DeleteGuard(self.ledger.deletions, generation.id, DeleteRule(fraction, allowed))
        planner = Planner(
            catalog=self.catalog,
            ledger=self.ledger,
            generation=generation,
            recipe=self.recipe,
            progress=self.progress,
            sink=sink or LedgerSink(self.ledger, generation.id, self.progress, guard, lambda: None),
            stop=stop,
        )
        full = full or force or generation.scan_age is None or not self.catalog.incremental
        again = (EVERY_ITEM if only is None else SelectedRows(only)) if force else ()
        return planner.run(PlanOptions(full=full, force=again, force_limit=force_limit))

    def work(self, *, limit: int = 4, batches: int = 1000) -> int:
        """Work off what is due as the workers do; returns how many batches it took."""
        for done in range(batches):
            batch = self.ledger.work.claim(self.generation.id, worker_id="w", slot=1, limit=limit)
            if batch is None:
                return done
            self.process(batch)
        return batches

    def process(self, batch: Batch) -> None:
        """Do what a batch needs, by the rows as they are now."""
        rows = self.catalog.read([item.key for item in batch.items])
        written, deleted, gone, back = [], [], [], []
        for item in batch.items:
            content = self.recipe.content(rows[item.key]) if item.key in rows else None
            if batch.work is State.DELETE:
                if content is not None:
                    back.append((item, content.hashes))
                    continue
                self.collection.pop(point_id(item.key), None)
                deleted.append(item)
            elif content is None:
                gone.append(item)
            else:
                self.embedded += content.hashes.embed != item.synced_embed
                self.collection[content.point] = content.hashes
                written.append((item, content.hashes))
        settlement = Settlement(written=written, deleted=deleted, gone=gone, back=back)
        assert self.ledger.work.settle(batch, settlement) == 0

    def wanted(self) -> dict[str, Hashes]:
        """What the ledger believes the catalog to want, by key."""
        return {
            key: Hashes(row["desired_embed_hash"], row["desired_payload_hash"])
            for key, row in self.dump().items()
            if row["desired_embed_hash"] is not None
        }

    def content(self) -> dict[str, Hashes]:
        """What the catalog wants, by key."""
        return {key: self.recipe.content(row).hashes for key, row in self.catalog.rows.items()}

    def dump(self) -> dict[str, dict[str, Any]]:
        """Every item's columns, by key."""
        query = select(items).where(items.c.generation_id == self.generation.id)
        return {row.key: dict(row._mapping) for row in self.ledger.database.rows(query)}

    def states(self) -> dict[str, State]:
        """Every item's state, by key."""
        return {key: State(row["state"]) for key, row in self.dump().items()}

    def assert_in_sync(self) -> None:
        """Catalog, ledger and collection say the same."""
        content = self.content()
        assert self.collection == {point_id(key): hashes for key, hashes in content.items()}
        synced = {
            key: (row["synced_embed_hash"], row["synced_payload_hash"]) for key, row in self.dump().items()
        }
        assert self.wanted() == synced == content
        assert set(self.states().values()) <= {State.SYNCED}
