"""The worker's side of the items: claim, extend, settle.

Everything that ends or extends work names the batch's token, so that a worker which lost its lease changes
nothing. `claim` makes the claims.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from sqlalchemy import bindparam, case, delete, func, null, select, update

from embedconsole.ledger.dialect import Bulk, constant, now_ms
from embedconsole.ledger.failure_causes import cause_of
from embedconsole.ledger.items import crash_counts as crashes
from embedconsole.ledger.items.claim import LEASE_SECONDS, ClaimRequest, claim
from embedconsole.ledger.items.difference import reason_in_sql, state_in_sql, state_of_wanted
from embedconsole.ledger.items.planned_items import NO_ERROR, NOT_WANTED
from embedconsole.ledger.schema import batches, items, workers
from embedconsole.ledger.state import WORK, Reason, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Update

    from embedconsole.ledger.database import Database
    from embedconsole.ledger.records.items import Hashes
    from embedconsole.ledger.records.work import Batch, ClaimedItem, Failure, Settlement

_FREE = {"batch_id": null(), "due_at": now_ms()}
_NOT_IN_COLLECTION = {
    "synced_embed_hash": null(),
    "synced_payload_hash": null(),
    "state": constant(State.EMBED),
    "reason": constant(Reason.MISSING),
}
_TOKEN: ColumnElement[int] = bindparam("token")
_EMBED: ColumnElement[bytes] = bindparam("embed")
_PAYLOAD: ColumnElement[bytes] = bindparam("payload")


class _Ours(TypedDict):
    token: int
    ids: list[int]


def _one() -> Update:
    return update(items).where(items.c.id == bindparam("item_id"), items.c.batch_id == _TOKEN)


def _several() -> Update:
    return update(items).where(items.c.id.in_(bindparam("ids", expanding=True)), items.c.batch_id == _TOKEN)


# The worker read the row after its claim: where nothing else was planned since, what it wrote is newer
# than what was planned. The planner has not seen that row, so it is to look at it.
_WANTED = Bulk(
    _one()
    .where(
        items.c.desired_embed_hash == bindparam("claimed_embed"),
        items.c.desired_payload_hash == bindparam("claimed_payload"),
    )
    .values(desired_embed_hash=_EMBED, desired_payload_hash=_PAYLOAD, source_hash=null())
)
# What follows from the newest desired hashes, which may have changed while the item was in flight.
_WRITTEN = Bulk(
    _one().values(
        synced_embed_hash=_EMBED,
        synced_payload_hash=_PAYLOAD,
        state=state_in_sql(items.c.desired_embed_hash == _EMBED, items.c.desired_payload_hash == _PAYLOAD),
        **_FREE,
        **NO_ERROR,
    )
)
# Its point has not been deleted: what is synced of it holds.
_STATE_OF_BACK = state_of_wanted(items.c.synced_embed_hash == _EMBED, items.c.synced_payload_hash == _PAYLOAD)
_BACK = Bulk(
    _one().values(
        source_hash=null(),
        desired_embed_hash=_EMBED,
        desired_payload_hash=_PAYLOAD,
        state=_STATE_OF_BACK,
        reason=reason_in_sql(_STATE_OF_BACK, constant(Reason.EDITED)),
        **_FREE,
        **NO_ERROR,
    )
)
_FAILED = Bulk(
    _one().values(
        batch_id=null(),
        attempts=items.c.attempts + constant(1),
        state=case((bindparam("final") == constant(1), constant(State.FAILED)), else_=items.c.state),
        due_at=now_ms() + bindparam("delay_ms"),
        crashes=constant(0),
        error_class=bindparam("class"),
        error=bindparam("message"),
        cause=bindparam("new_cause"),
        failed_at=now_ms(),
    )
)
# The row goes with the point, unless the item came back to the catalog meanwhile.
_DELETED_BUT_BACK = (
    _several()
    .where(items.c.desired_embed_hash.is_not(None))
    .values(**{**_NOT_IN_COLLECTION, "reason": constant(Reason.NEW)}, **_FREE, **NO_ERROR)
)
_DELETED = delete(items).where(
    items.c.id.in_(bindparam("ids", expanding=True)),
    items.c.batch_id == _TOKEN,
    items.c.desired_embed_hash.is_(None),
)
_GONE = _several().values(**NOT_WANTED, **_FREE, **NO_ERROR)
_UNSYNCED = _several().values(**_NOT_IN_COLLECTION, **_FREE)
_RELEASED = _several().values(**_FREE)
_CLOSE = delete(batches).where(batches.c.id == _TOKEN)


class Work:
    """Items as workers take and return them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self,
        generation_id: int,
        *,
        worker_id: str,
        slot: int,
        limit: int,
        at_least: int = 1,
        suspects: bool = True,
    ) -> Batch | None:
        """Claim up to `limit` pending items that need the same work; None for fewer than `at_least`.

        Args:
            at_least: Lets full batches form while a scan is still finding changes.
            suspects: Also claim items that were in several crashes, when no others are pending.
        """

        wanted = ClaimRequest(generation_id, worker_id, slot, limit, at_least, suspects)
        return self._database.write(lambda connection: claim(connection, wanted))

    def extend(self, batch: Batch) -> bool:
        """Extend the lease by `LEASE_SECONDS` from now; False when it has been lost for any item."""
        until = now_ms() + int(LEASE_SECONDS * 1000)

        def work(connection: Connection) -> bool:
            held = connection.execute(_several().values(due_at=until), _ours(batch, batch.items)).rowcount
            mine = update(batches).where(batches.c.id == batch.token)
            connection.execute(mine.values(lease_until=until))
            return held == len(batch.items)

        return self._database.write(work)

    def enter_stages(self, stages: Mapping[int, str]) -> None:
        """Record the present stage of batches (by token), for the screens."""
        if not stages:
            return
        statement = (
            update(batches)
            .where(batches.c.id == _TOKEN)
            .values(stage=bindparam("new_stage"), stage_at=now_ms())
        )
        rows = [{"token": token, "new_stage": stage} for token, stage in stages.items()]
        self._database.execute(statement, rows)

    def settle(self, batch: Batch, settlement: Settlement) -> int:
        """End the batch in one transaction.

        Returns:
            How many items were not ours any more, because the lease had been lost; they are left alone.
        """
        written = [_hash_row(batch, item, hashes) for item, hashes in settlement.written]
        newer = [
            {**row, "claimed_embed": item.desired_embed, "claimed_payload": item.desired_payload}
            for row, (item, hashes) in zip(written, settlement.written, strict=True)
            if hashes != (item.desired_embed, item.desired_payload)
        ]
        back = [_hash_row(batch, item, hashes) for item, hashes in settlement.back]
        failed = [_failure_row(batch, failure) for failure in settlement.failed]
        single = ((_WRITTEN, written), (_BACK, back), (_FAILED, failed))
        several = (
            (_DELETED_BUT_BACK, _ours(batch, settlement.deleted)),
            (_DELETED, _ours(batch, settlement.deleted)),
            (_GONE, _ours(batch, settlement.gone)),
            (_UNSYNCED, _ours(batch, settlement.unsynced)),
            (_RELEASED, _ours(batch, settlement.released)),
        )

        def work(connection: Connection) -> int:
            _WANTED.run(connection, newer)
            ours = sum(statement.run(connection, rows) for statement, rows in single)
            for statement, some in several:
                if some["ids"]:
                    ours += connection.execute(statement, some).rowcount
            connection.execute(_CLOSE, {"token": batch.token})
            return len(batch.items) - ours

        return self._database.write(work)

    def abandon(self, worker_ids: Sequence[str]) -> int:
        """Give back what dead workers held, due at once, and count it as a crash; returns how many items."""
        held_by_them = batches.c.worker_id.in_(worker_ids)
        return self._database.write(lambda connection: _give_back(connection, crashes.note, held_by_them))

    def abandon_strays(self, generation_id: int, worker_id: str, known: Sequence[int]) -> int:
        """Give back what a living worker holds without knowing (by token).

        The ledger was away for too long when they were claimed or settled.
        """
        strays = (
            batches.c.generation_id == generation_id,
            batches.c.worker_id == worker_id,
            batches.c.id.not_in(known),
        )
        return self._database.write(lambda connection: _give_back(connection, _free, *strays))

    def revoke(self, generation_id: int) -> None:
        """Take all batches of a generation from their workers, and let none be claimed for a lease's time."""
        waiting = items.c.generation_id == generation_id, items.c.state.in_([state.value for state in WORK])
        put_off = {"batch_id": null(), "due_at": now_ms() + int(LEASE_SECONDS * 1000)}

        def work(connection: Connection) -> None:
            connection.execute(update(items).where(*waiting).values(**put_off))
            connection.execute(delete(batches).where(batches.c.generation_id == generation_id))

        self._database.write(work)

    def sweep(self) -> None:
        """Give back the batches of processes that have left, and forget those whose lease ran out.

        The items of the latter have been due again since then.
        """
        of_nobody = batches.c.worker_id.not_in(select(workers.c.id))
        expired = delete(batches).where(batches.c.lease_until < now_ms())

        def work(connection: Connection) -> None:
            _give_back(connection, _free, of_nobody)
            connection.execute(expired)

        self._database.write(work)


def leave(connection: Connection, worker_ids: Sequence[str]) -> None:
    """Release all that these workers hold: they end, and none of their batches is running any more."""
    _give_back(connection, _free, batches.c.worker_id.in_(worker_ids))


def _give_back(
    connection: Connection,
    let_go: Callable[[Connection, ColumnElement[bool]], None],
    *which: ColumnElement[bool],
) -> int:
    """End batches without settling them; returns how many items they held."""
    tokens = connection.scalars(select(batches.c.id).where(*which)).all()
    if not tokens:
        return 0
    held = items.c.batch_id.in_(tokens)
    count = connection.scalar(select(func.count()).select_from(items).where(held)) or 0
    let_go(connection, held)
    connection.execute(delete(batches).where(batches.c.id.in_(tokens)))
    return count


def _free(connection: Connection, held: ColumnElement[bool]) -> None:
    """Give items back, due at once, of whose points it is not known what became of them."""
    for delay in (0.0, crashes.LATE_WRITES_SECONDS):
        # At once, so that what was written is not paid for again; and later, for what is still on its way.
        crashes.recheck_later(connection, held, delay)
    connection.execute(update(items).where(held).values(**_FREE))


def _ours(batch: Batch, some: Sequence[ClaimedItem]) -> _Ours:
    return {"token": batch.token, "ids": [item.id for item in some]}


def _hash_row(batch: Batch, item: ClaimedItem, hashes: Hashes) -> dict[str, object]:
    return {"token": batch.token, "item_id": item.id, "embed": hashes.embed, "payload": hashes.payload}


def _failure_row(batch: Batch, failure: Failure) -> dict[str, object]:
    return {
        "token": batch.token,
        "item_id": failure.item.id,
        "final": int(failure.delay is None),
        "delay_ms": int((failure.delay or 0) * 1000),
        "class": failure.error_class,
        "message": failure.error,
        "new_cause": cause_of(failure.error_class, failure.error) if failure.delay is None else None,
    }
