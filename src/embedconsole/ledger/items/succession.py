"""Two generations of one pipeline side by side: what the next one lacks of what the present one has."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, literal, select

from embedconsole.ledger.schema import items
from embedconsole.ledger.state import UNKNOWN

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, FromClause

    from embedconsole.ledger.database import Database


class Succession:
    """Questions about two generations, by their ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lacking(self, present: int, following: int, *, examples: int = 5) -> tuple[int, list[str]]:
        """How many items the present one holds and wants and the following one does not hold; some keys."""
        now, then = items.alias("now"), items.alias("then")
        pairs = now.outerjoin(
            then,
            and_(
                then.c.generation_id == following,
                then.c.point == now.c.point,
                then.c.synced_embed_hash != literal(UNKNOWN, items.c.synced_embed_hash.type),
            ),
        )
        lacks = (
            now.c.generation_id == present,
            now.c.synced_embed_hash.is_not(None),
            now.c.desired_embed_hash.is_not(None),
            then.c.id.is_(None),
        )
        count = self._count(pairs, *lacks)
        if not count:
            return 0, []
        keys = select(now.c.key).select_from(pairs).where(*lacks).order_by(now.c.id).limit(examples)
        return count, [str(row[0]) for row in self._database.rows(keys)]

    def _count(self, source: FromClause, *which: ColumnElement[bool]) -> int:
        return int(self._database.scalar(select(func.count()).select_from(source).where(*which)) or 0)

    def sample(self, generation_id: int, count: int) -> list[str]:
        """The keys of some items that it holds, by chance; fewer when there are not so many."""
        held = (items.c.generation_id == generation_id, items.c.synced_embed_hash.is_not(None))
        row = self._database.rows(select(func.min(items.c.id), func.max(items.c.id)).where(*held))[0]
        if row[0] is None:
            return []
        found: dict[str, None] = {}
        for _ in range(2 * count):
            start = random.randint(int(row[0]), int(row[1]))
            query = select(items.c.key).where(*held, items.c.id >= start).order_by(items.c.id).limit(1)
            found |= {str(one[0]): None for one in self._database.rows(query)}
            if len(found) == count:
                break
        return list(found)
