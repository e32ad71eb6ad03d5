"""The ledger against the collection: both read in the order of the points, side by side.

What looks wrong is read again before it is reported: the item, the point, and the item once more. Only what
has not changed meanwhile counts, so that a running sync is no reason for an alarm.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import anyio.to_thread

from embedconsole.faults import Fault
from embedconsole.items import MARKER, point_at
from embedconsole.sync.audit.merge_join import Stream, side_by_side
from embedconsole.sync.audit.report import CollectionAudit
from embedconsole.sync.content.marker import MarkedPoint, read_point
from embedconsole.sync.shared.report import Progress
from embedconsole.sync.shared.verdict import DRIFT, Verdict, holds_of, judge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from embedconsole.catalog.base import Catalog
    from embedconsole.collection.base import Collection
    from embedconsole.config.settings import RetryConfig
    from embedconsole.items import PointId
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Hashes, SyncedItem
    from embedconsole.sync.audit.vectors import Reservoir
    from embedconsole.sync.resilience.gate import Gate

    Repair = Callable[[Sequence["Finding"]], Awaitable[None]]

_PAGE = 2_000
_SUSPECTS = 500
_LOOKS = 3
_EXAMPLES = 20


class Finding(NamedTuple):
    """Something that is not as it should be.

    Attributes:
        item: None where the ledger does not know the point.
        holds: The content of the point; None where there is none of ours.
    """

    verdict: Verdict
    point: bytes
    key: str
    item: SyncedItem | None
    holds: Hashes | None


@dataclass(slots=True)
class AuditProgress:
    """Progress of a verify, for the screen."""

    scan: Progress = field(default_factory=Progress)
    items: int = 0
    points: int = 0


async def leave_alone(findings: Sequence[Finding]) -> None:
    """A verify that repairs nothing."""


@dataclass(slots=True)
class CollectionAuditor:
    """Compares one pipeline's ledger with its collection.

    Args:
        pipeline: Its name, as points bear it.
        generation_id: Whose items; one that does not exist has none.
        collection: None where it does not exist.
        catalog: Tells orphans from what the ledger has lost; all that the ledger does not know is the latter
            while it does not answer.
        repair: Called with each difference, once it is certain.
        agreeing: Offered every item whose point is there as it should be.
    """

    pipeline: str
    generation_id: int
    ledger: Ledger
    collection: Collection | None
    catalog: Catalog
    gate: Gate
    retry: RetryConfig
    progress: AuditProgress = field(default_factory=AuditProgress)
    repair: Repair = leave_alone
    agreeing: Reservoir | None = None
    _counts: Counter[Verdict] = field(default_factory=Counter)
    _examples: dict[Verdict, list[str]] = field(default_factory=dict)
    _after: bytes = b""
    _start: PointId | None = None
    _exhausted: bool = False

    async def audit(self) -> CollectionAudit:
        """Compare everything.

        Raises:
            Fault, Stop: the ledger or the collection does not answer.
        """
        self._exhausted = self.collection is None
        suspects: list[bytes] = []
        async for items, points in side_by_side(Stream(self._items), Stream(self._points)):
            suspects += self._compare(items, points)
            while len(suspects) >= _SUSPECTS:
                await self._look_again(suspects[:_SUSPECTS])
                del suspects[:_SUSPECTS]
        await self._look_again(suspects)
        return CollectionAudit(
            exists=self.collection is not None,
            points=self.progress.points,
            items=self.progress.items,
            counts=dict(self._counts),
            examples={verdict: tuple(keys) for verdict, keys in self._examples.items()},
        )

    async def _items(self) -> list[SyncedItem]:
        read = partial(self.ledger.synced_items.page, self.generation_id, self._after, _PAGE)
        page = await anyio.to_thread.run_sync(read)
        if page:
            self._after = page[-1].point
            self.progress.items += len(page)
        return page

    async def _points(self) -> list[MarkedPoint]:
        collection = self.collection
        if collection is None or self._exhausted:
            return []
        scroll = partial(collection.scroll, self._start, fields=[MARKER], limit=_PAGE)
        page = await self.gate.call(scroll, self.retry)
        self._start = page.following
        self._exhausted = page.following is None
        self.progress.points += len(page.points)
        return [read_point(point, payload) for point, payload in page.points]

    def _compare(self, items: Sequence[SyncedItem], points: Sequence[MarkedPoint]) -> list[bytes]:
        """Count what is clear; returns what looks wrong."""
        by_point = {held.point: held for held in points}
        suspects = []
        for item in items:
            verdict = judge(item, by_point.pop(item.point, None), self.pipeline)
            if verdict in DRIFT:
                suspects.append(item.point)
                continue
            self._counts[verdict] += 1
            there = verdict is Verdict.AGREES and item.synced_embed is not None
            if there and self.agreeing is not None:
                self.agreeing.offer(item)
        for held in by_point.values():
            if held.pipeline == self.pipeline:
                suspects.append(held.point)
            else:
                self._counts[Verdict.FOREIGN] += 1
        return suspects

    async def _look_again(self, suspects: Sequence[bytes]) -> None:
        findings: list[Finding] = []
        for _ in range(_LOOKS):
            if not suspects:
                break
            before = await self._believed(suspects)
            held = await self._held(suspects)
            after = await self._believed(suspects)
            moving = []
            for point in suspects:
                item = before.get(point)
                if item != after.get(point):
                    moving.append(point)
                    continue
                self._settle(point, item, held.get(point), findings)
            suspects = moving
        if suspects:  # these are being worked on
            self._counts[Verdict.WAITING] += len(suspects)
        findings = await self._without_orphans(findings)
        for finding in findings:
            self._note(finding)
        if findings:
            await self.repair(findings)

    def _settle(
        self, point: bytes, item: SyncedItem | None, held: MarkedPoint | None, findings: list[Finding]
    ) -> None:
        if item is None and held is None:
            return  # deleted meanwhile
        verdict = judge(item, held, self.pipeline)
        if verdict not in DRIFT:
            self._counts[verdict] += 1
            return
        key = item.key if item is not None else held.key if held is not None else ""
        findings.append(Finding(verdict, point, key, item, holds_of(held, self.pipeline)))

    async def _without_orphans(self, findings: list[Finding]) -> list[Finding]:
        """The findings, with orphans (points that the catalog does not have either) counted apart."""
        keys = [one.key for one in findings if one.verdict is Verdict.UNLISTED]
        if not keys:
            return findings
        try:
            rows = await anyio.to_thread.run_sync(self.catalog.read, keys, abandon_on_cancel=True)
        except Fault:
            return findings
        return [
            one._replace(verdict=Verdict.ORPHANED)
            if one.verdict is Verdict.UNLISTED and one.key not in rows
            else one
            for one in findings
        ]

    def _note(self, finding: Finding) -> None:
        self._counts[finding.verdict] += 1
        examples = self._examples.setdefault(finding.verdict, [])
        if len(examples) < _EXAMPLES:
            examples.append(finding.key)

    async def _believed(self, points: Sequence[bytes]) -> dict[bytes, SyncedItem]:
        return await anyio.to_thread.run_sync(self.ledger.synced_items.of, self.generation_id, points)

    async def _held(self, points: Sequence[bytes]) -> dict[bytes, MarkedPoint]:
        collection = self.collection
        if collection is None:
            return {}
        ids = [point_at(point) for point in points]
        payloads = await self.gate.call(lambda: collection.retrieve(ids), self.retry)
        found = (read_point(point, payload) for point, payload in payloads.items())
        return {held.point: held for held in found}
