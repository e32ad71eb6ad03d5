"""Several embeddings of one product: each is paid for once, whatever happens to the others."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from backends.line import run
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.config.settings import Settings
from embedconsole.items import MARKER
from embedconsole.sync.inspect.item import examine
from embedconsole.sync.run.components import open_components
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.selection import parse_selection
from embedders.backends import ITEMS, OPENAI, REPLICATE, SIZE
from support.embedding_service import Behaviour, EmbeddingService, expected_vector
from support.installation import Points
from support.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import IndexType, Vectors
    from embedconsole.sync.shared.report import PipelineReport
    from support.databases import Database
    from support.installation import Json
    from support.qdrant_server import QdrantServer

pytestmark = pytest.mark.anyio

PICTURES = """\
SELECT p.*, (SELECT json_group_array(i.url) FROM product_images i WHERE i.product_id = p.id) AS pictures
FROM products p"""


class Stall:
    """A shop whose products have pictures, and what it is synced to."""

    def __init__(
        self,
        database: Database,
        service: EmbeddingService,
        qdrant: QdrantServer,
        collection: str,
        folder: Path,
    ) -> None:
        self.shop = Shop(database)
        self.shop.create()
        self.shop.add(range(1, 6))
        database.run(
            "CREATE TABLE product_images (id integer PRIMARY KEY, product_id integer, url text)",
            "INSERT INTO product_images SELECT id, id, 'https://x/front/' || id || '.jpg' FROM products",
            "INSERT INTO product_images SELECT id + 100, id, 'https://x/back/' || id || '.jpg' FROM products",
        )
        self.service = service
        self.points = Points(qdrant.url, collection)
        self._qdrant, self._collection, self._folder = qdrant, collection, folder

    def pipeline(self, **settings: Json) -> Pipeline:
        tree: Json = {
            "embedders": {
                "ml": ITEMS.config(self.service),
                "clip": REPLICATE.config(self.service),
                "both": OPENAI.config(self.service, images="modality", price_per_1000=10.0),
            },
            "pipelines": {
                "products": {
                    "catalog": {
                        "url": self.shop.database.url,
                        "query": PICTURES,
                        "json_columns": ["pictures"],
                    },
                    "collection": {
                        "url": self._qdrant.url,
                        "name": self._collection,
                        "distance": "dot",
                        "payload": {"title": "title", "price": "price"},
                    },
                    **settings,
                }
            },
            "retry": {"call_delay": 0.01, "backoff": [60]},
        }
        return resolve_pipelines(Settings.model_validate(tree))[0]

    async def sync(self, pipeline: Pipeline, options: RunOptions | None = None) -> PipelineReport:
        self.service.reset()
        return (await run([pipeline], self._folder, options)).pipelines["products"]

    def stored(self) -> dict[int | str, dict[str, Vectors]]:
        """Every point's vectors by name."""
        found: Any = self.points.vectors()  # named ones, not the lists that most tests have
        return {
            point: {name: np.array(vector, dtype=np.float32) for name, vector in vectors.items()}
            for point, vectors in found.items()
        }


NAMED: Json = {
    "vectors": {
        "text": {"embedder": "ml", "text": "{title}"},
        "image": {"embedder": "clip", "image": "{image_url}"},
    }
}
ALL: Json = {"vectors": {"pictures": {"embedder": "clip", "image": "{pictures}", "pictures": "all"}}}


@pytest.fixture
def stall(
    sqlite: Database,
    embedding_service: EmbeddingService,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
) -> Stall:
    return Stall(sqlite, embedding_service, qdrant, collection_name, tmp_path)


def image(url: str) -> Vectors:
    return expected_vector({"image": url}, SIZE)


async def test_an_edit_of_the_text_pays_for_no_picture_and_the_other_way_round(stall: Stall) -> None:
    pipeline = stall.pipeline(**NAMED)
    first = await stall.sync(pipeline)
    assert (first.embedded, first.embed_items) == (5, 10)

    stall.shop.edit([2], title="Another title")
    text = await stall.sync(pipeline)
    assert (text.embedded, text.embed_items) == (1, 1)
    assert stall.service.stats().bodies[-1].keys() == {"items"}

    stall.shop.edit([3], image_url="https://x/new.jpg")
    picture = await stall.sync(pipeline)
    assert (picture.embedded, picture.embed_items) == (1, 1)
    assert stall.service.stats().bodies[-1]["input"] == {"image": "https://x/new.jpg"}

    stored = stall.stored()
    fields = {"name": "Another title", "description": "", "image_url": None}
    np.testing.assert_allclose(stored[2]["text"], expected_vector(fields, SIZE), rtol=1e-6)
    old = stall.shop.database.rows("SELECT image_url FROM products WHERE id = 2")[0][0]
    np.testing.assert_allclose(stored[2]["image"], image(old), rtol=1e-6)
    np.testing.assert_allclose(stored[3]["image"], image("https://x/new.jpg"), rtol=1e-6)


async def test_a_further_vector_is_added_in_place_and_pays_for_itself_alone(stall: Stall) -> None:
    text: Json = NAMED["vectors"]["text"]
    await stall.sync(stall.pipeline(vectors={"text": text}))
    before = stall.stored()

    report = await stall.sync(stall.pipeline(**NAMED))

    assert (report.outcome, report.embedded, report.embed_items) == ("ok", 5, 5)
    assert all(set(body) == {"input"} for body in stall.service.stats().bodies)
    after = stall.stored()
    assert all(vectors.keys() == {"text", "image"} for vectors in after.values())
    assert all(np.array_equal(after[point]["text"], before[point]["text"]) for point in before)


async def test_a_payload_index_is_added_in_place(stall: Stall) -> None:
    await stall.sync(stall.pipeline(**NAMED))
    stall.shop.edit([1], title="Another")
    pipeline = stall.pipeline(**NAMED)
    indexes: dict[str, IndexType] = {"price": "float"}
    config = pipeline.collection.model_copy(update={"indexes": indexes})
    await stall.sync(replace(pipeline, collection=config))
    async with open_components([pipeline]) as (components,):
        state = await components.collection.describe()
    assert state is not None
    assert state.indexes == indexes


async def test_a_picture_that_is_taken_away_leaves_the_point_without_it(stall: Stall) -> None:
    pipeline = stall.pipeline(**NAMED)
    await stall.sync(pipeline)

    stall.shop.edit([2], image_url=None)
    report = await stall.sync(pipeline)

    assert (report.embedded, report.embed_items) == (1, 0)
    assert stall.stored()[2].keys() == {"text"}


async def test_a_forced_run_takes_nothing_over(stall: Stall) -> None:
    pipeline = stall.pipeline(**NAMED)
    await stall.sync(pipeline)
    again = await stall.sync(pipeline, RunOptions(force=True, only=parse_selection(["2"])))
    assert (again.embedded, again.embed_items) == (1, 2)


async def test_each_picture_of_a_product_is_embedded_once(stall: Stall) -> None:
    pipeline = stall.pipeline(**ALL)
    first = await stall.sync(pipeline)
    assert (first.embedded, first.embed_items) == (5, 10)
    expected = [image("https://x/front/4.jpg"), image("https://x/back/4.jpg")]
    np.testing.assert_allclose(stall.stored()[4]["pictures"], expected, rtol=1e-6)

    stall.shop.database.run("INSERT INTO product_images VALUES (900, 4, 'https://x/side/4.jpg')")
    second = await stall.sync(pipeline)
    assert (second.embedded, second.embed_items) == (1, 1)
    assert stall.stored()[4]["pictures"].shape == (3, SIZE)

    stall.shop.database.run("DELETE FROM product_images WHERE id = 4")
    third = await stall.sync(pipeline)
    assert (third.embedded, third.embed_items) == (1, 0)
    expected = [image("https://x/back/4.jpg"), image("https://x/side/4.jpg")]
    np.testing.assert_allclose(stall.stored()[4]["pictures"], expected, rtol=1e-6)


async def test_an_item_looked_at_tells_its_pictures_by_their_places(stall: Stall) -> None:
    pipeline = stall.pipeline(**ALL)
    async with open_components([pipeline]) as (components,):
        examined = await examine(None, components, "4")
    assert [(sent.vector, sent.image) for sent in examined.catalog.sent] == [
        ("pictures 1", "https://x/front/4.jpg"),
        ("pictures 2", "https://x/back/4.jpg"),
    ]


async def test_what_was_paid_for_of_a_product_outlives_the_picture_that_failed(stall: Stall) -> None:
    pipeline = stall.pipeline(**ALL)
    stall.service.behave(Behaviour("status", mark="back/3", status=503))
    first = await stall.sync(pipeline)
    assert first.embedded < 5

    stall.service.behave()
    await stall.sync(pipeline, RunOptions())
    stats = stall.service.stats()
    assert "https://x/front/3.jpg" not in stats.embeds
    assert stats.repeated == 0


async def test_the_first_picture_alone(stall: Stall) -> None:
    report = await stall.sync(
        stall.pipeline(vectors={"pictures": {"embedder": "clip", "image": "{pictures}"}})
    )
    assert (report.embedded, report.embed_items) == (5, 5)
    np.testing.assert_allclose(stall.stored()[4]["pictures"], image("https://x/front/4.jpg"), rtol=1e-6)


async def test_markers_tell_what_each_embedding_was_made_of(stall: Stall) -> None:
    await stall.sync(stall.pipeline(**NAMED))
    marks = stall.points.payload(1)[MARKER]["vectors"]
    assert marks.keys() == {"text", "image"}
    assert json.dumps(marks)  # nothing but text in it


@pytest.mark.parametrize(("how", "size"), [("mean", SIZE), ("concat", 2 * SIZE)])
async def test_text_and_picture_as_one_vector(stall: Stall, how: str, size: int) -> None:
    embed = {"embedder": "both", "text": "{title}", "image": "{image_url}", "combine": how}
    stall.shop.edit([2], image_url=None)
    report = await stall.sync(stall.pipeline(embed=embed))

    assert (report.embedded, report.failed) == (5, 0)
    assert report.cost == pytest.approx(5 * 2 * 0.01)
    title, url = stall.shop.database.rows("SELECT title, image_url FROM products WHERE id = 1")[0]
    text, picture = (
        vector / np.linalg.norm(vector)
        for vector in (expected_vector({"text": title}, SIZE), expected_vector({"image": url}, SIZE))
    )
    whole = text + picture if how == "mean" else np.concatenate([text, picture])
    stored = stall.points.vectors()
    assert len(stored[1]) == size
    np.testing.assert_allclose(stored[1], whole / np.linalg.norm(whole), rtol=1e-4)
    assert np.linalg.norm(stored[2]) == pytest.approx(1.0, rel=1e-5)
