"""What each `verify` found, for those who want to know since when the collection drifts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from embedconsole.ledger.clock import now_ms
from embedconsole.ledger.records.history import AuditRecord
from embedconsole.ledger.schema import audits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from embedconsole.ledger.database import Database

KEEP_AUDITS = 500
"""Of each pipeline."""


class Audits:
    """The audits of all pipelines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, pipeline: str, outcome: Mapping[str, object]) -> None:
        """Note what was found just now, and prune what is old."""
        entry = insert(audits).values(at=now_ms(), pipeline=pipeline, outcome=json.dumps(outcome))
        oldest = (
            select(audits.c.id)
            .where(audits.c.pipeline == pipeline)
            .order_by(audits.c.id.desc())
            .offset(KEEP_AUDITS)
            .limit(1)
        )

        def work(connection: Connection) -> None:
            connection.execute(entry)
            last = connection.scalar(oldest)
            if last is not None:
                connection.execute(delete(audits).where(audits.c.pipeline == pipeline, audits.c.id <= last))

        self._database.write(work)

    def latest(self, pipeline: str, limit: int = 20) -> list[AuditRecord]:
        """The latest of a pipeline, newest first."""
        query = select(audits.c.at, audits.c.outcome).where(audits.c.pipeline == pipeline)
        rows = self._database.rows(query.order_by(audits.c.id.desc()).limit(limit))
        return [AuditRecord(row[0] / 1000, pipeline, json.loads(row[1])) for row in rows]
