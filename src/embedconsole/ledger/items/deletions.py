"""Deletions within the last hour, counted over all processes: many small ones are one mass delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.items.planned_items import count_of_wanted, set_gone
from embedconsole.ledger.records.items import Turnover
from embedconsole.ledger.schema import deletions, generations

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable

    from sqlalchemy import Connection

    from embedconsole.ledger.database import Database

    Refuse = Callable[[Turnover], str | None]

WINDOW_SECONDS = 3600
"""Deletions within this time count together."""


class Deletions:
    """Decides and notes deletions in one transaction, so that two processes can't both use the same room."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def turnover(self, generation_id: int) -> Turnover:
        """The number of items planned now, and the most within the last hour."""
        return self._database.read(lambda connection: _turnover(connection, generation_id))

    def mark_gone(self, generation_id: int, item_ids: array[int], refuse: Refuse) -> str | None:
        """Mark items as gone from the catalog, all of them or, when `refuse` says why not, none.

        Returns:
            The refusal.
        """

        def work(connection: Connection) -> str | None:
            refusal = _admit(connection, generation_id, refuse)
            if refusal is None:
                set_gone(connection, item_ids)
            return refusal

        return self._database.write(work)

    def admit(self, generation_id: int, refuse: Refuse) -> str | None:
        """Note a deletion that the caller will make unless `refuse` says why not; returns the refusal."""
        return self._database.write(lambda connection: _admit(connection, generation_id, refuse))

    def forget(self, generation_id: int) -> None:
        """Begin a new hour: the operator has approved what was deleted."""
        self._database.execute(delete(deletions).where(deletions.c.generation_id == generation_id))


def _admit(connection: Connection, generation_id: int, refuse: Refuse) -> str | None:
    # One decision at a time for a generation; SQLite has one writer anyway.
    lock = select(generations.c.id).where(generations.c.id == generation_id).with_for_update()
    connection.execute(lock)
    turnover = _turnover(connection, generation_id)
    refusal = refuse(turnover)
    if refusal is None:
        of_generation = deletions.c.generation_id == generation_id
        connection.execute(delete(deletions).where(of_generation, deletions.c.at < _begin()))
        noted = {"generation_id": generation_id, "at": now_ms(), "wanted": turnover.wanted}
        connection.execute(insert(deletions).values(**noted))
    return refusal


def _turnover(connection: Connection, generation_id: int) -> Turnover:
    wanted = connection.scalar(count_of_wanted(generation_id)) or 0
    recent = select(func.max(deletions.c.wanted)).where(
        deletions.c.generation_id == generation_id, deletions.c.at >= _begin()
    )
    return Turnover(int(wanted), max(int(wanted), connection.scalar(recent) or 0))


def _begin() -> object:
    return now_ms() - WINDOW_SECONDS * 1000
