"""Points that a worker may have written after it lost the lease, or whose write was not confirmed.

The ledger turns such a worker away; the collection takes what it sends, and be it older than what is there,
or of a point that is deleted by now. So these points are looked at again once all of it has arrived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.items.synced_items import set_held
from embedconsole.ledger.records.items import Hashes
from embedconsole.ledger.records.work import Recheck
from embedconsole.ledger.schema import items, rechecks
from embedconsole.ledger.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from embedconsole.ledger.database import Database


class Rechecks:
    """The points to be looked at again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, generation_id: int, keys: Sequence[str], *, delay: float) -> None:
        """Have points looked at again after `delay` seconds."""
        if not keys:
            return
        due_at = now_ms() + int(delay * 1000)
        rows = [{"generation_id": generation_id, "key": key} for key in keys]
        self._database.execute(insert(rechecks).values(due_at=due_at), rows)

    def due(self, generation_id: int, limit: int = 1000) -> list[Recheck]:
        """Those whose time has come."""
        query = (
            select(rechecks.c.id, rechecks.c.key)
            .where(rechecks.c.generation_id == generation_id, rechecks.c.due_at <= now_ms())
            .order_by(rechecks.c.due_at)
            .limit(limit)
        )
        return [Recheck(row[0], row[1]) for row in self._database.rows(query)]

    def settle(
        self,
        generation_id: int,
        looked_at: Sequence[Recheck],
        found: Mapping[bytes, tuple[str, Hashes | None]],
    ) -> int:
        """Set what the collection holds to what was found there, and take them off the list.

        What is in flight is left alone: its worker writes it again.

        Args:
            found: The points (in the form that sorts) with their keys and the content that each has, None of
                one that is not there.

        Returns:
            How many were not as the ledger believed.
        """

        def work(connection: Connection) -> int:
            wrong = 0
            known = _known(connection, generation_id, list(found))
            for point, (key, holds) in found.items():
                if point not in known:
                    wrong += _enter_orphan(connection, generation_id, point, key, holds)
                elif known[point] != holds:
                    wrong += set_held(connection, generation_id, point, known[point], holds)
            ids = [recheck.id for recheck in looked_at]
            connection.execute(delete(rechecks).where(rechecks.c.id.in_(ids)))
            return wrong

        return self._database.write(work)


def _known(connection: Connection, generation_id: int, points: Sequence[bytes]) -> dict[bytes, Hashes | None]:
    query = select(items.c.point, items.c.synced_embed_hash, items.c.synced_payload_hash).where(
        items.c.generation_id == generation_id, items.c.point.in_(points)
    )
    return {
        bytes(row[0]): None if row[1] is None else Hashes(bytes(row[1]), bytes(row[2]))
        for row in connection.execute(query)
    }


def _enter_orphan(
    connection: Connection, generation_id: int, point: bytes, key: str, holds: Hashes | None
) -> int:
    """A point that was deleted and is back, without a row: to be deleted again."""
    if holds is None:
        return 0
    values = {
        "generation_id": generation_id,
        "point": point,
        "key": key,
        "synced_embed_hash": holds.embed,
        "synced_payload_hash": holds.payload,
        "state": State.DELETE.value,
        "due_at": now_ms(),
        "attempts": 0,
    }
    connection.execute(insert(items).values(**values))
    return 1
