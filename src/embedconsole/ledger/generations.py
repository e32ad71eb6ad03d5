"""Generations: one filling of one collection by one pipeline, and how far its scans have come."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import delete, insert, select, update

from embedconsole.ledger.clock import now_ms
from embedconsole.ledger.records.items import Generation
from embedconsole.ledger.schema import batches, doubts, generations, items, vectors
from embedconsole.ledger.states import Stage

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from embedconsole.ledger.database import Database

_ROWS_IN_ONE_STATEMENT = 10_000


class Generations:
    """The generations of all pipelines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self, pipeline: str) -> Generation | None:
        """The one that is searched and kept true; None before the pipeline's first run."""
        return self._latest(pipeline, Stage.LIVE)

    def building(self, pipeline: str) -> Generation | None:
        """The one that is being built to take its place."""
        return self._latest(pipeline, Stage.BUILDING)

    def standby(self, pipeline: str) -> list[Generation]:
        """Those that were searched before and can be again, the latest first."""
        return self._of(pipeline, Stage.STANDBY)

    def _latest(self, pipeline: str, stage: Stage) -> Generation | None:
        found = self._of(pipeline, stage)
        return found[0] if found else None

    def _of(self, pipeline: str, stage: Stage) -> list[Generation]:
        query = (
            select(
                generations.c.id,
                generations.c.pipeline,
                generations.c.collection,
                generations.c.space,
                generations.c.watermark,
                (now_ms() - generations.c.full_scan_at) / 1000.0,
                generations.c.target,
                generations.c.recipe,
                generations.c.deferred,
            )
            .where(generations.c.pipeline == pipeline, generations.c.stage == stage.value)
            .order_by(generations.c.id.desc())
        )
        return [
            Generation(
                id=row[0],
                pipeline=row[1],
                collection=row[2],
                space=row[3],
                watermark=row[4],
                scan_age=None if row[5] is None else float(row[5]),
                target=row[6] or row[2],
                stage=stage,
                recipe=row[7],
                deferred=row[8],
            )
            for row in self._database.rows(query)
        ]

    def begin(self, pipeline: str, collection: str, space: str) -> Generation:
        """Retire the pipeline's current generation, if any, and begin a new one with nothing in it."""
        return self._begin(pipeline, collection, space, Stage.LIVE, collection)

    def build(self, pipeline: str, collection: str, space: str, target: str) -> Generation:
        """Begin one beside the current generation; another one that was being built is retired.

        Args:
            target: The collection that it fills; `collection` will be its alias.
        """
        return self._begin(pipeline, collection, space, Stage.BUILDING, target)

    def _begin(self, pipeline: str, collection: str, space: str, stage: Stage, target: str) -> Generation:
        values = {
            "pipeline": pipeline,
            "collection": collection,
            "space": space,
            "stage": stage.value,
            "target": target,
        }

        def work(connection: Connection) -> int:
            self._retire(connection, generations.c.pipeline == pipeline, generations.c.stage == stage.value)
            key = connection.execute(insert(generations).values(**values)).inserted_primary_key
            assert key is not None
            return cast("int", key[0])

        number = self._database.write(work)
        return Generation(number, pipeline, collection, space, None, None, target, stage)

    def promote(self, generation: Generation, *, alias: str) -> None:
        """Have it searched from now on, by this name; the one before stands by.

        Feed and flags have told of changes to the one that was searched, and will not do so again: the next
        run has to look at every row.
        """
        live = update(generations).where(
            generations.c.pipeline == generation.pipeline, generations.c.stage == Stage.LIVE.value
        )
        this = update(generations).where(generations.c.id == generation.id)

        def work(connection: Connection) -> None:
            connection.execute(live.values(stage=Stage.STANDBY.value))
            unscanned = {"watermark": None, "full_scan_at": None}
            connection.execute(this.values(stage=Stage.LIVE.value, collection=alias, **unscanned))

        self._database.write(work)

    def build_on(self, generation: Generation) -> None:
        """Have one that stands by be built on, to take the current one's place again."""
        self._set(generation.id, stage=Stage.BUILDING.value)

    def retire(self, generation: Generation) -> None:
        """Note that its collection is no more."""
        self._database.write(lambda connection: self._retire(connection, generations.c.id == generation.id))

    def _retire(self, connection: Connection, *which: ColumnElement[bool]) -> None:
        retired = {"stage": Stage.RETIRED.value, "retired_at": now_ms()}
        connection.execute(update(generations).where(*which).values(**retired))

    def forget(self, generation: Generation) -> None:
        """Drop all that is known of its items, some thousand rows at a time."""
        for table in (items, batches, doubts):
            some = select(table.c.id).where(table.c.generation_id == generation.id)
            while ids := [row[0] for row in self._database.rows(some.limit(_ROWS_IN_ONE_STATEMENT))]:
                self._database.execute(delete(table).where(table.c.id.in_(ids)))
        self._database.execute(delete(vectors).where(vectors.c.generation_id == generation.id))

    def set_space(self, generation_id: int, space: str) -> None:
        """Note that from now on the vectors are of another space (everything is being embedded again)."""
        self._set(generation_id, space=space)

    def set_recipe(self, generation_id: int, recipe: str) -> None:
        """Note how its content is made from now on."""
        self._set(generation_id, recipe=recipe)

    def set_collection(self, generation_id: int, collection: str) -> None:
        """Note by which name it is searched from now on; the collection stays."""
        self._set(generation_id, collection=collection)

    def set_target(self, generation_id: int, target: str) -> None:
        """Note which collection it fills, where it was begun under an alias."""
        self._set(generation_id, target=target)

    def forget_scans(self, generation_id: int) -> None:
        """Have the next scan look at every row, whatever earlier ones found."""
        statement = update(generations).where(generations.c.id == generation_id)
        self._database.execute(statement.values(watermark=None, full_scan_at=None))

    def set_deferred(self, generation_id: int, threshold: int | None) -> None:
        """Note which indexing threshold is to be set back; None when there is nothing to."""
        self._set(generation_id, deferred=threshold)

    def scanned(self, generation_id: int, watermark: str | None, *, full: bool) -> None:
        """Note that a scan came to its end: where the next one for changes starts."""
        if full:
            self._set(generation_id, watermark=watermark, full_scan_at=now_ms())
        else:
            self._set(generation_id, watermark=watermark)

    def _set(self, generation_id: int, **values: object) -> None:
        self._database.execute(update(generations).where(generations.c.id == generation_id).values(**values))
