"""Claims: which items a worker gets. The statements are run in the caller's transaction.

One sequence for all databases: SQLite's write lock, and elsewhere `FOR UPDATE SKIP LOCKED` (SQLAlchemy leaves
it out on SQLite), keep two claims from meeting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import bindparam, insert, select, update

from embedconsole.ledger.dialect import constant, now_ms
from embedconsole.ledger.items import crash_counts as crashes
from embedconsole.ledger.records.work import Batch, ClaimedItem
from embedconsole.ledger.schema import batches, items, vectors
from embedconsole.ledger.state import WORK, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Row

LEASE_SECONDS = 90.0
"""A batch that is not extended for this long may be claimed by another worker."""

_TOKEN: ColumnElement[int] = bindparam("token")

_DUE = (
    select(
        items.c.id,
        items.c.key,
        items.c.desired_embed_hash,
        items.c.desired_payload_hash,
        items.c.synced_embed_hash,
        items.c.attempts,
        items.c.reason,
        items.c.crashes,
        items.c.batch_id,
    )
    .where(
        items.c.generation_id == bindparam("generation"),
        items.c.state == bindparam("state"),
        items.c.due_at <= now_ms(),
    )
    .order_by(items.c.due_at, items.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_UNSUSPECTED = _DUE.where(items.c.crashes < constant(crashes.SUSPECT_AFTER))
_SUSPECTS = _DUE.where(items.c.crashes >= constant(crashes.SUSPECT_AFTER))


# Put together once: with every claim that would cost more than the database takes for it.
_NOW = select(now_ms())
_NEW_BATCH = insert(batches)
_HOLD = (
    update(items)
    .where(items.c.id.in_(bindparam("ids", expanding=True)))
    .values(batch_id=_TOKEN, due_at=bindparam("until"))
)
_ANY_KEPT = select(vectors.c.generation_id).where(vectors.c.generation_id == bindparam("generation")).limit(1)


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """A worker's request for a batch of items."""

    generation_id: int
    worker_id: str
    slot: int
    limit: int
    at_least: int
    suspects: bool


def claim(connection: Connection, wanting: ClaimRequest) -> Batch | None:
    """Claim a batch; None when there is nothing to be had."""
    for state in WORK:
        where = {"generation": wanting.generation_id, "state": state.value, "limit": wanting.limit}
        rows = connection.execute(_UNSUSPECTED, where).all()
        if len(rows) >= max(wanting.at_least, 1) and (claimed := _rescued(connection, rows)):
            return _take(connection, wanting, state, claimed)
    for state in WORK if wanting.suspects else ():
        limit = min(wanting.limit, crashes.LARGEST_GROUP)
        where = {"generation": wanting.generation_id, "state": state.value, "limit": limit}
        rows = connection.execute(_SUSPECTS, where).all()
        alike = [row for row in rows if row.crashes == rows[0].crashes]
        group = alike[: crashes.group_size(rows[0].crashes)] if rows else []
        if claimed := _rescued(connection, group):
            return replace(_take(connection, wanting, state, claimed), suspect=True)
    return None


def _rescued(connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[ClaimedItem]:
    """The items to claim among the pending ones, less the suspects that still name a batch.

    The worker of that batch is silent, which counts as a crash, so they are for a smaller group from now on.
    """
    silent = [row for row in rows if row.batch_id is not None]
    if silent:
        crashes.note(connection, items.c.id.in_([row.id for row in silent]))
        rows = [row for row in rows if row.batch_id is None or row.crashes + 1 < crashes.SUSPECT_AFTER]
    return [ClaimedItem._make(row[: len(ClaimedItem._fields)]) for row in rows]


def _take(
    connection: Connection,
    wanting: ClaimRequest,
    state: State,
    claimed: list[ClaimedItem],
) -> Batch:
    now = connection.scalar(_NOW)
    assert now is not None
    until = now + int(LEASE_SECONDS * 1000)
    result = connection.execute(
        _NEW_BATCH,
        {
            "generation_id": wanting.generation_id,
            "worker_id": wanting.worker_id,
            "slot": wanting.slot,
            "work": state.value,
            "stage": "read",
            "item_count": len(claimed),
            "attempt": 1 + max(item.attempts for item in claimed),
            "started_at": now,
            "stage_at": now,
            "lease_until": until,
        },
    )
    key = result.inserted_primary_key
    assert key is not None
    token = cast("int", key[0])
    ids = [item.id for item in claimed]
    connection.execute(_HOLD, {"ids": ids, "token": token, "until": until})
    # Asked with every claim: another process may have kept some a moment ago.
    kept = connection.scalar(_ANY_KEPT, {"generation": wanting.generation_id}) is not None
    return Batch(token, wanting.generation_id, state, claimed, kept)
