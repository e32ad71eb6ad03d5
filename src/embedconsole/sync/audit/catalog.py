"""The catalog against the ledger: a full scan that writes nothing down.

What differs is read again at once, the row before the item: the present run may have changed it meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.items import point_id, point_order
from embedconsole.ledger.items.difference import changed_state
from embedconsole.pieces import portions
from embedconsole.sync.audit.report import CatalogAudit
from embedconsole.sync.plan.planner import Planner
from embedconsole.sync.run.leases import run_lease
from embedconsole.sync.shared.options import PlanOptions

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Sequence

    from embedconsole.catalog.base import Catalog
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Generation, KnownItem
    from embedconsole.sync.content.recipe import Recipe
    from embedconsole.sync.plan.planner import Decisions
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.shared.report import Progress

_IDS = 1_000


def audit_catalog(
    components: Components,
    ledger: Ledger,
    generation: Generation,
    progress: Progress,
    stop: Callable[[], bool],
) -> CatalogAudit:
    """Compare every row with its item; blocks.

    Raises:
        ConfigError: the configuration names a column that the query does not have.
        Transient, Refused: the catalog or the ledger fails.
        Stopped: `stop` said so.
    """
    recipe = components.recipe()
    sink = DriftSink(components.catalog, ledger, generation.id, recipe)
    planner = Planner(
        catalog=components.catalog,
        ledger=ledger,
        generation=generation,
        recipe=recipe,
        progress=progress,
        sink=sink,
        stop=stop,
    )
    lease = run_lease(components.pipeline.name)
    at_work = ledger.processes.holder(lease) is not None
    planner.run(PlanOptions(full=True))
    at_work = at_work or ledger.processes.holder(lease) is not None
    found = CatalogAudit(progress.scanned, sink.missing, sink.changed, sink.gone_count)
    # The present run finds them, or has found them after we looked.
    return CatalogAudit(progress.scanned, waiting=found.drift) if at_work else found


@dataclass(slots=True)
class DriftSink:
    """A planner's sink that counts what the ledger has not planned, and writes nothing."""

    catalog: Catalog
    ledger: Ledger
    generation_id: int
    recipe: Recipe
    missing: int = 0
    changed: int = 0
    gone_count: int = 0
    writes: bool = False

    def page(self, decisions: Decisions) -> None:
        keys = [wanted.key for wanted, _ in decisions.new]
        keys += [content.key for _, _, content, _ in decisions.changes]
        if not keys:
            return
        rows = self.catalog.read(keys)
        known = self._known(list(rows))
        for key, row in rows.items():
            item = known.get(point_order(point_id(key)))
            if item is None:
                self.missing += 1
            elif changed_state(self.recipe.content(row).hashes, item) is not None:
                self.changed += 1

    def gone(self, item_ids: array[int]) -> str | None:
        for some in portions(item_ids, _IDS):
            keys = self.ledger.synced_items.wanted_keys(some)
            there = self.catalog.read(keys)
            self.gone_count += sum(key not in there for key in keys)
        return None

    def _known(self, keys: Sequence[str]) -> dict[bytes, KnownItem]:
        return self.ledger.planned_items.known(
            self.generation_id, [point_order(point_id(key)) for key in keys]
        )
