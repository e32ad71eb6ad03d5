"""History of runs and events. Both are pruned, so that they never outgrow the items."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, func, insert, select, update

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.records.history import AuditRecord, Event, RunRecord
from embedconsole.ledger.schema import audits, events, runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row

    from embedconsole.ledger.database import Database


KEEP_EVENTS = 20_000
KEEP_RUNS = 2_000


class History:
    """The runs and events of all processes on this ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin_run(self, worker_id: str, kind: str) -> int:
        """Enter a run; returns its number."""
        statement = insert(runs).values(worker_id=worker_id, kind=kind, started_at=now_ms())

        def work(connection: Connection) -> int:
            key = connection.execute(statement).inserted_primary_key
            assert key is not None
            return cast("int", key[0])

        return self._database.write(work)

    def end_run(self, run_id: int, outcome: str, report: Mapping[str, object]) -> None:
        """Note how a run ended, and prune what is old."""
        statement = (
            update(runs)
            .where(runs.c.id == run_id)
            .values(ended_at=now_ms(), outcome=outcome, report=json.dumps(report))
        )

        def work(connection: Connection) -> None:
            connection.execute(statement)
            _prune_runs(connection, run_id)
            newest = connection.scalar(select(func.max(events.c.id))) or 0
            connection.execute(delete(events).where(events.c.id <= newest - KEEP_EVENTS))

        self._database.write(work)

    def runs(self, limit: int = 50, *, before: int | None = None) -> list[RunRecord]:
        """The latest runs, newest first; with `before` (a run's number) those older than that."""
        query = select(runs).order_by(runs.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(runs.c.id < before)
        return [_run(row) for row in self._database.rows(query)]

    def runs_begun(self, until: float, *, limit: int = 50) -> list[RunRecord]:
        """The latest runs that had begun at a moment (seconds since 1970), newest first."""
        begun = select(runs).where(runs.c.started_at <= round(until * 1000))
        return [_run(row) for row in self._database.rows(begun.order_by(runs.c.id.desc()).limit(limit))]

    def run(self, run_id: int) -> RunRecord | None:
        """One run; None when it was pruned."""
        rows = self._database.rows(select(runs).where(runs.c.id == run_id))
        return _run(rows[0]) if rows else None

    def record(self, pipeline: str | None, happened: Sequence[tuple[str, str, str, str | None]]) -> None:
        """Note events in one transaction, each a level, a kind, a message and the item's key or None."""
        if not happened:
            return
        rows = [
            {"pipeline": pipeline, "level": level, "kind": kind, "message": message, "key": key}
            for level, kind, message, key in happened
        ]
        self._database.execute(insert(events).values(at=now_ms()), rows)

    def events(self, *, after: int = 0, before: int | None = None, limit: int = 200) -> list[Event]:
        """The latest events with an id above `after` and below `before`, oldest first."""
        query = select(events).where(events.c.id > after).order_by(events.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(events.c.id < before)
        return [_event(row) for row in reversed(self._database.rows(query))]

    def events_between(self, since: float, until: float, *, limit: int = 200) -> list[Event]:
        """The latest events of a span of time (seconds since 1970, the end left out), oldest first."""
        query = (
            select(events)
            .where(events.c.at >= round(since * 1000), events.c.at < round(until * 1000))
            .order_by(events.c.at.desc(), events.c.id.desc())
            .limit(limit)
        )
        return [_event(row) for row in reversed(self._database.rows(query))]

    def events_of(self, pipeline: str, key: str, *, limit: int = 50) -> list[Event]:
        """The latest events of one item, oldest first; looks through the events that are kept."""
        query = (
            select(events)
            .where(events.c.pipeline == pipeline, events.c.key == key)
            .order_by(events.c.id.desc())
            .limit(limit)
        )
        # Not every database tells "a" from "A".
        return [_event(row) for row in reversed(self._database.rows(query)) if row.key == key]


def _prune_runs(connection: Connection, run_id: int) -> None:
    """Keep the latest of each kind: a shop that is never quiet must not push the nightly runs out."""
    kind = connection.scalar(select(runs.c.kind).where(runs.c.id == run_id))
    newest = select(runs.c.id).where(runs.c.kind == kind).order_by(runs.c.id.desc())
    oldest = connection.scalar(newest.offset(KEEP_RUNS).limit(1))
    if oldest is not None:
        connection.execute(delete(runs).where(runs.c.kind == kind, runs.c.id <= oldest))


def _run(row: Row[*tuple[Any, ...]]) -> RunRecord:
    return RunRecord(
        id=row.id,
        kind=row.kind,
        worker=row.worker_id,
        started_at=row.started_at / 1000,
        ended_at=None if row.ended_at is None else row.ended_at / 1000,
        outcome=row.outcome,
        report=None if row.report is None else json.loads(row.report),
    )


def _event(row: Row[*tuple[Any, ...]]) -> Event:
    return Event(
        id=row.id,
        at=row.at / 1000,
        pipeline=row.pipeline,
        level=row.level,
        kind=row.kind,
        key=row.key,
        message=row.message,
    )


KEEP_AUDITS = 500
"""Audits kept for each pipeline."""


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
