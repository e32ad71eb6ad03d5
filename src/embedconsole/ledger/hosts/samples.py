"""Samples: how much was done when, by all processes together, and what the whole looked like then."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, delete, func, insert, literal, select

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.records.history import Pictured, Throughput
from embedconsole.ledger.schema import samples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from embedconsole.ledger.database import Database
    from embedconsole.ledger.records.history import Sample

KEEP_SAMPLES = 100_000
KEEP_SAMPLES_SECONDS = 7 * 86_400


class Samples:
    """The samples of all processes on this ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, worker_id: str, taken: Sequence[Sample]) -> None:
        """Enter samples of this moment in one transaction, and prune what is old."""
        if not taken:
            return
        rows = [
            {
                "pipeline": sample.pipeline,
                "worker_id": worker_id,
                "done": sample.done,
                "failed": sample.failed,
                "picture": None if sample.picture is None else json.dumps(sample.picture),
            }
            for sample in taken
        ]
        old = delete(samples).where(
            samples.c.pipeline.in_([sample.pipeline for sample in taken]),
            samples.c.at < now_ms() - KEEP_SAMPLES_SECONDS * 1000,
        )

        def work(connection: Connection) -> None:
            connection.execute(insert(samples).values(at=now_ms()), rows)
            connection.execute(old)
            newest = connection.scalar(select(func.max(samples.c.id))) or 0
            connection.execute(delete(samples).where(samples.c.id <= newest - KEEP_SAMPLES))

        self._database.write(work)

    def picture_ages(self, pipelines: Sequence[str]) -> Mapping[str, float]:
        """Seconds since the latest picture of each pipeline; those without one are left out."""
        query = (
            select(samples.c.pipeline, (now_ms() - func.max(samples.c.at)) / 1000.0)
            .where(samples.c.pipeline.in_(pipelines), samples.c.picture.is_not(None))
            .group_by(samples.c.pipeline)
        )
        return {row[0]: float(row[1]) for row in self._database.rows(query)}

    def throughput(
        self, pipeline: str, *, seconds: float, step: float, until: float | None = None
    ) -> list[Throughput]:
        """Throughput of all processes in the last `seconds`, summed in steps, oldest first; no empty steps.

        Args:
            step: Seconds; steps are counted from 1970, so that the same ones come again.
            until: The end of that time, in seconds since 1970; None for now.
        """
        step_ms = int(step * 1000)
        end = now_ms() if until is None else literal(round(until * 1000), BigInteger)
        # Grouped by its name: with parameters of their own the two expressions would be different ones.
        began = (samples.c.at - samples.c.at % step_ms).label("began")
        query = (
            select(began, func.sum(samples.c.done), func.sum(samples.c.failed))
            .where(
                samples.c.pipeline == pipeline,
                samples.c.at > end - int(seconds * 1000),
                samples.c.at <= end,
            )
            .group_by("began")
            .order_by("began")
        )
        return [
            Throughput(int(row[0]) / 1000, int(row[1]), int(row[2])) for row in self._database.rows(query)
        ]

    def picture_at(self, pipeline: str, moment: float) -> Pictured | None:
        """The latest picture taken at or before a moment (seconds since 1970); None before the first."""
        return self._picture(pipeline, samples.c.at <= round(moment * 1000), samples.c.at.desc())

    def picture_after(self, pipeline: str, moment: float) -> Pictured | None:
        """The first picture taken after a moment; None after the latest."""
        return self._picture(pipeline, samples.c.at > round(moment * 1000), samples.c.at)

    def _picture(
        self, pipeline: str, when: ColumnElement[bool], order: ColumnElement[int]
    ) -> Pictured | None:
        query = (
            select(samples.c.at, samples.c.picture, samples.c.worker_id)
            .where(samples.c.pipeline == pipeline, when, samples.c.picture.is_not(None))
            .order_by(order)
            .limit(1)
        )
        rows = self._database.rows(query)
        return Pictured(rows[0][0] / 1000, json.loads(rows[0][1]), rows[0][2]) if rows else None
