"""The first look of a run at a collection that its ledger has not used before.

Points that carry this pipeline's marker become items that are held as they are, so a lost ledger, a moved
server or a name that comes back costs no embedding. Points of others that this run would overwrite stop it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio.from_thread
import anyio.to_thread

from embedconsole.collection.build import address_of
from embedconsole.faults import Refused
from embedconsole.items import MARKER, point_id, point_order
from embedconsole.ledger.records.items import Adoption
from embedconsole.pieces import portions
from embedconsole.sync.content.marker import read_point

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from embedconsole.items import JsonObject, PointId
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Generation, Hashes, SyncedItem
    from embedconsole.sync.content.marker import MarkedPoint
    from embedconsole.sync.content.recipe import Recipe
    from embedconsole.sync.resilience.gate import Gate
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.shared.options import RunOptions

T = TypeVar("T")

ENOUGH = 20
"""Points from which on it is no accident that none of them is as the configuration would make it."""

_PAGE = 1_000
_ASKED_AT_ONCE = 250
_EXAMPLES = 5


@dataclass(slots=True)
class Takeover:
    """One look of one run.

    Args:
        components: Bound to the collection that the generation fills.
        gate: Of the collection.
    """

    components: Components
    generation: Generation
    ledger: Ledger
    recipe: Recipe
    gate: Gate
    options: RunOptions
    _ours: int = 0
    _foreign: int = 0
    _entered: int = 0
    _corrected: int = 0
    _colliding: list[str] = field(default_factory=list)
    _owners: Counter[str] = field(default_factory=Counter)

    async def look(self) -> str | None:
        """Take over what is ours, and note that the collection is in use.

        Returns:
            What was taken over, in a sentence; None where there was nothing to say.

        Raises:
            Refused: points of others would be overwritten, or this is not the collection that was filled.
            Fault, Stop, Interrupted: the collection, the catalog or the ledger can't be asked.
        """
        state = await self._asked(self.components.collection.describe)
        if state is not None and state.points:
            await self._take_over()
        former = await anyio.to_thread.run_sync(self._former)
        if not self._ours:
            await self._check_origin(former, points=0 if state is None else state.points)
        if self._foreign and not self.options.take_over:
            await anyio.to_thread.run_sync(self._find_collisions)
            self._check_collisions()
        use = partial(self.ledger.generations.use, self.generation.id, self._address)
        await anyio.to_thread.run_sync(use)
        return self._told(former)

    @property
    def count(self) -> int:
        """How many points were taken over."""
        return self._entered + self._corrected

    @property
    def _address(self) -> str:
        return address_of(self.components.pipeline.collection)

    @property
    def _name(self) -> str:
        return self.components.pipeline.name

    @property
    def _target(self) -> str:
        return self.components.collection.target

    async def _asked(self, work: Callable[[], Awaitable[T]]) -> T:
        return await self.gate.call_counted(work, self.components.pipeline.retry)

    # What is ours

    async def _take_over(self) -> None:
        start: PointId | None = None
        while True:
            scroll = partial(self.components.collection.scroll, start, fields=[MARKER], limit=_PAGE)
            page = await self._asked(scroll)
            held = [read_point(point, payload) for point, payload in page.points]
            ours = [one for one in held if one.pipeline == self._name]
            if ours and not self._ours:
                await anyio.to_thread.run_sync(self._check_model, ours)
            self._ours += len(ours)
            self._foreign += len(held) - len(ours)
            await anyio.to_thread.run_sync(self._believe, ours)
            if page.following is None:
                return
            start = page.following

    def _check_model(self, ours: Sequence[MarkedPoint]) -> None:
        """Refuse points of which none was made as the configuration says now, by the first of them."""
        if self.options.from_scratch or self.ledger.overview.counts(self.generation.id).synced:
            return
        rows = self.components.catalog.read([one.key for one in ours])
        there = [one for one in ours if one.key in rows]
        if len(there) < ENOUGH:
            return
        if any(self.recipe.content(rows[one.key]).hashes.embed == _embed(one) for one in there):
            return
        raise Refused(
            self._target,
            f"none of the {len(there):,} points looked at was made as the configuration says now, and the "
            "ledger does not know how: is it another model, template or text?",
            remedy="Restore the configuration that they were made with, or embed everything again with "
            "`embedconsole run --force`",
        )

    def _believe(self, ours: Sequence[MarkedPoint]) -> None:
        known = self.ledger.synced_items.of(self.generation.id, [one.point for one in ours])
        wrong: list[tuple[SyncedItem, Hashes | None]] = [
            (known[one.point], one.holds)
            for one in ours
            if one.point in known and known[one.point].synced != one.holds
        ]
        unknown = [
            Adoption(one.point, one.key, one.holds, one.holds)
            for one in ours
            if one.point not in known and one.holds is not None
        ]
        if unknown and not self._entered:
            # Before: a run that is killed now leaves a ledger whose next scan looks at every row.
            self.ledger.generations.forget_scans(self.generation.id)
        self._entered += self.ledger.synced_items.adopt(self.generation.id, unknown)
        if wrong:
            self._corrected += self.ledger.synced_items.correct(self.generation.id, wrong)

    # What it was filled by

    def _former(self) -> Generation | None:
        """The generation that filled a collection of this name at another address."""
        return next(
            (
                one
                for one in self.ledger.generations.others(self.generation)
                if one.collection == self.generation.collection
                and one.unused_for is not None
                and one.address != self._address
            ),
            None,
        )

    async def _check_origin(self, former: Generation | None, *, points: int) -> None:
        """Refuse a collection without our points where the ledger knows that there are some."""
        if self.options.from_scratch:
            return
        count = partial(self.ledger.overview.counts, self.generation.id)
        synced = (await anyio.to_thread.run_sync(count)).synced
        if synced and points:
            raise Refused(
                self._target,
                f"it holds none of the {synced:,} items that the ledger knows in it: is it another server?",
                remedy="Name the server that they were written to, or have embedconsole verify --repair "
                "forget them",
            )
        if former is None or synced or self.components.pipeline.keep_vectors == "always":
            return
        there = (await anyio.to_thread.run_sync(self.ledger.overview.counts, former.id)).synced
        if there:
            raise Refused(
                self._target,
                f"it holds none of our points, and the ledger knows {there:,} items in {former.collection} "
                f"at {former.address}",
                remedy="Bring it back from a snapshot, give this configuration a ledger of its own "
                "(ledger:), or embed everything here too with `embedconsole run --force`",
            )

    # What is not ours

    def _find_collisions(self) -> None:
        """Find the catalog's items whose ids points of others have; runs in a thread."""
        for keys in self.components.catalog.keys():  # noqa: SIM118
            for some in portions(keys, _ASKED_AT_ONCE):
                ids = {point_id(key): key for key in some}
                there = anyio.from_thread.run(
                    self._asked, partial(self.components.collection.retrieve, list(ids))
                )
                self._sort(ids, there)

    def _sort(self, ids: Mapping[PointId, str], there: Mapping[PointId, JsonObject]) -> None:
        held = {point: read_point(point, payload) for point, payload in there.items()}
        foreign = {point: one for point, one in held.items() if one.pipeline != self._name}
        known = self.ledger.synced_items.of(self.generation.id, [point_order(point) for point in foreign])
        for point, one in foreign.items():
            believed = known.get(one.point)
            if believed is None or believed.synced is None:
                self._owners[one.pipeline or ""] += 1
                self._colliding.append(ids[point])

    def _check_collisions(self) -> None:
        if not self._colliding:
            return
        count = len(self._colliding)
        keys = ", ".join(f"#{key}" for key in self._colliding[:_EXAMPLES])
        more = f" and {count - _EXAMPLES:,} more" if count > _EXAMPLES else ""
        pipelines = sorted(owner for owner in self._owners if owner)
        whose = f"of pipeline {', '.join(pipelines)}" if pipelines else "without a marker"
        if self._owners[""] and pipelines:
            whose += " or without a marker"
        raise Refused(
            self._target,
            f"{count:,} of its points {'has the id' if count == 1 else 'have the ids'} of items of pipeline "
            f"{self._name} and {'is' if count == 1 else 'are'} not its own ({keys}{more}; {whose})",
            remedy=_choices(pipelines),
        )

    def _told(self, former: Generation | None) -> str | None:
        if not self.count:
            return None
        if self.generation.address is None and not self._entered:
            return f"{self._corrected:,} items are noted as their points in {self._target} are"
        moved = f"; it was at {former.address} before" if former is not None else ""
        return (
            f"took over {self.count:,} points that are in {self._target} already"
            f"{moved}; no embedding was paid for them"
        )


def _choices(pipelines: Sequence[str]) -> str:
    others = "choose another collection.name, or overwrite them with `embedconsole run --take-over --yes`"
    if pipelines:
        return f"Was the pipeline renamed? Give it the name {pipelines[0]} again, {others}"
    return f"Keep them and their vectors with embedconsole adopt --unmarked, {others}"


def _embed(held: MarkedPoint) -> bytes | None:
    return None if held.holds is None else held.holds.embed
