"""The failed items: by cause, page by page, put back, or let be. Cheap at a hundred thousand of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, literal, or_, select, update

from embedconsole.items import point_id, point_order
from embedconsole.ledger.catalogued import NO_ERROR
from embedconsole.ledger.clock import now_ms
from embedconsole.ledger.records import FailedItem, FailureGroup
from embedconsole.ledger.schema import WORK, State, items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from embedconsole.ledger.database import Database

_GIVEN_UP = [State.FAILED.value, State.SKIPPED.value]
_RETRIED = [State.FAILED.value, *(state.value for state in WORK)]
_POINTS_IN_ONE_STATEMENT = 1000

_FAILURE = select(
    items.c.key, items.c.error_class, items.c.error, items.c.attempts, (now_ms() - items.c.failed_at) / 1000.0
)

_SAME_AS_SYNCED = items.c.desired_embed_hash == items.c.synced_embed_hash
_STATE_OF_DIFFERENCE = case(
    (items.c.desired_embed_hash.is_(None), literal(State.DELETE.value)),
    (
        and_(_SAME_AS_SYNCED, items.c.desired_payload_hash == items.c.synced_payload_hash),
        literal(State.SYNCED.value),
    ),
    (_SAME_AS_SYNCED, literal(State.PAYLOAD.value)),
    else_=literal(State.EMBED.value),
)


class Failures:
    """What failed for good, and what the operator does about it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def groups(self, generation_id: int, *, limit: int = 200) -> list[FailureGroup]:
        """The failed items by cause, most frequent first; reads the index, and one item a cause."""
        count = func.count().label("items")
        example = func.max(items.c.id).label("example")
        causes = (
            select(items.c.cause, count, example)
            .where(items.c.generation_id == generation_id, items.c.cause.is_not(None))
            .group_by(items.c.cause)
            .order_by(count.desc(), example)
            .limit(limit)
        )

        def work(connection: Connection) -> list[FailureGroup]:
            found = connection.execute(causes).all()
            some = select(items.c.id, items.c.error_class, items.c.error, items.c.key).where(
                items.c.id.in_([row.example for row in found])
            )
            examples = {row.id: row for row in connection.execute(some)}
            return [
                FailureGroup(
                    error_class=one.error_class or "",
                    error=one.error or "",
                    count=row.items,
                    example=one.key,
                    cause=bytes(row.cause).hex(),
                )
                for row in found
                if (one := examples.get(row.example)) is not None
            ]

        return self._database.read(work)

    def page(
        self, generation_id: int, *, cause: str | None = None, limit: int = 100, offset: int = 0
    ) -> Sequence[FailedItem]:
        """Failed items, the latest failure first; with `cause`, the newest item first."""
        if cause is None:
            return self._of_state(generation_id, State.FAILED, limit, offset)
        query = _FAILURE.where(items.c.generation_id == generation_id, items.c.cause == bytes.fromhex(cause))
        return self._rows(query.order_by(items.c.id.desc()), limit, offset)

    def skipped(self, generation_id: int, *, limit: int = 100, offset: int = 0) -> Sequence[FailedItem]:
        """Failed items that the operator lets be, those skipped last first."""
        return self._of_state(generation_id, State.SKIPPED, limit, offset)

    def _of_state(self, generation_id: int, state: State, limit: int, offset: int) -> Sequence[FailedItem]:
        query = _FAILURE.where(items.c.generation_id == generation_id, items.c.state == state.value)
        return self._rows(query.order_by(items.c.due_at.desc(), items.c.id.desc()), limit, offset)

    def _rows(self, query: Select[Any], limit: int, offset: int) -> Sequence[FailedItem]:
        rows = self._database.rows(query.limit(limit).offset(offset))
        return [FailedItem(row[0], row[1] or "", row[2] or "", row[3], float(row[4] or 0)) for row in rows]

    def retry(
        self,
        generation_id: int,
        *,
        keys: Sequence[str] | None = None,
        error_class: str | None = None,
        cause: str | None = None,
    ) -> int:
        """Put failed and waiting items back, due at once with all their attempts; returns how many.

        Args:
            keys: Only these, skipped ones too; else skipped ones stay so.
            cause: Only those that failed of it, see `FailureGroup.cause`.
        """
        states = _RETRIED if keys is None else [*_RETRIED, State.SKIPPED.value]
        where = [items.c.state.in_(states), or_(items.c.state.in_(_GIVEN_UP), items.c.attempts > 0)]
        if error_class is not None:
            where.append(items.c.error_class == error_class)
        values = {"state": _STATE_OF_DIFFERENCE, "due_at": now_ms(), **NO_ERROR}
        return self._move(generation_id, keys, cause, where, values)

    def skip(self, generation_id: int, *, keys: Sequence[str] | None = None, cause: str | None = None) -> int:
        """Let failed items be until their content changes: they need no look any more; returns how many."""
        failed = [items.c.state == State.FAILED.value]
        values = {"state": State.SKIPPED.value, "cause": None, "due_at": now_ms()}
        return self._move(generation_id, keys, cause, failed, values)

    def _move(
        self,
        generation_id: int,
        keys: Sequence[str] | None,
        cause: str | None,
        where: Sequence[ColumnElement[bool]],
        values: Mapping[str, object],
    ) -> int:
        """Set columns of items that no batch holds, all of them in one transaction."""
        change = update(items).where(
            items.c.generation_id == generation_id, items.c.batch_id.is_(None), *where
        )
        if cause is not None:
            change = change.where(items.c.cause == bytes.fromhex(cause))
        change = change.values(**values)
        if keys is None:
            return self._database.execute(change)
        points = [point_order(point_id(key)) for key in dict.fromkeys(keys)]

        def work(connection: Connection) -> int:
            count = 0
            for start in range(0, len(points), _POINTS_IN_ONE_STATEMENT):
                some = points[start : start + _POINTS_IN_ONE_STATEMENT]
                count += connection.execute(change.where(items.c.point.in_(some))).rowcount
            return count

        return self._database.write(work)
