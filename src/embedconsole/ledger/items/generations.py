"""Generations: one filling of one collection by one pipeline, and how far its scans have come."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from sqlalchemy import and_, delete, func, insert, literal, or_, select, update

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.records.items import Generation
from embedconsole.ledger.schema import batches, deletions, generations, items, rechecks, vectors
from embedconsole.ledger.state import UNKNOWN, Stage

if TYPE_CHECKING:
    from sqlalchemy import Column, ColumnElement, Connection, FromClause

    from embedconsole.ledger.database import Database


_ROWS_IN_ONE_STATEMENT = 10_000


class Generations:
    """The generations of all pipelines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self, pipeline: str) -> Generation | None:
        """The newest generation that is searched and kept up to date; None before the first run."""
        return next(iter(self._of(pipeline, Stage.LIVE)), None)

    def at(self, pipeline: str, collection: str, address: str) -> Generation | None:
        """The one that fills a collection, by the collection's own name or the alias it is searched by."""
        found = [
            one
            for one in self._of(pipeline, Stage.LIVE, address)
            if collection in (one.collection, one.target)
        ]
        return max(found, key=lambda one: (one.address is not None, one.id), default=None)

    def others(self, generation: Generation) -> list[Generation]:
        """The pipeline's other live ones, the one that was used last first."""
        found = [one for one in self._of(generation.pipeline, Stage.LIVE) if one.id != generation.id]
        return sorted(found, key=lambda one: math.inf if one.unused_for is None else one.unused_for)

    def building(self, pipeline: str, address: str | None = None) -> Generation | None:
        """The one that is being built to take its place, at this address or anywhere."""
        return next(iter(self._of(pipeline, Stage.BUILDING, address)), None)

    def standby(self, pipeline: str, address: str | None = None) -> list[Generation]:
        """Those that were searched before and can be again, the latest first; as `building`."""
        return self._of(pipeline, Stage.STANDBY, address)

    def _of(self, pipeline: str, stage: Stage, address: str | None = None) -> list[Generation]:
        where = [generations.c.pipeline == pipeline, generations.c.stage == stage.value]
        if address is not None:
            where.append(or_(generations.c.address == address, generations.c.address.is_(None)))
        return self._read(*where)

    def _read(self, *where: ColumnElement[bool]) -> list[Generation]:
        query = (
            select(
                generations.c.id,
                generations.c.pipeline,
                generations.c.collection,
                generations.c.space,
                generations.c.watermark,
                (now_ms() - generations.c.full_scan_at) / 1000.0,
                generations.c.target,
                generations.c.stage,
                generations.c.recipe,
                generations.c.deferred,
                generations.c.address,
                (now_ms() - generations.c.used_at) / 1000.0,
                generations.c.remade,
            )
            .where(*where)
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
                stage=Stage(row[7]),
                recipe=row[8],
                deferred=row[9],
                address=row[10],
                unused_for=None if row[11] is None else float(row[11]),
                remade=bool(row[12]),
            )
            for row in self._database.rows(query)
        ]

    def begin(
        self,
        pipeline: str,
        collection: str,
        space: str,
        *,
        target: str | None = None,
        address: str | None = None,
    ) -> Generation:
        """Begin an empty generation, next to those of the pipeline's other collections.

        Args:
            target: The collection's own name, where `collection` is its alias.
            address: Where the collection is.
        """
        return self._begin(
            Generation(0, pipeline, collection, space, None, None, target or collection, address=address)
        )

    def build(self, following: Generation) -> Generation:
        """Begin a generation next to the one that is searched; retires another that was being built.

        Args:
            following: What it is to be; its id is not known yet. `collection` will be the alias of `target`.
        """
        retired = [
            generations.c.pipeline == following.pipeline,
            generations.c.stage == Stage.BUILDING.value,
            _same(generations.c.address, following.address),
        ]
        return self._begin(replace(following, stage=Stage.BUILDING), *retired)

    def _begin(self, generation: Generation, *retired: ColumnElement[bool]) -> Generation:
        values = {
            name: getattr(generation, name)
            for name in ("pipeline", "collection", "space", "target", "address")
        }

        def work(connection: Connection) -> int:
            if retired:
                self._retire(connection, *retired)
            statement = insert(generations).values(stage=generation.stage.value, **values)
            key = connection.execute(statement).inserted_primary_key
            assert key is not None
            return cast("int", key[0])

        return replace(generation, id=self._database.write(work))

    def promote(self, generation: Generation, *, alias: str, searched: Generation) -> None:
        """Make it the searched generation, by this name; the one `searched` now is kept for rollback.

        Feed and flags reported changes to the one that was searched, and will not report them again: the next
        run has to look at every row.
        """
        live = update(generations).where(generations.c.id == searched.id)
        this = update(generations).where(generations.c.id == generation.id)

        def work(connection: Connection) -> None:
            connection.execute(live.values(stage=Stage.STANDBY.value))
            unscanned = {"watermark": None, "full_scan_at": None, "used_at": now_ms()}
            connection.execute(this.values(stage=Stage.LIVE.value, collection=alias, **unscanned))

        self._database.write(work)

    def build_on(self, generation: Generation) -> None:
        """Resume filling one that is kept for rollback, so that it can replace the current one."""
        self._set(generation.id, stage=Stage.BUILDING.value)

    def retire(self, generation: Generation) -> None:
        """Note that its collection is no more."""
        self._database.write(lambda connection: self._retire(connection, generations.c.id == generation.id))

    def _retire(self, connection: Connection, *which: ColumnElement[bool]) -> None:
        retired = {"stage": Stage.RETIRED.value, "retired_at": now_ms()}
        connection.execute(update(generations).where(*which).values(**retired))

    def forget(self, generation: Generation) -> None:
        """Drop all that is known of its items, some thousand rows at a time."""
        for table in (items, batches, rechecks, deletions):
            some = select(table.c.id).where(table.c.generation_id == generation.id)
            while ids := [row[0] for row in self._database.rows(some.limit(_ROWS_IN_ONE_STATEMENT))]:
                self._database.execute(delete(table).where(table.c.id.in_(ids)))
        self._database.execute(delete(vectors).where(vectors.c.generation_id == generation.id))

    def left(self, generation: Generation, seconds: float) -> list[Generation]:
        """The pipeline's generations that were retired, or not used by any run, for so many seconds."""
        since = now_ms() - round(seconds * 1000)
        live = generations.c.stage == Stage.LIVE.value
        used_at = func.coalesce(generations.c.used_at, generations.c.full_scan_at)
        return self._read(
            generations.c.pipeline == generation.pipeline,
            generations.c.id != generation.id,
            or_(and_(live, used_at < since), generations.c.retired_at < since),
        )

    def remove(self, generation: Generation) -> None:
        """Drop all that is known of it, and the generation itself."""
        self.forget(generation)
        self._database.execute(delete(generations).where(generations.c.id == generation.id))

    def use(self, generation_id: int, address: str) -> None:
        """Note that the collection at this address was looked at, and is in use."""
        self._set(generation_id, address=address, used_at=now_ms())

    def set_space(self, generation_id: int, space: str, recipe: str | None = None) -> None:
        """Note of which space the vectors are that are written from now on, and how their content is made."""
        self._set(generation_id, space=space, **({} if recipe is None else {"recipe": recipe}))

    def set_recipe(self, generation_id: int, recipe: str) -> None:
        """Note how its content is made from now on."""
        self._set(generation_id, recipe=recipe)

    def set_collection(self, generation_id: int, collection: str) -> None:
        """Note by which name it is searched from now on; the collection stays."""
        self._set(generation_id, collection=collection)

    def set_target(self, generation_id: int, target: str) -> None:
        """Note which collection it fills, where it was begun under an alias."""
        self._set(generation_id, target=target)

    def forget_scans(self, generation_id: int, *, remade: bool = False) -> None:
        """Have the next scan look at every row, whatever earlier ones found.

        Args:
            remade: Because the same rows make other content from now on.
        """
        mark = {"remade": 1} if remade else {}
        self._set(generation_id, watermark=None, full_scan_at=None, **mark)

    def set_deferred(self, generation_id: int, threshold: int | None) -> None:
        """Note which indexing threshold is to be set back; None when there is nothing to."""
        self._set(generation_id, deferred=threshold)

    def scanned(self, generation_id: int, watermark: str | None, *, full: bool) -> None:
        """Note that a scan came to its end: where the next one for changes starts."""
        if full:
            self._set(generation_id, watermark=watermark, full_scan_at=now_ms(), remade=0)
        else:
            self._set(generation_id, watermark=watermark)

    def _set(self, generation_id: int, **values: object) -> None:
        self._database.execute(update(generations).where(generations.c.id == generation_id).values(**values))


def _same(column: Column[str | None], value: str | None) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


class GenerationComparison:
    """Questions about two generations, by their ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lacking(self, present: int, following: int, *, examples: int = 5) -> tuple[int, list[str]]:
        """The number of planned items that only the present one holds, not the following one; some keys."""
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
