"""Items of one generation, put into a ledger and looked at by hand."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Row, select, update

from embedconsole.items import point_id, point_order
from embedconsole.ledger.items.difference import changed_state
from embedconsole.ledger.records.items import Change, DesiredItem, Hashes
from embedconsole.ledger.records.work import Failure, Settlement
from embedconsole.ledger.schema import (
    batches,
    events,
    generations,
    items,
    leases,
    orders,
    rechecks,
    samples,
    workers,
)
from embedconsole.ledger.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.work import Batch, ClaimedItem

_TIMES: tuple[Column[Any], ...] = (
    *(items.c.due_at, items.c.failed_at, batches.c.started_at, batches.c.stage_at, batches.c.lease_until),
    *(leases.c.until, workers.c.started_at, workers.c.seen_at, generations.c.full_scan_at),
    rechecks.c.due_at,
    *(orders.c.at, samples.c.at, events.c.at),
)


def hashed(text: str) -> bytes:
    """A hash that a person can read."""
    return text.encode().ljust(16, b".")


def hashes(embed: str = "a", payload: str = "p") -> Hashes:
    """The hashes of some content."""
    return Hashes(hashed(embed), hashed(payload))


def source_of(content: Hashes) -> bytes:
    """The hash of a row with this content."""
    return (content.embed[:8] + content.payload[:8]).ljust(16, b"_")


def point_of(key: str) -> bytes:
    """The point of an item, as the ledger holds it."""
    return point_order(point_id(key))


@dataclass(frozen=True)
class Shelf:
    """The items of one generation."""

    ledger: Ledger
    generation: int

    def add(self, *keys: int | str, embed: str = "a", payload: str = "p") -> None:
        """Enter new items, as the planner does."""
        content = hashes(embed, payload)
        new = [DesiredItem(str(key), point_of(str(key)), source_of(content), content) for key in keys]
        self.ledger.planned_items.apply(self.generation, new, [])

    def edit(self, *keys: int | str, embed: str = "a", payload: str = "p") -> None:
        """Set what is wanted of known items, as the planner does."""
        content = hashes(embed, payload)
        points = [point_of(str(key)) for key in keys]
        changes = []
        for item in self.ledger.planned_items.known(self.generation, points).values():
            state = changed_state(content, item)
            if state is not None:
                changes.append(Change(item.id, source_of(content), content))
        self.ledger.planned_items.apply(self.generation, [], changes)

    def force(self, *keys: int | str) -> None:
        """Have known items embedded once more, as the planner of a forced run does."""
        self.ledger.planned_items.apply(self.generation, [], [], [], [self.row(key).id for key in keys])

    def remove(self, *keys: int | str) -> None:
        """Note items as gone from the catalog, as the planner does."""
        self.ledger.planned_items.mark_gone(array("q", [self.row(key).id for key in keys]))

    def sync(self, *keys: int | str, embed: str = "a", payload: str = "p") -> None:
        """Have the collection hold items with this content, which the catalog wants too."""
        content = hashes(embed, payload)
        for key in keys:
            self.set(
                key,
                desired_embed_hash=content.embed,
                desired_payload_hash=content.payload,
                synced_embed_hash=content.embed,
                synced_payload_hash=content.payload,
                source_hash=source_of(content),
                state=State.SYNCED.value,
            )

    def claim(
        self, limit: int = 100, *, at_least: int = 1, worker: str = "host:1:aaaaaa", slot: int = 1
    ) -> Batch | None:
        """Claim what is due."""
        return self.ledger.work.claim(
            self.generation, worker_id=worker, slot=slot, limit=limit, at_least=at_least
        )

    def claimed(self, limit: int = 100, *, worker: str = "host:1:aaaaaa") -> Batch:
        """Claim what is due; something must be."""
        batch = self.claim(limit, worker=worker)
        assert batch is not None
        return batch

    def work_off(self, embed: str = "a", payload: str = "p") -> None:
        """Claim everything due and settle it as a worker that succeeds would."""
        while (batch := self.claim()) is not None:
            if batch.work is State.DELETE:
                assert self.ledger.work.settle(batch, Settlement(deleted=batch.items)) == 0
            else:
                written = [(item, hashes(embed, payload)) for item in batch.items]
                assert self.ledger.work.settle(batch, Settlement(written=written)) == 0

    def row(self, key: int | str) -> Row[Any]:
        """An item's row."""
        return self.ledger.database.rows(self._rows().where(items.c.key == str(key)))[0]

    def dump(self) -> dict[str, dict[str, Any]]:
        """Every item's columns, by key."""
        return {row.key: dict(row._mapping) for row in self.ledger.database.rows(self._rows())}

    def states(self) -> dict[str, State]:
        """Every item's state, by key."""
        return {row.key: State(row.state) for row in self.ledger.database.rows(self._rows())}

    def set(self, key: int | str, **values: object) -> None:
        """Set columns of an item's row."""
        where = items.c.generation_id == self.generation, items.c.key == str(key)
        assert self.ledger.database.execute(update(items).where(*where).values(**values)) == 1

    def pass_time(self, seconds: float) -> None:
        """Let time pass: everything that has happened, or is due, moves towards the past."""
        for column in _TIMES:
            earlier = {column.name: column - int(seconds * 1000)}
            self.ledger.database.execute(update(column.table).values(earlier))

    def _rows(self) -> Any:
        return select(items).where(items.c.generation_id == self.generation).order_by(items.c.id)


def keys_of(batch: Batch | None) -> list[str]:
    """The keys of a batch, as claimed."""
    return [] if batch is None else [item.key for item in batch.items]


def by_key(some: Iterable[ClaimedItem]) -> dict[str, ClaimedItem]:
    """Claimed items by key."""
    return {item.key: item for item in some}


def fail(shelf: Shelf, batch: Batch, error: str, *, delay: float | None, kind: str = "item") -> None:
    """Settle a batch as one whose items all failed; without a delay for good."""
    failed = [Failure(item, kind, error, delay) for item in batch.items]
    shelf.ledger.work.settle(batch, Settlement(failed=failed))
