"""Embeddings that were paid for and are kept: until the collection has them, or always."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, exists, func, insert, literal, or_, select, union, update

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.items.planned_items import FORGOTTEN
from embedconsole.ledger.schema import items, vectors
from embedconsole.ledger.state import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from embedconsole.ledger.database import Database


class KeptVectors:
    """Vectors by embed hash; `sync.content.vectors` encodes their bytes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, generation_id: int, packed: Mapping[bytes, bytes]) -> None:
        """Keep vectors, in place of older ones of the same hashes."""
        if not packed:
            return
        older = delete(vectors).where(
            vectors.c.generation_id == generation_id, vectors.c.embed_hash.in_(list(packed))
        )
        rows = [
            {"generation_id": generation_id, "embed_hash": embed_hash, "vector": vector}
            for embed_hash, vector in packed.items()
        ]

        def work(connection: Connection) -> None:
            connection.execute(older)
            now = connection.scalar(select(now_ms()))
            connection.execute(insert(vectors), [{**row, "kept_at": now} for row in rows])

        self._database.write(work)

    def get(self, generation_id: int, embed_hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        """Those of the vectors that are kept."""
        if not embed_hashes:
            return {}
        query = select(vectors.c.embed_hash, vectors.c.vector).where(
            vectors.c.generation_id == generation_id,
            vectors.c.embed_hash.in_(bindparam("hashes", expanding=True)),
        )
        rows = self._database.rows(query, {"hashes": list(embed_hashes)})
        return {bytes(row[0]): bytes(row[1]) for row in rows}

    def drop(self, generation_id: int, embed_hashes: Sequence[bytes]) -> None:
        """Keep these no longer."""
        if not embed_hashes:
            return
        statement = delete(vectors).where(
            vectors.c.generation_id == generation_id, vectors.c.embed_hash.in_(embed_hashes)
        )
        self._database.execute(statement)

    def outnumber(self, generation_id: int) -> bool:
        """Whether more than twice as many vectors are kept as there are items."""
        kept = select(func.count()).where(vectors.c.generation_id == generation_id)
        known = select(func.count()).where(items.c.generation_id == generation_id)
        return int(self._database.scalar(kept) or 0) > 2 * int(self._database.scalar(known) or 0)

    def sweep(self, generation_id: int, seconds: float) -> int:
        """Drop vectors older than so many seconds that no item plans or holds.

        Returns:
            How many were dropped.
        """
        hashes = [
            select(column).where(items.c.generation_id == generation_id, column.is_not(None))
            for column in (items.c.desired_embed_hash, items.c.synced_embed_hash)
        ]
        since = now_ms() - round(seconds * 1000)
        statement = delete(vectors).where(
            vectors.c.generation_id == generation_id,
            or_(vectors.c.kept_at.is_(None), vectors.c.kept_at <= since),
            vectors.c.embed_hash.not_in(union(*hashes)),
        )
        return self._database.execute(statement)

    def refill(self, generation_id: int) -> int:
        """Take it that the collection holds nothing, if all it held can be written again from here.

        Returns:
            How many items that makes; 0, and nothing is changed, when the vector of any of them is not kept.
        """
        synced = and_(items.c.generation_id == generation_id, items.c.synced_embed_hash.is_not(None))
        kept = and_(
            vectors.c.generation_id == generation_id, vectors.c.embed_hash == items.c.synced_embed_hash
        )
        forced = items.c.synced_embed_hash == literal(UNKNOWN, items.c.synced_embed_hash.type)
        lacking = select(items.c.id).where(synced, ~forced, ~exists().where(kept)).limit(1)

        def work(connection: Connection) -> int:
            if connection.scalar(lacking) is not None:
                return 0
            return connection.execute(update(items).where(synced).values(**FORGOTTEN)).rowcount

        return self._database.write(work)
