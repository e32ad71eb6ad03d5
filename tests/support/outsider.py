"""Somebody else at work in the collection and in the ledger, behind the program's back."""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import numpy as np
from sqlalchemy import create_engine, delete, insert, select

from embedconsole.collection.embedded.embedded import EmbeddedCollection
from embedconsole.collection.qdrant.server import ServerCollection
from embedconsole.config.database import database_url
from embedconsole.items import UNNAMED, Points
from embedconsole.ledger.schema import metadata
from support.full_collection import full

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from embedconsole.collection.base import Collection
    from embedconsole.items import JsonObject, PointId
    from support.fixtures_shop import Stage

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Outsider:
    """Works on the collection and the ledger of a stage, while no program runs."""

    stage: Stage

    @property
    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = self.stage.pipeline["collection"]
        return settings

    @asynccontextmanager
    async def _collection(self) -> AsyncIterator[Collection]:
        name = self._settings["name"]
        path = self._settings.get("path")
        opened: Collection = (
            ServerCollection(self._settings["url"], name)
            if path is None
            else EmbeddedCollection(Path(path), name)
        )
        try:
            yield opened
        finally:
            await opened.aclose()

    def points(self) -> Mapping[PointId, JsonObject]:
        """All payloads, by point."""

        async def read() -> dict[PointId, JsonObject]:
            async with self._collection() as collection:
                return dict((await collection.scroll(None, limit=10_000)).points)

        return anyio.run(read)

    def vectors(self) -> Mapping[PointId, list[float]]:
        """All vectors, by point."""

        async def read() -> dict[PointId, list[float]]:
            async with self._collection() as collection:
                ids = [point for point, _ in (await collection.scroll(None, limit=10_000)).points]
                found = await full(collection).stored(ids)
                return {point: stored.vectors[UNNAMED].tolist() for point, stored in found.items()}

        return anyio.run(read)

    def put(self, payloads: Mapping[PointId, JsonObject], vector: Iterable[float] | None = None) -> None:
        """Write points with a vector of nobody's making."""
        rows = np.tile(np.array(vector or [1, *[0] * 7], dtype=np.float32), (len(payloads), 1))

        async def write() -> None:
            async with self._collection() as collection:
                await collection.upsert(Points(list(payloads), {UNNAMED: rows}, list(payloads.values())))

        anyio.run(write)

    def set_payloads(self, payloads: Mapping[PointId, JsonObject]) -> None:
        """Replace payloads."""

        async def write() -> None:
            async with self._collection() as collection:
                stored = await full(collection).stored(list(payloads))
                rows = np.stack([stored[point].vectors[UNNAMED] for point in payloads])
                await collection.upsert(Points(list(payloads), {UNNAMED: rows}, list(payloads.values())))

        anyio.run(write)

    def remove(self, *points: PointId) -> None:
        """Delete points."""

        async def write() -> None:
            async with self._collection() as collection:
                await collection.delete(points)

        anyio.run(write)

    def drop(self) -> None:
        """Drop the collection."""
        name, path = self._settings["name"], self._settings.get("path")
        if path is not None:
            shutil.rmtree(Path(path) / name)
        else:
            httpx.delete(f"{self._settings['url']}/collections/{name}").raise_for_status()

    # The ledger

    @property
    def ledger_url(self) -> str:
        named = self.stage.installation.settings.get("ledger")
        return database_url(named) if named else f"sqlite:///{self.stage.installation.folder}/state/ledger.db"

    def backup(self) -> Rows:
        """All rows of the ledger, by table."""
        engine = create_engine(self.ledger_url)
        with engine.connect() as connection:
            rows = {
                table.name: [dict(row._mapping) for row in connection.execute(select(table))]
                for table in metadata.sorted_tables
            }
        engine.dispose()
        return rows

    def restore(self, rows: Rows) -> None:
        """Have the ledger be as it was; without rows it is empty."""
        engine = create_engine(self.ledger_url)
        with engine.begin() as connection:
            for table in metadata.sorted_tables:
                connection.execute(delete(table))
                if rows.get(table.name):
                    connection.execute(insert(table), rows[table.name])
        engine.dispose()


def outsider_of_a_synced_shop(stage: Stage, where: str, folder: Path) -> Outsider:
    """Meddles with 25 products in sync, in a collection of the server or, `embedded`, in the folder."""
    if where == "embedded":
        collection = stage.pipeline["collection"]
        del collection["url"]
        collection["path"] = str(folder / "qdrant")
    stage.shop.add(range(1, 26))
    synced = stage.installation.sync()
    assert synced.code == 0, synced.err
    stage.forget()
    return Outsider(stage)
