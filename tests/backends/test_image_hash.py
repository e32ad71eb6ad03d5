"""A picture that changes behind the same address: noticed where `image_hash` asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.line import run
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.config.settings import Settings
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from embedders.backends import REPLICATE
from support.gallery import picture
from support.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.sync.shared.report import PipelineReport
    from support.databases import Database
    from support.embedding_service import EmbeddingService
    from support.gallery import Gallery
    from support.installation import Json
    from support.qdrant_server import QdrantServer

pytestmark = pytest.mark.anyio


class Wall:
    """Products with pictures in a gallery, and a catalog whose rows never change."""

    def __init__(
        self,
        database: Database,
        service: EmbeddingService,
        qdrant: QdrantServer,
        gallery: Gallery,
        collection: str,
        folder: Path,
    ) -> None:
        self.gallery, self.service, self._folder = gallery, service, folder
        self._database = database
        shop = Shop(database)
        shop.create()
        shop.add(range(1, 5))
        for number in range(1, 5):
            shop.edit([number], image_url=gallery.put(f"/{number}.png"))
        self._collection: Json = {"url": qdrant.url, "name": collection, "payload": {"title": "title"}}

    def pipeline(self, how: str, *, named: bool = False) -> Pipeline:
        vector = {"embedder": "clip", "image": "{image_url}", "image_hash": how}
        vectors: Json = {"embed": vector}
        if named:
            text = {"embedder": "clip", "text": "{title}"}
            vectors = {"vectors": {"image": vector, "text": text}}
        tree: Json = {
            "embedders": {"clip": REPLICATE.config(self.service)},
            "pipelines": {
                "products": {
                    "catalog": {"url": self._database.url, "table": "products"},
                    "collection": self._collection,
                    **vectors,
                }
            },
            "pictures": {"allow_private": True, "timeout": 5},
            "retry": {"call_delay": 0.01, "backoff": [0.01]},
        }
        return resolve_pipelines(Settings.model_validate(tree))[0]

    async def sync(self, pipeline: Pipeline) -> PipelineReport:
        self.service.reset()
        return (await run([pipeline], self._folder, RunOptions(full=True))).pipelines["products"]


@pytest.fixture
def wall(
    sqlite: Database,
    embedding_service: EmbeddingService,
    qdrant: QdrantServer,
    gallery: Gallery,
    collection_name: str,
    tmp_path: Path,
) -> Wall:
    return Wall(sqlite, embedding_service, qdrant, gallery, collection_name, tmp_path)


async def test_by_its_bytes(wall: Wall) -> None:
    pipeline = wall.pipeline("bytes")
    assert (await wall.sync(pipeline)).embedded == 4
    assert (await wall.sync(pipeline)).embedded == 0

    wall.gallery.put("/3.png", picture("green"))
    report = await wall.sync(pipeline)

    assert (report.outcome, report.embedded, report.embed_items) == (Outcome.OK, 1, 1)
    assert (await wall.sync(pipeline)).embedded == 0


async def test_by_its_servers_etag(wall: Wall) -> None:
    pipeline = wall.pipeline("etag")
    wall.gallery.answer("/3.png", 200, ETag='"one"')
    assert (await wall.sync(pipeline)).embedded == 4
    assert (await wall.sync(pipeline)).embedded == 0
    assert {method for method, _, _ in wall.gallery.asked} == {"HEAD"}

    wall.gallery.answer("/3.png", 200, ETag='"two"')
    assert (await wall.sync(pipeline)).embedded == 1


async def test_by_its_address_nobody_looks(wall: Wall) -> None:
    pipeline = wall.pipeline("url")
    assert (await wall.sync(pipeline)).embedded == 4
    wall.gallery.put("/3.png", picture("green"))
    assert (await wall.sync(pipeline)).embedded == 0
    assert wall.gallery.asked == []


async def test_one_look_serves_scan_and_worker(wall: Wall) -> None:
    await wall.sync(wall.pipeline("bytes"))
    assert sorted(path for _, path, _ in wall.gallery.asked) == ["/1.png", "/2.png", "/3.png", "/4.png"]


async def test_a_picture_that_is_away_for_now_changes_nothing(wall: Wall) -> None:
    pipeline = wall.pipeline("bytes")
    await wall.sync(pipeline)
    wall.gallery.answer("/3.png", 503)

    report = await wall.sync(pipeline)

    assert (report.outcome, report.embedded, report.unchanged) == (Outcome.OK, 0, 4)
    del wall.gallery.answers["/3.png"]
    assert (await wall.sync(pipeline)).embedded == 0


async def test_a_picture_that_is_not_there_is_the_embedders_affair(wall: Wall) -> None:
    wall.gallery.answer("/3.png", 404)
    report = await wall.sync(wall.pipeline("bytes"))
    assert report.embedded == 4  # this one takes any address


async def test_with_named_vectors_a_changed_picture_pays_for_no_text(wall: Wall) -> None:
    pipeline = wall.pipeline("bytes", named=True)
    assert (await wall.sync(pipeline)).embed_items == 8
    wall.gallery.put("/3.png", picture("green"))
    report = await wall.sync(pipeline)
    assert (report.embedded, report.embed_items) == (1, 1)
