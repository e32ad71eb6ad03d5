"""The items that failed: by cause, page by page, put back, or skipped; fast with a hundred thousand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, distinct, func, or_, select, update

from embedconsole.items import point_id, point_order
from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.items.difference import state_in_sql
from embedconsole.ledger.items.planned_items import NO_ERROR
from embedconsole.ledger.records.failures import FailedItem, FailureFilter, FailureGroup, FailureKind
from embedconsole.ledger.schema import items
from embedconsole.ledger.state import WORK, Reason, State
from embedconsole.pieces import portions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    from embedconsole.ledger.database import Database

_WORK = [state.value for state in WORK]
_GIVEN_UP = [State.FAILED.value, State.SKIPPED.value]
_POINTS_IN_ONE_STATEMENT = 1000

_WAITING = and_(items.c.state.in_(_WORK), items.c.due_at > now_ms(), items.c.attempts > 0)
_KINDS: Mapping[FailureKind, ColumnElement[bool]] = {
    FailureKind.FAILED: items.c.state == State.FAILED.value,
    FailureKind.WAITING: and_(_WAITING, items.c.batch_id.is_(None)),
    FailureKind.SKIPPED: items.c.state == State.SKIPPED.value,
}
_OF_A_CAUSE = [items.c.failed_at.desc(), items.c.id.desc()]
_ORDERS: Mapping[FailureKind, Sequence[ColumnElement[Any]]] = {
    # An item that is given up is due the moment it is, as far as the index is concerned.
    FailureKind.FAILED: [items.c.due_at.desc(), items.c.id.desc()],
    FailureKind.WAITING: [items.c.due_at, items.c.id],
    FailureKind.SKIPPED: [items.c.due_at.desc(), items.c.id.desc()],
}
_SINCE_FAILED = (now_ms() - items.c.failed_at) / 1000.0
_UNTIL_DUE = (items.c.due_at - now_ms()) / 1000.0
_NEWEST = (now_ms() - func.max(items.c.failed_at)) / 1000.0
_OLDEST = (now_ms() - func.min(items.c.failed_at)) / 1000.0
_ITEM = select(
    items.c.key,
    items.c.error_class,
    items.c.error,
    items.c.attempts,
    _SINCE_FAILED,
    _UNTIL_DUE,
    items.c.reason,
)
_EXAMPLE = select(items.c.id, items.c.error_class, items.c.error, items.c.key)

_STATE_OF_DIFFERENCE = state_in_sql(
    items.c.desired_embed_hash == items.c.synced_embed_hash,
    items.c.desired_payload_hash == items.c.synced_payload_hash,
)


class FailedItems:
    """Failed items: listing, retrying and skipping them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Looking

    def groups(self, generation_id: int, *, text: str = "", limit: int = 200) -> list[FailureGroup]:
        """The items that failed by cause, most frequent first; without a text from the index alone."""
        count = func.count().label("items")
        example = func.max(items.c.id).label("example")
        causes = (
            select(
                items.c.cause,
                count,
                example,
                _NEWEST.label("newest"),
                _OLDEST.label("oldest"),
            )
            .where(items.c.generation_id == generation_id, items.c.cause.is_not(None), *_with(text))
            .group_by(items.c.cause)
            .order_by(count.desc(), example)
            .limit(limit)
        )

        def work(connection: Connection) -> list[FailureGroup]:
            found = connection.execute(causes).all()
            some = _EXAMPLE.where(items.c.id.in_([row.example for row in found]))
            examples = {row.id: row for row in connection.execute(some)}
            return [_group(row, one) for row in found if (one := examples.get(row.example)) is not None]

        return self._database.read(work)

    def causes(self, generation_id: int, *, text: str = "") -> int:
        """The number of groups, shown or not."""
        query = select(func.count(distinct(items.c.cause))).where(
            items.c.generation_id == generation_id, items.c.cause.is_not(None), *_with(text)
        )
        return int(self._database.scalar(query))

    def gathered(self, generation_id: int, kind: FailureKind, *, text: str = "") -> FailureGroup | None:
        """All items of a kind as one group, for those whose cause is not noted; None where there is none."""
        where = [*_where(FailureFilter(kind, text=text)), items.c.generation_id == generation_id]
        query = select(func.count(), _NEWEST, _OLDEST, (func.min(items.c.due_at) - now_ms()) / 1000.0).where(
            *where
        )
        example = _EXAMPLE.where(*where).order_by(*_ORDERS[kind]).limit(1)

        def work(connection: Connection) -> FailureGroup | None:
            one = connection.execute(example).first()
            if one is None:
                return None
            count, newest, oldest, next_try = connection.execute(query).one()
            return FailureGroup(
                error_class=one.error_class or "",
                error=one.error or "",
                count=count,
                example=one.key,
                cause="",
                newest=float(newest or 0),
                oldest=float(oldest or 0),
                kind=kind,
                next_try=float(next_try) if kind is FailureKind.WAITING else None,
            )

        return self._database.read(work)

    def page(
        self, generation_id: int, among: FailureFilter | None = None, *, limit: int = 100, offset: int = 0
    ) -> Sequence[FailedItem]:
        """Some of the items: the latest failure first, of those that wait the one to be tried next."""
        among = among or FailureFilter()
        order = _ORDERS[among.kind] if among.cause is None else _OF_A_CAUSE
        query = _ITEM.where(items.c.generation_id == generation_id, *_where(among)).order_by(*order)
        waiting = among.kind is FailureKind.WAITING
        return [
            FailedItem(
                key=row[0],
                error_class=row[1] or "",
                error=row[2] or "",
                attempts=row[3],
                age=float(row[4] or 0),
                next_try=float(row[5]) if waiting else None,
                reason=None if row[6] is None else Reason(row[6]).name.lower(),
            )
            for row in self._database.rows(query.limit(limit).offset(offset))
        ]

    def count(self, generation_id: int, among: FailureFilter) -> int:
        """The number of failed items that the filter selects."""
        query = select(func.count()).where(items.c.generation_id == generation_id, *_where(among))
        return int(self._database.scalar(query))

    # Doing something about it

    def retry(
        self,
        generation_id: int,
        *,
        keys: Sequence[str] | None = None,
        error_class: str | None = None,
        among: FailureFilter | None = None,
    ) -> int:
        """Put items back, due at once with all their attempts; returns how many.

        Args:
            keys: Only these, those that are skipped too; where nothing says otherwise, those stay so.
        """
        waits = and_(items.c.state.in_(_WORK), items.c.attempts > 0)
        if among is not None:
            where = _where(among)
        elif keys is not None:
            where = [or_(items.c.state.in_(_GIVEN_UP), waits)]
        else:
            where = [or_(_KINDS[FailureKind.FAILED], waits)]
        if error_class is not None:
            where.append(items.c.error_class == error_class)
        values = {"state": _STATE_OF_DIFFERENCE, "due_at": now_ms(), **NO_ERROR}
        return self._move(generation_id, keys, where, values)

    def skip(
        self, generation_id: int, *, keys: Sequence[str] | None = None, among: FailureFilter | None = None
    ) -> int:
        """Let failed items be until their content changes: they need no look any more; returns how many."""
        where = [_KINDS[FailureKind.FAILED], *([] if among is None else _where(among))]
        values = {"state": State.SKIPPED.value, "cause": None, "due_at": now_ms()}
        return self._move(generation_id, keys, where, values)

    def _move(
        self,
        generation_id: int,
        keys: Sequence[str] | None,
        where: Sequence[ColumnElement[bool]],
        values: Mapping[str, object],
    ) -> int:
        """Set columns of items that no batch holds, all of them in one transaction."""
        change = (
            update(items)
            .where(items.c.generation_id == generation_id, items.c.batch_id.is_(None), *where)
            .values(**values)
        )
        if keys is None:
            return self._database.execute(change)
        points = [point_order(point_id(key)) for key in dict.fromkeys(keys)]

        def work(connection: Connection) -> int:
            count = 0
            for some in portions(points, _POINTS_IN_ONE_STATEMENT):
                count += connection.execute(change.where(items.c.point.in_(some))).rowcount
            return count

        return self._database.write(work)


def _where(among: FailureFilter) -> list[ColumnElement[bool]]:
    # A cause is noted only of what failed; asked for the state too, SQLite takes another index.
    kind = _KINDS[among.kind] if among.cause is None else items.c.cause == bytes.fromhex(among.cause)
    return [kind, *_with(among.text)]


def _with(text: str) -> list[ColumnElement[bool]]:
    if not text:
        return []
    return [or_(items.c.key.icontains(text, autoescape=True), items.c.error.icontains(text, autoescape=True))]


def _group(row: Row[*tuple[Any, ...]], one: Row[*tuple[Any, ...]]) -> FailureGroup:
    return FailureGroup(
        error_class=one.error_class or "",
        error=one.error or "",
        count=row.items,
        example=one.key,
        cause=bytes(row.cause).hex(),
        newest=float(row.newest or 0),
        oldest=float(row.oldest or 0),
    )
