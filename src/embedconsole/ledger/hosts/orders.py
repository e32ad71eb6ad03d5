"""Orders: what operators ask of the daemon on a ledger, from any host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, insert, or_, select, true, update

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.records.processes import LASTS, Order
from embedconsole.ledger.schema import orders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection, Row

    from embedconsole.ledger.database import Database

LAPSE_SECONDS = 60.0
"""An order that no process took for this long is not obeyed any more."""

KEEP_ORDERS = 1_000
_KEEP_MS = 7 * 86_400_000
_AT_ONCE = 100

_ORDER = select(
    orders.c.id,
    orders.c.at,
    orders.c.verb,
    orders.c.arguments,
    orders.c.sender,
    (now_ms() - orders.c.at) / 1000.0,
    orders.c.taken_by,
    orders.c.answer,
)
_LASTING = _ORDER.where(orders.c.arguments.like(f'%"{LASTS}": true%')).order_by(orders.c.id.desc()).limit(1)
_FRESH: ColumnElement[bool] = orders.c.at > now_ms() - int(LAPSE_SECONDS * 1000)


class Orders:
    """The orders to all processes on this ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, verb: str, arguments: Mapping[str, object], sender: str) -> int:
        """Enter an order, and prune what is old; returns its number. The latest that lasts is kept."""
        statement = insert(orders).values(
            at=now_ms(), verb=verb, arguments=json.dumps(arguments), sender=sender
        )

        def work(connection: Connection) -> int:
            key = connection.execute(statement).inserted_primary_key
            assert key is not None
            number = cast("int", key[0])
            lasting = connection.scalar(_LASTING.with_only_columns(orders.c.id))
            old = or_(orders.c.id <= number - KEEP_ORDERS, orders.c.at < now_ms() - _KEEP_MS)
            connection.execute(delete(orders).where(old, orders.c.id != lasting if lasting else true()))
            return number

        return self._database.write(work)

    def fresh(self) -> list[Order]:
        """The orders that may still be obeyed, taken or not, oldest first."""
        return self._read(_FRESH, _AT_ONCE)

    def latest(self, limit: int = 50) -> list[Order]:
        """The latest orders, oldest first."""
        return self._read(None, limit)

    def lasting(self) -> Order | None:
        """The latest order that stays in force until another replaces it (pause or resume)."""
        rows = self._database.rows(_LASTING)
        return _record(rows[0]) if rows else None

    def get(self, number: int) -> Order | None:
        """One order; None when it was withdrawn or pruned."""
        rows = self._database.rows(_ORDER.where(orders.c.id == number))
        return _record(rows[0]) if rows else None

    def take(self, number: int, worker_id: str) -> bool:
        """Be the one who obeys an order; False when another is, or it has lapsed."""
        mine = (
            update(orders)
            .where(orders.c.id == number, orders.c.taken_by.is_(None), _FRESH)
            .values(taken_at=now_ms(), taken_by=worker_id)
        )
        return self._database.execute(mine) == 1

    def answer(self, number: int, text: str) -> None:
        """Tell the sender why the order could not be done."""
        self._database.execute(update(orders).where(orders.c.id == number).values(answer=text))

    def withdraw(self, number: int) -> bool:
        """Take an order back; False when a process has taken it meanwhile."""
        untaken = delete(orders).where(orders.c.id == number, orders.c.taken_by.is_(None))
        return self._database.execute(untaken) == 1

    def _read(self, where: ColumnElement[bool] | None, limit: int) -> list[Order]:
        query = _ORDER if where is None else _ORDER.where(where)
        rows = self._database.rows(query.order_by(orders.c.id.desc()).limit(limit))
        return [_record(row) for row in reversed(rows)]


def _record(row: Row[*tuple[Any, ...]]) -> Order:
    return Order(
        id=row[0],
        at=row[1] / 1000,
        verb=row[2],
        arguments=json.loads(row[3]),
        sender=row[4],
        age=float(row[5]),
        taken_by=row[6],
        answer=row[7],
    )
