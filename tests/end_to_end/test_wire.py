"""To the letter: what embedding services are sent, and what the points are."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np

from support.embedding_service import expected_vector
from support.installation import Points

if TYPE_CHECKING:
    from support.fixtures_shop import Stage

_TEXTS = [f"Product number {number}\nWhat can be said of product {number}" for number in (1, 2)]
_ITEMS = [
    {
        "product_id": 1,
        "name": "Product number 1",
        "description": "What can be said of product 1",
        "image_url": "https://shop.example/images/1.jpg",
    },
    {
        "product_id": 2,
        "name": "Product number 2",
        "description": "What can be said of product 2",
        "image_url": None,
    },
]


def test_the_items_shape_and_the_points(stage: Stage) -> None:
    """Request body and headers as DESIGN section 5 has them; payload types do not depend on the database."""
    stage.shop.add([1, 2])
    stage.shop.edit([2], image_url="", price="100.00", stock=0)
    stage.pipeline["catalog"]["json_columns"] = ["size_options"]
    headers = {"Authorization": "Bearer ${ML_TOKEN}", "X-Shop": "north"}
    stage.installation.settings["embedders"]["ml"]["headers"] = headers
    stage.installation.environment["ML_TOKEN"] = "sesame"

    ended = stage.installation.sync()

    assert ended.code == 0, ended.err
    stats = stage.service.stats()
    assert stats.bodies == [{"items": _ITEMS}]
    sent = stats.headers[0]
    assert sent["authorization"] == "Bearer sesame"
    assert sent["x-shop"] == "north"
    assert sent["content-type"] == "application/json"

    points = stage.points.all(vectors=True)
    assert points.keys() == {1, 2}
    payload = points[2]["payload"]
    marker = payload.pop("_embedconsole")
    assert payload == {
        "product_id": "SKU-00002",
        "title": "Product number 2",
        "price": 100.0,
        "in_stock": False,
        "metadata": {"color": "red", "size": ["S", "M"]},
    }
    assert points[1]["payload"]["in_stock"] is True
    assert payload["in_stock"] is False
    assert [type(point["payload"]["price"]) for point in points.values()] == [float, float]
    assert (marker.pop("pipeline"), marker.pop("key")) == ("products", "2")
    assert set(marker) == {"embed_hash", "payload_hash"}
    assert all(re.fullmatch("[0-9a-f]{32,}", digest) for digest in marker.values())
    for number, item in enumerate(_ITEMS, 1):
        # A cosine collection gives vectors back at length one.
        content = {name: value for name, value in item.items() if name != "product_id"}
        expected = expected_vector(content, 8)
        vector = points[number]["vector"]
        np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), rtol=1e-5)


def test_the_single_shape_and_items_without_fields(sqlite_stage: Stage) -> None:
    """`single`: the rendered text and the image, one request an item. `items` by default: the text as name.

    Without a payload mapping the payload is all columns.
    """
    stage = sqlite_stage
    stage.shop.add([1, 2])
    stage.shop.edit([2], image_url=None)
    settings = stage.installation.settings
    settings["embedders"]["one"] = settings["embedders"]["ml"] | {"shape": "single"}
    plain = settings["pipelines"]["products"]
    del plain["embed"]["fields"], plain["collection"]["payload"]
    settings["pipelines"]["ones"] = deepcopy(plain)
    settings["pipelines"]["ones"]["embed"]["embedder"] = "one"
    settings["pipelines"]["ones"]["collection"]["name"] += "-ones"

    ended = stage.installation.sync()

    assert ended.code == 0, ended.err
    bodies = stage.service.stats().bodies
    images = ["https://shop.example/images/1.jpg", None]
    singles = [body for body in bodies if "items" not in body]
    assert sorted(singles, key=lambda body: str(body["text"])) == [
        {"text": text, "image_url": image} for text, image in zip(_TEXTS, images, strict=True)
    ]
    assert [body for body in bodies if "items" in body] == [
        {
            "items": [
                {"product_id": number, "name": text, "description": "", "image_url": image}
                for number, text, image in zip((1, 2), _TEXTS, images, strict=True)
            ]
        }
    ]
    reports = ended.json["pipelines"]
    assert reports["ones"]["embed_requests"] == len(singles) == reports["ones"]["embed_items"]
    ones = Points(stage.qdrant.url, f"{stage.points.collection}-ones")
    columns = {
        "id", "sku", "title", "description", "category", "price", "in_stock", "image_url", "color",
        "size_options", "created_at", "updated_at",
    }  # fmt: skip
    assert set(ones.payload(1)) == columns | {"_embedconsole"}
    assert ones.payload(1)["category"] == "Mugs"
