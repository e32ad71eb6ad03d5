"""Queries of the screens and of `status`: counts, batches in flight, one item. Cheap at a million items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Integer, cast, func, literal, select, union_all

from embedconsole.items import point_id, point_order
from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.records.items import Counts, LedgerItem
from embedconsole.ledger.records.work import BatchInFlight
from embedconsole.ledger.schema import batches, generations, items
from embedconsole.ledger.state import WORK, Reason, State

if TYPE_CHECKING:
    from embedconsole.ledger.database import Database

_WORK_STATES = [state.value for state in WORK]
_LATER, _FLYING = -1, -2
"""No states, but rows of the same statement."""


class Overview:
    """Reads that change nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> float:
        """The database's clock, in seconds since 1970."""
        return int(self._database.scalar(select(now_ms()))) / 1000

    def counts(self, generation_id: int) -> Counts:
        """The number of items in each condition, from the work index and the few batches alone.

        One statement, so that a claim or a planner's page in between is seen whole or not at all.
        """
        mine = items.c.generation_id == generation_id
        by_state = (
            select(items.c.state, func.count(), func.min(items.c.due_at)).where(mine).group_by(items.c.state)
        )
        # Due later than now: in flight until the lease ends, or waiting for the next attempt.
        later = select(literal(_LATER), func.count(), now_ms()).where(
            mine, items.c.state.in_(_WORK_STATES), items.c.due_at > now_ms()
        )
        flying = select(
            literal(_FLYING), cast(func.coalesce(func.sum(batches.c.item_count), 0), Integer), now_ms()
        ).where(batches.c.generation_id == generation_id, batches.c.lease_until >= now_ms())
        rows = {
            row[0]: (int(row[1]), int(row[2]))
            for row in self._database.rows(union_all(by_state, later, flying))
        }
        waiting, now = rows[_LATER]
        in_flight = min(rows[_FLYING][0], waiting)
        pending = [rows[state] for state in _WORK_STATES if state in rows]
        oldest = min((due_at for _, due_at in pending), default=now)
        return Counts(
            synced=rows.get(State.SYNCED, (0, 0))[0],
            pending=sum(count for count, _ in pending),
            retrying=waiting - in_flight,
            in_flight=in_flight,
            failed=rows.get(State.FAILED, (0, 0))[0],
            skipped=rows.get(State.SKIPPED, (0, 0))[0],
            oldest_age=(now - oldest) / 1000 if oldest < now else None,
        )

    def held(self, generation_id: int) -> int:
        """How many items have a point in the collection, whatever is still to be done with it."""
        mine = items.c.generation_id == generation_id
        there = items.c.synced_embed_hash.is_not(None)
        return int(self._database.scalar(select(func.count()).select_from(items).where(mine, there)) or 0)

    def due(self, generation_id: int) -> dict[State, int]:
        """How many items could be claimed now, by the work they need."""
        query = (
            select(items.c.state, func.count())
            .where(
                items.c.generation_id == generation_id,
                items.c.state.in_(_WORK_STATES),
                items.c.due_at <= now_ms(),
            )
            .group_by(items.c.state)
        )
        return {State(row[0]): row[1] for row in self._database.rows(query)}

    def next_due(self, generation_id: int) -> float | None:
        """Seconds until the next item can be claimed (0: now); None when none waits."""
        query = select(func.min(items.c.due_at) - now_ms()).where(
            items.c.generation_id == generation_id, items.c.state.in_(_WORK_STATES)
        )
        wait = self._database.scalar(query)
        return None if wait is None else max(0.0, wait / 1000)

    def in_flight(self) -> list[BatchInFlight]:
        """The batches of every process that shares the ledger, oldest first."""
        query = (
            select(
                batches.c.id,
                generations.c.pipeline,
                batches.c.worker_id,
                batches.c.slot,
                batches.c.work,
                batches.c.stage,
                batches.c.item_count,
                batches.c.attempt,
                (now_ms() - batches.c.started_at) / 1000.0,
                (now_ms() - batches.c.stage_at) / 1000.0,
                batches.c.lease_until < now_ms(),
            )
            .join_from(batches, generations, generations.c.id == batches.c.generation_id)
            .order_by(batches.c.id)
        )
        rows = self._database.rows(query)
        return [
            BatchInFlight(
                token=row[0],
                pipeline=row[1],
                worker=row[2],
                slot=row[3],
                work=State(row[4]),
                stage=row[5],
                items=row[6],
                attempt=row[7],
                age=float(row[8]),
                stage_age=float(row[9]),
                expired=bool(row[10]),
            )
            for row in rows
        ]

    def item(self, generation_id: int, key: str) -> LedgerItem | None:
        """All that is known of one item; None when the ledger has none of this key."""
        query = select(
            items, (items.c.due_at - now_ms()).label("due"), (now_ms() - items.c.failed_at).label("age")
        ).where(items.c.generation_id == generation_id, items.c.point == point_order(point_id(key)))
        rows = self._database.rows(query)
        if not rows:
            return None
        row = rows[0]
        return LedgerItem(
            key=row.key,
            state=State(row.state),
            desired_embed=row.desired_embed_hash,
            desired_payload=row.desired_payload_hash,
            synced_embed=row.synced_embed_hash,
            synced_payload=row.synced_payload_hash,
            attempts=row.attempts,
            due_in=row.due / 1000,
            batch=row.batch_id if row.due > 0 else None,
            error_class=row.error_class,
            error=row.error,
            failed_for=None if row.age is None else row.age / 1000,
            reason=None if row.reason is None else Reason(row.reason),
        )
