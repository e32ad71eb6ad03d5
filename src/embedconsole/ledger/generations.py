"""Generations: one filling of one collection by one pipeline, and how far its scans have come."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import insert, select, update

from embedconsole.ledger.clock import now_ms
from embedconsole.ledger.records.items import Generation
from embedconsole.ledger.schema import generations

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from embedconsole.ledger.database import Database


class Generations:
    """The generations of all pipelines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self, pipeline: str) -> Generation | None:
        """The one that the pipeline fills now; None before its first run."""
        query = (
            select(
                generations.c.id,
                generations.c.pipeline,
                generations.c.collection,
                generations.c.space,
                generations.c.watermark,
                (now_ms() - generations.c.full_scan_at) / 1000.0,
            )
            .where(generations.c.pipeline == pipeline, generations.c.retired_at.is_(None))
            .order_by(generations.c.id.desc())
            .limit(1)
        )
        rows = self._database.rows(query)
        if not rows:
            return None
        row = rows[0]
        scan_age = None if row[5] is None else float(row[5])
        return Generation(row[0], row[1], row[2], row[3], row[4], scan_age)

    def begin(self, pipeline: str, collection: str, space: str) -> Generation:
        """Retire the pipeline's current generation, if any, and begin a new one with nothing in it."""
        retire = update(generations).where(
            generations.c.pipeline == pipeline, generations.c.retired_at.is_(None)
        )
        begin = insert(generations).values(pipeline=pipeline, collection=collection, space=space)

        def work(connection: Connection) -> int:
            connection.execute(retire.values(retired_at=now_ms()))
            key = connection.execute(begin).inserted_primary_key
            assert key is not None
            return cast("int", key[0])

        return Generation(self._database.write(work), pipeline, collection, space, None, None)

    def set_space(self, generation_id: int, space: str) -> None:
        """Note that from now on the vectors are of another space (everything is being embedded again)."""
        statement = update(generations).where(generations.c.id == generation_id).values(space=space)
        self._database.execute(statement)

    def forget_scans(self, generation_id: int) -> None:
        """Have the next scan look at every row, whatever earlier ones found."""
        statement = update(generations).where(generations.c.id == generation_id)
        self._database.execute(statement.values(watermark=None, full_scan_at=None))

    def scanned(self, generation_id: int, watermark: str | None, *, full: bool) -> None:
        """Note that a scan came to its end: where the next one for changes starts."""
        values: dict[str, object] = {"watermark": watermark}
        if full:
            values["full_scan_at"] = now_ms()
        statement = update(generations).where(generations.c.id == generation_id).values(**values)
        self._database.execute(statement)
