"""A shop whose pictures are embedded on this machine, through the installed program. Scenario 11."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from support.gallery import Gallery, picture
from support.installation import Installation, Json, Points
from support.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from support.databases import Database
    from support.qdrant_server import QdrantServer
    from support.tiny_models import TinyModels

GOOD = {1, 2, 6, 7, 8}


@pytest.fixture
def shop(sqlite: Database, gallery: Gallery) -> Shop:
    """Eight products; the pictures of 3, 4 and 5 are broken, missing and away."""
    shop = Shop(sqlite)
    shop.create()
    shop.add(range(1, 9))
    for number in range(1, 9):
        color = f"rgb({number * 30}, 0, 90)"
        shop.edit([number], image_url=gallery.put(f"/{number}.png", picture(color, size=(40, 30))))
    gallery.put("/3.png", picture(size=(300, 300))[:-300])
    del gallery.pictures["/4.png"]
    gallery.answer("/5.png", 503)
    return shop


@pytest.fixture
def installation(
    shop: Shop, tiny_models: TinyModels, qdrant: QdrantServer, collection_name: str, tmp_path: Path
) -> Installation:
    """Pictures of products, embedded by a pair of models; texts are for searching."""
    local = {
        "type": "fastembed",
        "model": "Qdrant/clip-ViT-B-32-text",
        "path": str(tiny_models.text),
        "image_model": "Qdrant/clip-ViT-B-32-vision",
        "image_path": str(tiny_models.image),
        "pictures": {"allow_private": ["127.0.0.1"]},
    }
    pipeline = {
        "catalog": {"url": shop.database.url, "table": "products"},
        "embed": {"embedder": "local", "image": "{image_url}"},
        "collection": {"url": qdrant.url, "name": collection_name, "payload": {"title": "title"}},
    }
    settings: Json = {
        "embedders": {"local": local},
        "pipelines": {"products": pipeline},
        "retry": {"backoff": [600], "call_delay": 0.01},
    }
    return Installation(tmp_path, settings)


def test_what_can_not_be_embedded_fails_alone_with_its_reason(
    installation: Installation, shop: Shop, gallery: Gallery, qdrant: QdrantServer, collection_name: str
) -> None:
    first = installation.sync()

    assert first.code == 1, first.err
    assert [first.products[name] for name in ("embedded", "failed", "retrying")] == [5, 2, 1]
    points = Points(qdrant.url, collection_name)
    assert points.ids() == GOOD
    vectors = np.array(list(points.vectors().values()))
    assert len({vector.tobytes() for vector in vectors}) == 5
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)
    listed = {
        item["key"]: (item["error_class"], item["error"])
        for item in installation.run("failures", "--json").products["items"]
    }
    assert listed["3"] == ("item", "its picture can't be read: damaged, cut short or of an unknown format")
    assert listed["4"] == ("item", "its picture is not there: 127.0.0.1 answered 404")
    assert "Failed #4 of products - error: its picture is not there" in installation.log

    assert (
        "Failed #5 of products - error: its picture was not given out: 127.0.0.1 answered 503"
        in installation.log
    )
    assert "retrying in" in installation.log

    # The host of the fifth is back, the shop has mended the third: both come in, the fourth is not asked for.
    del gallery.answers["/5.png"]
    gallery.put("/3-new.png", picture("green"))
    shop.edit([3], image_url=gallery.url + "/3-new.png")
    assert installation.run("retry", "5", "--json").json["pipelines"] == {"products": 1}
    gallery.asked.clear()
    second = installation.sync()

    assert (second.products["embedded"], second.products["failed"]) == (2, 1), second.err
    assert points.ids() == GOOD | {3, 5}
    assert {path for _, path, _ in gallery.asked} == {"/3-new.png", "/5.png"}


def test_trying_it_says_that_it_works_or_why_not(
    installation: Installation, tiny_models: TinyModels, tmp_path: Path
) -> None:
    tried = installation.run("test")
    assert tried.code == 0, tried.out + tried.err
    assert "one embedding of 8 dimensions" in tried.out

    local = installation.settings["embedders"]["local"]
    local["path"] = str(tiny_models.narrow)
    tried = installation.run("test")
    assert tried.code != 0
    assert "model has 4 dimensions, image_model has 8" in " ".join((tried.out + tried.err).split())

    del local["path"]
    local |= {"download": False, "cache": str(tmp_path / "cache")}
    tried = installation.run("test")
    assert tried.code != 0
    said = " ".join((tried.out + tried.err).split())
    assert "Qdrant/clip-ViT-B-32-text is not on this machine" in said
    assert "Could not find model in cache_dir" not in said, "the library's own words are not for the screen"

    local["path"] = str(tmp_path / "nowhere")
    tried = installation.run("test")
    assert tried.code != 0
    assert "embedders.local.path: there is no folder" in " ".join((tried.out + tried.err).split())
