"""Collections that legacy commands filled: recognised by their tables, and taken over whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from embedconsole.setup.presets import PRESETS
from setup.preset_shops import MAKERS
from support.installation import Installation, Points

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from support.databases import Database
    from support.embedding_service import EmbeddingService
    from support.installation import Json
    from support.qdrant_server import QdrantServer

SIZE = 8
_SHOES: Json = {
    "product_id": "S-1",
    "title": "Red running shoes",
    "category": "Shoes",
    "price": 79.95,
    "in_stock": True,
    "metadata": {"color": "red", "size": ["S", "M"]},
}
_MUG: Json = {
    "product_id": "S-2",
    "title": "Mug",
    "category": "Mugs",
    "price": 9.95,
    "in_stock": False,
    "metadata": {"color": None, "size": None},
}


@dataclass(frozen=True)
class Legacy:
    """One of the legacy systems.

    Attributes:
        database: Where its shop is.
        points: What it wrote, by id.
        flags: What the operator adds: where the pictures are, who embeds them.
    """

    preset: str
    database: str
    points: Mapping[int, Json]
    flags: Sequence[str] = ()


SYSTEMS = (
    Legacy(
        "legacy-flags",
        "postgresql",
        {
            1: {**_SHOES, "created_at": "2026-01-02T03:04:05+00:00"},
            2: {**_MUG, "created_at": "2026-01-02T03:04:05+00:00"},
        },
    ),
    Legacy(
        "legacy-timestamps",
        "mysql",
        {
            1: {
                "product_id": 1,
                "title": "Red running shoes",
                "price": 79.95,
                "image_url": "https://cdn.example/8/front.jpg",
                "created_at": "2026-01-02T03:04:05.000000Z",
            },
            2: {
                "product_id": 2,
                "title": "Mug",
                "price": 9.95,
                "image_url": None,
                "created_at": "2026-01-02T03:04:05.000000Z",
            },
        },
        ("--set", "media=https://cdn.example"),
    ),
    Legacy(
        "legacy-images",
        "sqlite",
        {
            11: {"product_id": 1, "product_image_id": 11, "image_url": "https://shop.example/front.jpg"},
            12: {"product_id": 1, "product_image_id": 12, "image_url": "https://shop.example/back.jpg"},
        },
        ("--embedder", "http", "--set", "shape=single"),
    ),
)


@pytest.mark.parametrize("legacy", SYSTEMS, ids=lambda legacy: legacy.preset)
def test_a_collection_is_taken_over_whole_and_nothing_is_paid(
    legacy: Legacy,
    request: pytest.FixtureRequest,
    embedding_process: EmbeddingService,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
) -> None:
    database: Database = request.getfixturevalue(legacy.database)
    MAKERS[legacy.preset](database)
    points = Points(qdrant.url, collection_name)
    _fill(points, legacy.points)
    installation, at = _set_up(database, embedding_process, points, tmp_path, legacy)

    adopted = installation.bare("adopt", "--unmarked", "--yes", "--json", *at)
    (found,) = adopted.json["pipelines"].values()
    assert (adopted.code, found["alike"], found["unlike"]) == (0, 2, 0), found["examples"]
    ran = installation.bare("--headless", "--once", "--json", *at)
    (report,) = ran.json["pipelines"].values()
    assert (ran.code, report["embedded"], report["payload_updated"], report["unchanged"]) == (0, 0, 0, 2)
    assert not embedding_process.stats().embeds
    assert {point: _without_marker(payload) for point, payload in points.payloads().items()} == legacy.points


def test_a_price_as_text_is_reported_and_written_again_on_request(
    sqlite: Database,
    embedding_process: EmbeddingService,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
) -> None:
    """No range finds a number that is text, so it is not the same value."""
    (legacy, *_) = SYSTEMS
    MAKERS[legacy.preset](sqlite)
    points = Points(qdrant.url, collection_name)
    _fill(points, {1: legacy.points[1], 2: {**legacy.points[2], "price": "9.95"}})
    installation, at = _set_up(sqlite, embedding_process, points, tmp_path, legacy)

    looked = installation.bare("adopt", "--unmarked", "--dry-run", "--json", *at)
    (found,) = looked.json["pipelines"].values()
    assert (looked.code, found["alike"], found["examples"]) == (1, 1, [{"key": "2", "field": "price"}])
    assert installation.bare("adopt", "--unmarked", "--trust-vectors", "--yes", *at).code == 0
    assert installation.bare("--headless", "--once", *at).code == 0
    assert not embedding_process.stats().embeds
    assert points.payload(2)["price"] == 9.95


def _set_up(
    database: Database, service: EmbeddingService, points: Points, folder: Path, legacy: Legacy
) -> tuple[Installation, tuple[str, str]]:
    """The installation that `setup` makes by itself, and the option that names its configuration."""
    environment = {"DATABASE_URL": database.url, "QDRANT_URL": points.url, "ML_EMBEDDING_URL": service.url}
    installation = Installation(folder, {}, environment)
    at = ("--config", str(installation.config))
    made = installation.bare(
        "setup", "--yes", *at, "--database-url-env", "DATABASE_URL", "--embedder-url", "ML_EMBEDDING_URL",
        "--qdrant", "QDRANT_URL", "--collection", points.collection, *legacy.flags,
    )  # fmt: skip
    assert made.code == 0, made.err
    assert f"This looks like {PRESETS[legacy.preset].title}." in made.err
    service.reset()
    return installation, at


def _fill(points: Points, payloads: Mapping[int, Json]) -> None:
    address = f"{points.url}/collections/{points.collection}"
    made = httpx.put(address, json={"vectors": {"size": SIZE, "distance": "Cosine"}})
    made.raise_for_status()
    body = [{"id": point, "vector": [1.0] * SIZE, "payload": payload} for point, payload in payloads.items()]
    httpx.put(f"{address}/points", params={"wait": "true"}, json={"points": body}).raise_for_status()


def _without_marker(payload: Json) -> Json:
    return {name: value for name, value in payload.items() if name != "_embedconsole"}
