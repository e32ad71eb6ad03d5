"""The planner: compares the catalog with the ledger, page by page, and writes down the desired state.

It runs in a thread, in constant memory, and only writes to the ledger, in a transaction a page. Nothing else
has to be remembered: planning twice, or half, converges to the same state.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from embedconsole.faults import Refused
from embedconsole.items import point_id, point_order
from embedconsole.ledger.items.difference import changed_state
from embedconsole.ledger.records.items import Change, DesiredItem
from embedconsole.ledger.state import WORK, Reason, Stage, State
from embedconsole.sync.content.row_reader import RowPortions
from embedconsole.sync.plan.seen_ids import SeenIds
from embedconsole.sync.shared.options import PlanOptions
from embedconsole.sync.shared.selection import unmatched_remark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embedconsole.catalog.base import Catalog
    from embedconsole.items import CatalogRow
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Generation, Hashes, KnownItem
    from embedconsole.sync.content.recipe import Content, Recipe
    from embedconsole.sync.shared.delete_guard import DeleteGuard
    from embedconsole.sync.shared.report import Progress


class PlanStopped(Exception):
    """The planner was asked to stop half-way; what it has written remains, nothing was deleted."""


@dataclass(frozen=True, slots=True)
class PlanResult:
    """How a plan ended.

    Attributes:
        refusal: Why items that are gone were not marked so.
        remark: What the operator chose by and no row matched, in a sentence.
    """

    refusal: str | None = None
    remark: str | None = None


@dataclass(slots=True)
class Decisions:
    """The decisions about one page.

    Attributes:
        why_changed: Why known items have other content than before.
        new: Items that the ledger does not know.
        changes: Known items, the hash of their row, their content and the state that follows.
        touched: Id and hash of rows that changed in a way that concerns neither embedding nor payload.
        forced: Known items that are embedded again whatever changed, in the state that `changes` gives them.
        not_from_kept: What is embedded again although a vector of it may be kept; also of new items.
        unchanged: Items without a change.
    """

    why_changed: Reason = Reason.EDITED
    new: list[tuple[DesiredItem, Content]] = field(default_factory=list)
    changes: list[tuple[KnownItem, bytes, Content, State]] = field(default_factory=list)
    touched: list[tuple[int, bytes]] = field(default_factory=list)
    forced: list[tuple[KnownItem, Content]] = field(default_factory=list)
    not_from_kept: list[Hashes] = field(default_factory=list)
    unchanged: int = 0


class PlanSink(Protocol):
    """Where decisions go: into the ledger, or into the counts of a dry run."""

    @property
    def writes(self) -> bool:
        """Whether decisions are in the ledger once they have been taken."""
        ...

    def page(self, decisions: Decisions) -> None:
        """Take the decisions of one page."""
        ...

    def gone(self, item_ids: array[int]) -> str | None:
        """Take items that are gone from the catalog, all of them or none; returns why not."""
        ...


@dataclass(slots=True)
class LedgerSink:
    """Writes decisions to the ledger and tells the workers."""

    ledger: Ledger
    generation_id: int
    progress: Progress
    guard: DeleteGuard
    on_work: Callable[[], None]
    writes: bool = True

    def page(self, decisions: Decisions) -> None:
        self.ledger.planned_items.apply(
            self.generation_id,
            [wanted for wanted, _ in decisions.new],
            [
                Change(known.id, source, content.hashes, decisions.why_changed)
                for known, source, content, _ in decisions.changes
            ],
            decisions.touched,
            [known.id for known, _ in decisions.forced],
            decisions.not_from_kept,
        )
        forced = sum(known.state not in WORK for known, _ in decisions.forced)
        self._planned(len(decisions.new) + len(decisions.changes) + forced)

    def gone(self, item_ids: array[int]) -> str | None:
        refusal = self.guard.mark_gone(item_ids)
        self._planned(len(item_ids) if refusal is None else 0)
        return refusal

    def _planned(self, count: int) -> None:
        if count:
            self.progress.planned += count
            self.on_work()


@dataclass(slots=True)
class Planner:
    """One pass over a pipeline's catalog."""

    catalog: Catalog
    ledger: Ledger
    generation: Generation
    recipe: Recipe
    progress: Progress
    sink: PlanSink
    stop: Callable[[], bool]
    _seen: SeenIds = field(default_factory=SeenIds)
    _newest_id: int = 0
    """The highest id in the ledger before the scan: what is entered meanwhile is above it, and seen."""
    _new_points: set[bytes] = field(default_factory=set)
    """Points that a scan for changes found new and that the sink did not enter."""
    _entered: int = 0
    _forced: int = 0
    _rows: RowPortions = field(init=False)

    def __post_init__(self) -> None:
        self._rows = RowPortions(self.catalog)

    def run(self, options: PlanOptions) -> PlanResult:
        """Plan, and note how far the scan came once it has come to its end.

        Raises:
            Stopped: `stop` said so.
            Transient, Refused: the catalog or the ledger failed; nothing was marked as gone.
        """
        self._newest_id = self.ledger.planned_items.newest_id()
        watermark = self._scan(options)
        whole = len(self._seen) + self._entered if options.full else self.catalog.count()
        wanted = self.ledger.planned_items.count_wanted(self.generation.id)
        if not self.sink.writes:
            wanted += self._entered
        refusal = None
        if wanted != whole:
            if not options.full:
                # Something is gone, or came with an old watermark: only the keys tell which.
                self._look_at_keys()
            refusal = self._find_gone()
        return self._end(watermark, options, refusal)

    def look_at(self, keys: Sequence[str]) -> array[int]:
        """Plan these items alone; returns those that the catalog has no more, for `bury`.

        Raises:
            Stopped, Transient, Refused: as `run`.
        """
        self._check()
        points = {point_order(point_id(key)) for key in keys}
        for portion in self._rows.read(keys):
            self._compare(list(portion.rows.values()), PlanOptions())
            # A key that is written in two ways is one point, and there if either is.
            points.difference_update(point_order(point_id(key)) for key in portion.rows)
        known = self.ledger.planned_items.known(self.generation.id, list(points))
        return array("q", (item.id for item in known.values() if item.desired_embed is not None))

    def bury(self, gone: array[int]) -> str | None:
        """Mark items as gone if all of them may go; returns the refusal."""
        return self.sink.gone(gone) if gone else None

    def _scan(self, options: PlanOptions) -> str | None:
        watermark = self.generation.watermark
        changed_only = not options.full
        for page in self.catalog.scan(since=watermark if changed_only else None, changed_only=changed_only):
            self._check()
            self._compare(page.rows, options)
            watermark = page.watermark or watermark
        return watermark

    def _compare(self, rows: Sequence[CatalogRow], options: PlanOptions) -> None:
        by_point: dict[bytes, CatalogRow] = {}
        for row in rows:
            twin = by_point.setdefault(point_order(point_id(row.key)), row)
            if twin is not row:
                raise Refused(
                    "catalog",
                    f"the keys {twin.key!r} and {row.key!r} are the same point id",
                    remedy="Name a key column whose values differ",
                )
        known = self.ledger.planned_items.known(self.generation.id, list(by_point))
        page = Decisions(Reason.MODEL if self.generation.remade else Reason.EDITED)
        why_new = Reason.MODEL if self.generation.stage is Stage.BUILDING else Reason.NEW
        for point, row in by_point.items():
            item = known.get(point)
            source = self.recipe.source_hash(row)
            selected = row in options.force
            if item is None:
                content = self.recipe.content(row)
                page.new.append((DesiredItem(row.key, point, source, content.hashes, why_new), content))
                if selected:
                    page.not_from_kept.append(content.hashes)
                continue
            self._seen.add(item.id)
            force = selected and self._may_force(options)
            if (source == item.source or row.unsure) and not force:
                page.unchanged += 1
                continue
            content = self.recipe.content(row)
            state = changed_state(content.hashes, item)
            if state is not None:
                page.changes.append((item, source, content, state))
            elif source != item.source:
                page.touched.append((item.id, source))
            if force:
                page.not_from_kept.append(content.hashes)
                if state is not State.EMBED:
                    # One whose content differs is embedded anyway; what it holds is still known then.
                    page.forced.append((item if state is None else item._replace(state=state), content))
            elif state is None:
                page.unchanged += 1
        self.sink.page(page)
        if not options.full and not self.sink.writes:
            self._new_points.update(wanted.point for wanted, _ in page.new)
        self._entered += len(page.new)
        self.progress.scanned += len(rows)
        self.progress.unchanged += page.unchanged

    def _may_force(self, options: PlanOptions) -> bool:
        if options.force_limit is not None and self._forced >= options.force_limit:
            return False
        self._forced += 1
        return True

    def _look_at_keys(self) -> None:
        """See every key, and read the rows that the ledger does not know."""
        self._seen = SeenIds()
        for keys in self.catalog.keys():  # noqa: SIM118
            self._check()
            unknown = self._see(keys)
            if unknown:
                for portion in self._rows.read(unknown):
                    self._compare(list(portion.rows.values()), PlanOptions(full=True))

    def _see(self, keys: Sequence[str]) -> list[str]:
        points = {point_order(point_id(key)): key for key in keys}
        known = self.ledger.planned_items.known(self.generation.id, list(points))
        unknown = []
        for point, key in points.items():
            item = known.get(point)
            if point in self._new_points:
                continue
            if item is None or item.desired_embed is None:
                unknown.append(key)
            else:
                self._seen.add(item.id)
        return unknown

    def _find_gone(self) -> str | None:
        """Mark as gone what the scan has not seen, if the guard lets it; returns its refusal."""
        gone = array("q")
        for page in self.ledger.planned_items.ids(self.generation.id):
            self._check()
            gone.extend(
                item_id
                for item_id, wanted in page
                if wanted and item_id <= self._newest_id and item_id not in self._seen
            )
        return self.bury(gone)

    def _end(self, watermark: str | None, options: PlanOptions, refusal: str | None) -> PlanResult:
        # After a refused deletion, as after a dry run, the next run is to find the same again.
        if refusal is None and self.sink.writes:
            self.ledger.generations.scanned(self.generation.id, watermark, full=options.full)
        return PlanResult(refusal, unmatched_remark(options.force))

    def _check(self) -> None:
        if self.stop():
            raise PlanStopped
