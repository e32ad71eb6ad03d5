"""The planner's side of the items: their known state and their desired state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, case, delete, func, insert, literal, null, select, update

from embedconsole.ledger.dialect import Bulk, constant, now_ms
from embedconsole.ledger.items.difference import reason_in_sql, state_of_wanted
from embedconsole.ledger.records.items import KnownItem
from embedconsole.ledger.schema import items, vectors
from embedconsole.ledger.state import UNKNOWN, Reason, State
from embedconsole.pieces import portions

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Select

    from embedconsole.ledger.database import Database
    from embedconsole.ledger.records.items import Change, DesiredItem, Hashes


_IDS_IN_ONE_STATEMENT = 1000
_IDS_IN_ONE_PAGE = 10_000

NO_ERROR = {
    "error": null(),
    "error_class": null(),
    "failed_at": null(),
    "crashes": constant(0),
    "cause": null(),
    "attempts": constant(0),
}
"""Column values of an item that never failed."""

NOT_WANTED = {
    "source_hash": null(),
    "desired_embed_hash": null(),
    "desired_payload_hash": null(),
    "state": constant(State.DELETE),
}
"""Column values of an item gone from the catalog: a row that returns unchanged counts as new."""

_MAY_BE_GONE = [State.DELETE.value, State.FAILED.value, State.SKIPPED.value]
"""The states of items that may have no desired hashes: to be deleted, or given up while that was tried."""

# An item in flight keeps its lease: its worker finds the newer content, or leaves the item pending.
_DUE_UNLESS_IN_FLIGHT = case(
    (and_(items.c.batch_id.is_not(None), items.c.due_at > now_ms()), items.c.due_at), else_=now_ms()
)

_KNOWN = select(
    items.c.id,
    items.c.point,
    items.c.desired_embed_hash,
    items.c.desired_payload_hash,
    items.c.synced_embed_hash,
    items.c.synced_payload_hash,
    items.c.state,
    items.c.source_hash,
).where(
    items.c.generation_id == bindparam("generation"), items.c.point.in_(bindparam("points", expanding=True))
)


# Compared with what is synced now, not with what was when the page was read: a worker may have come between.
_STATE_OF_CHANGE = state_of_wanted(
    items.c.synced_embed_hash == bindparam("embed"), items.c.synced_payload_hash == bindparam("payload")
)
_SET_DESIRED = Bulk(
    update(items)
    .where(items.c.id == bindparam("item_id"))
    .values(
        source_hash=bindparam("source"),
        desired_embed_hash=bindparam("embed"),
        desired_payload_hash=bindparam("payload"),
        state=_STATE_OF_CHANGE,
        reason=reason_in_sql(_STATE_OF_CHANGE, bindparam("why")),
        due_at=_DUE_UNLESS_IN_FLIGHT,
        **NO_ERROR,
    )
)

_SET_SOURCE = Bulk(
    update(items).where(items.c.id == bindparam("item_id")).values(source_hash=bindparam("source"))
)

_ENTER = Bulk(
    insert(items),
    [
        "generation_id",
        "point",
        "key",
        "source_hash",
        "desired_embed_hash",
        "desired_payload_hash",
        "state",
        "reason",
        "due_at",
        "attempts",
    ],
)

_SET_GONE = (
    update(items)
    .where(items.c.id.in_(bindparam("ids", expanding=True)))
    .values(**NOT_WANTED, due_at=_DUE_UNLESS_IN_FLIGHT, **NO_ERROR)
)

FORGOTTEN = {
    "synced_embed_hash": null(),
    "synced_payload_hash": null(),
    "state": case(
        (items.c.state.in_([State.FAILED.value, State.SKIPPED.value]), items.c.state),
        (items.c.desired_embed_hash.is_(None), constant(State.DELETE)),
        else_=constant(State.EMBED),
    ),
    "reason": case(
        (items.c.state.in_([State.SYNCED.value, State.PAYLOAD.value]), constant(Reason.MISSING)),
        else_=items.c.reason,
    ),
    "due_at": _DUE_UNLESS_IN_FLIGHT,
}
"""Column values of an item that the collection turned out not to hold."""

# The worker that has it in flight has lost it: what was begun before is not what was asked for.
_FORCE = (
    update(items)
    .where(items.c.id.in_(bindparam("ids", expanding=True)), items.c.desired_embed_hash.is_not(None))
    .values(
        synced_embed_hash=literal(UNKNOWN, items.c.synced_embed_hash.type),
        synced_payload_hash=literal(UNKNOWN, items.c.synced_payload_hash.type),
        state=constant(State.EMBED),
        reason=constant(Reason.FORCED),
        batch_id=null(),
        due_at=now_ms(),
        **NO_ERROR,
    )
)
_DROP_KEPT = delete(vectors).where(
    vectors.c.generation_id == bindparam("generation"),
    vectors.c.embed_hash.in_(bindparam("hashes", expanding=True)),
)

_DESIRED_IDS = (
    select(items.c.id, items.c.desired_embed_hash.is_not(None))
    .where(items.c.generation_id == bindparam("generation"), items.c.id > bindparam("after"))
    .order_by(items.c.id)
    .limit(_IDS_IN_ONE_PAGE)
)


class PlannedItems:
    """Items as the catalog describes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, generation_id: int, points: Sequence[bytes]) -> dict[bytes, KnownItem]:
        """The known items of these points, by point."""
        if not points:
            return {}
        parameters = {"generation": generation_id, "points": points}
        rows = self._database.rows(_KNOWN, parameters)
        return {row[1]: KnownItem._make(row) for row in rows}

    def apply(
        self,
        generation_id: int,
        new: Sequence[DesiredItem],
        changes: Sequence[Change],
        touched: Sequence[tuple[int, bytes]] = (),
        forced: Sequence[int] = (),
        not_from_kept: Sequence[Hashes] = (),
    ) -> None:
        """Enter new items and set the desired state of known ones, in one transaction.

        Args:
            touched: Id and source hash of items whose row changed in a way that changes nothing.
            forced: Known items that are to be embedded once more, whatever is synced or in flight of them.
            not_from_kept: Contents whose kept vectors are dropped, because they are to be embedded again.
        """
        if not (new or changes or touched or forced):
            return

        def work(connection: Connection) -> None:
            if new:
                due_at = connection.scalar(select(now_ms()))
                _ENTER.run(connection, [_new_row(generation_id, item, due_at) for item in new])
            _SET_DESIRED.run(connection, [_change_row(change) for change in changes])
            _SET_SOURCE.run(
                connection, [{"item_id": item_id, "source": source} for item_id, source in touched]
            )
            for ids in portions(forced, _IDS_IN_ONE_STATEMENT):
                connection.execute(_FORCE, {"ids": ids})
            for hashes in portions((content.embed for content in not_from_kept), _IDS_IN_ONE_STATEMENT):
                connection.execute(_DROP_KEPT, {"generation": generation_id, "hashes": hashes})

        self._database.write(work)

    def mark_gone(self, item_ids: array[int]) -> None:
        """Note items as gone from the catalog: their points are to be deleted."""
        self._database.write(lambda connection: set_gone(connection, item_ids))

    def ids(self, generation_id: int) -> Iterator[Sequence[tuple[int, bool]]]:
        """Pages of all items in id order, each with whether the catalog has it."""
        after = 0
        while True:
            parameters = {"generation": generation_id, "after": after}
            page = self._database.rows(_DESIRED_IDS, parameters)
            if not page:
                return
            yield [(row[0], bool(row[1])) for row in page]
            after = page[-1][0]

    def newest_id(self) -> int:
        """The highest id of an item of any generation, which is there at once; 0 when there is none."""
        return int(self._database.scalar(select(func.max(items.c.id))) or 0)

    def count_wanted(self, generation_id: int) -> int:
        """How many items the catalog had when it was last looked at."""
        return int(self._database.scalar(count_of_wanted(generation_id)))


def count_of_wanted(generation_id: int) -> Select[Any]:
    """The query of `PlannedItems.count_wanted`."""
    # All less those that are gone: both are counted in the work index, without reading the rows.
    everything = select(func.count()).where(items.c.generation_id == generation_id)
    gone = everything.where(items.c.state.in_(_MAY_BE_GONE), items.c.desired_embed_hash.is_(None))
    return select(everything.scalar_subquery() - gone.scalar_subquery())


def set_gone(connection: Connection, item_ids: Iterable[int]) -> None:
    """Note items as gone from the catalog: their points are to be deleted."""
    for ids in portions(item_ids, _IDS_IN_ONE_STATEMENT):
        connection.execute(_SET_GONE, {"ids": ids})


def _new_row(generation_id: int, item: DesiredItem, due_at: int | None) -> dict[str, object]:
    return {
        "generation_id": generation_id,
        "point": item.point,
        "key": item.key,
        "source_hash": item.source,
        "desired_embed_hash": item.hashes.embed,
        "desired_payload_hash": item.hashes.payload,
        "state": State.EMBED.value,
        "reason": item.reason.value,
        "due_at": due_at,
        "attempts": 0,
    }


def _change_row(change: Change) -> dict[str, object]:
    return {
        "item_id": change.id,
        "source": change.source,
        "embed": change.hashes.embed,
        "payload": change.hashes.payload,
        "why": change.reason.value,
    }
