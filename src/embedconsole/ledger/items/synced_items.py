"""The ledger's record of the collection's points: reads in point order, and corrections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, insert, literal, or_, select, update

from embedconsole.ledger.dialect import Bulk, constant, now_ms
from embedconsole.ledger.items.difference import reason_in_sql, state_in_sql
from embedconsole.ledger.records.items import SyncedItem
from embedconsole.ledger.schema import items
from embedconsole.ledger.state import UNKNOWN, Reason, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Row, Select

    from embedconsole.ledger.database import Database
    from embedconsole.ledger.records.items import Adoption, Hashes

_GIVEN_UP = (State.FAILED.value, State.SKIPPED.value)

_BELIEVED = select(
    items.c.point,
    items.c.key,
    items.c.desired_embed_hash,
    items.c.desired_payload_hash,
    items.c.synced_embed_hash,
    items.c.synced_payload_hash,
    items.c.state,
    items.c.batch_id,
    items.c.due_at,
).where(items.c.generation_id == bindparam("generation"))
_PAGE = _BELIEVED.where(items.c.point > bindparam("after")).order_by(items.c.point).limit(bindparam("count"))
_THESE = _BELIEVED.where(items.c.point.in_(bindparam("points", expanding=True)))
_SYNCED = _BELIEVED.where(items.c.state == State.SYNCED.value, items.c.synced_embed_hash.is_not(None)).limit(
    bindparam("count")
)
_KEYS = select(items.c.id, items.c.point, items.c.key).where(
    items.c.id.in_(bindparam("ids", expanding=True)), items.c.desired_embed_hash.is_not(None)
)
_ENTER = Bulk(
    insert(items),
    [
        "generation_id",
        "point",
        "key",
        "desired_embed_hash",
        "desired_payload_hash",
        "synced_embed_hash",
        "synced_payload_hash",
        "state",
        "reason",
        "due_at",
        "attempts",
    ],
)


class SyncedItems:
    """The items as the collection is believed to hold them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, generation_id: int, after: bytes, count: int) -> list[SyncedItem]:
        """The items that follow a point, in the order of the points; `b""` is before the first."""
        return self._read(_PAGE, {"generation": generation_id, "after": after, "count": count})

    def of(self, generation_id: int, points: Sequence[bytes]) -> dict[bytes, SyncedItem]:
        """Those of these points that there is an item of."""
        if not points:
            return {}
        found = self._read(_THESE, {"generation": generation_id, "points": list(points)})
        return {one.point: one for one in found}

    def synced(self, generation_id: int, count: int) -> list[SyncedItem]:
        """Some items that the collection holds as they should be."""
        return self._read(_SYNCED, {"generation": generation_id, "count": count})

    def wanted_keys(self, item_ids: Sequence[int]) -> list[str]:
        """The keys of those items that the catalog is believed to have."""
        return [row[2] for row in self._database.rows(_KEYS, {"ids": list(item_ids)})]

    def correct(self, generation_id: int, found: Iterable[tuple[SyncedItem, Hashes | None]]) -> int:
        """Set what points hold to what was found there, where that is still believed which was then.

        What is in flight is left alone: its worker writes it again.

        Returns:
            How many items were changed.
        """

        def work(connection: Connection) -> int:
            return sum(
                set_held(connection, generation_id, one.point, one.synced, holds) for one, holds in found
            )

        return self._database.write(work)

    def adopt(self, generation_id: int, found: Sequence[Adoption]) -> int:
        """Enter points that the ledger does not know.

        The next full scan decides their desired state; what the catalog does not have goes the way of all
        that is gone from it.

        Returns:
            How many there were that had not been entered before.
        """
        if not found:
            return 0

        def work(connection: Connection) -> int:
            known = select(items.c.point).where(
                items.c.generation_id == generation_id, items.c.point.in_([one.point for one in found])
            )
            there = {bytes(point) for point in connection.scalars(known)}
            now = connection.scalar(select(now_ms()))
            rows = [_adopted(generation_id, one, now) for one in found if one.point not in there]
            _ENTER.run(connection, rows)
            return len(rows)

        return self._database.write(work)

    def _read(self, query: Select[Any], parameters: Mapping[str, object]) -> list[SyncedItem]:
        def work(connection: Connection) -> list[SyncedItem]:
            now = connection.scalar(select(now_ms())) or 0
            return [_believed(row, now) for row in connection.execute(query, parameters)]

        return self._database.read(work)


def set_held(
    connection: Connection, generation_id: int, point: bytes, believed: Hashes | None, holds: Hashes | None
) -> int:
    """Set what a point holds, if `believed` is what the ledger believes and no worker has it in flight.

    What is to be embedded again stays so, whatever its point holds.

    Returns:
        1 where that changed the item, else 0.
    """
    embed, payload = holds if holds is not None else (None, None)
    same_embed = items.c.desired_embed_hash == literal(embed, items.c.synced_embed_hash.type)
    same_payload = items.c.desired_payload_hash == literal(payload, items.c.synced_payload_hash.type)
    state = case(
        (items.c.state.in_(_GIVEN_UP), items.c.state),
        else_=state_in_sql(same_embed, same_payload),
    )
    cause = Reason.MISSING if holds is None else Reason.RECHECKED
    reason = reason_in_sql(state, constant(cause))
    nobodys = or_(items.c.batch_id.is_(None), items.c.due_at <= now_ms())
    statement = (
        update(items)
        .where(items.c.generation_id == generation_id, items.c.point == point, nobodys, *_still(believed))
        .values(state=state, reason=reason, synced_embed_hash=embed, synced_payload_hash=payload)
    )
    return connection.execute(statement).rowcount


def _still(believed: Hashes | None) -> tuple[ColumnElement[bool], ...]:
    if believed is None:
        return (items.c.synced_embed_hash.is_(None),)
    return (
        items.c.synced_embed_hash != literal(UNKNOWN, items.c.synced_embed_hash.type),
        items.c.synced_embed_hash == believed.embed,
        items.c.synced_payload_hash == believed.payload,
    )


def _believed(row: Row[*tuple[Any, ...]], now: int) -> SyncedItem:
    return SyncedItem._make((*row[:7], row[7] is not None and row[8] > now))


def _adopted(generation_id: int, one: Adoption, now: int | None) -> dict[str, object]:
    whole = one.desired == one.synced
    return {
        "generation_id": generation_id,
        "point": one.point,
        "key": one.key,
        "desired_embed_hash": one.desired.embed,
        "desired_payload_hash": one.desired.payload,
        "synced_embed_hash": one.synced.embed,
        "synced_payload_hash": one.synced.payload,
        "state": (State.SYNCED if whole else State.PAYLOAD).value,
        "reason": None if whole else Reason.RECHECKED.value,
        "due_at": now,
        "attempts": 0,
    }
