"""Our own embedders as clients of the service: every shape of it read as it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydantic import TypeAdapter

from backends.line import run
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.config.sections.embedder import EmbedderConfig
from embedconsole.config.settings import Settings
from embedconsole.embedders.batching import TooLarge
from embedconsole.embedders.build import build_embedder
from embedconsole.embedders.hashing import hashed
from embedconsole.faults import Refused
from embedconsole.items import EmbedInput
from service.stage import SIZE, Scripted, app_of, listening
from support.installation import Points
from support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Message, Receive, Scope, Send

    from embedconsole.embedders.base import Embedder
    from support.databases import Database
    from support.qdrant_server import QdrantServer

pytestmark = pytest.mark.anyio

TOKEN = "sesame-open-4711"
_HEADERS = {"Authorization": f"Bearer {TOKEN}"}
_CONFIG: TypeAdapter[EmbedderConfig] = TypeAdapter(EmbedderConfig)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A service with 16 dimensions that asks for a token and takes 4 items at a time."""
    with listening(app_of(token=TOKEN, max_items=4)) as address:
        yield address


def client(url: str, shape: str, **settings: object) -> Embedder:
    kinds: dict[str, dict[str, object]] = {
        "items": {"type": "http", "url": f"{url}/generate-embeddings", "headers": _HEADERS},
        "single": {"type": "http", "shape": "single", "url": f"{url}/embed", "headers": _HEADERS},
        "openai": {"type": "openai", "model": "words", "url": f"{url}/v1", "api_key": TOKEN},
    }
    settings = {"health": "/health", **kinds[shape], **settings}
    return build_embedder("ml", _CONFIG.validate_python(settings))


def inputs(*texts: str) -> list[EmbedInput]:
    return [EmbedInput(number, text, None) for number, text in enumerate(texts)]


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("shape", ["items", "single", "openai"])
async def test_vectors_in_order_and_a_bad_item_named(url: str, shape: str, gzip: bool) -> None:
    embedder = client(url, shape, gzip=gzip)
    entries = [*inputs("Red shoe", "Blue mug"), EmbedInput(2, None, "/local.jpg"), *inputs("Lamp")]
    if shape == "openai":
        del entries[2]
    await embedder.health()

    embedded = await embedder.embed(entries)

    await embedder.aclose()
    for index, entry in enumerate(entries):
        if entry.text is None:
            assert (
                embedded.rejected[index].startswith("its image is no address")
                or "422" in embedded.rejected[index]
            )
        else:
            np.testing.assert_array_equal(embedded.vectors[index], hashed(entry.text, SIZE))
    assert len(embedded.rejected) == (shape != "openai")


@pytest.mark.parametrize("images", ["modality", "object"])
async def test_pictures_by_openais_path(url: str, images: str) -> None:
    embedder = client(url, "openai", images=images)
    embedded = await embedder.embed([EmbedInput(0, None, "https://x/red-shoe.jpg")])
    await embedder.aclose()
    np.testing.assert_array_equal(embedded.vectors[0], hashed("https://x/red-shoe.jpg", SIZE))


async def test_how_much_it_takes_is_learnt(url: str) -> None:
    embedder = client(url, "openai")
    embedded = await embedder.embed(inputs(*map(str, range(10))))
    await embedder.aclose()
    assert (embedded.rejected, embedded.requests, embedder.batch_size) == ({}, 4, 4)
    items = client(url, "items")
    with pytest.raises(TooLarge) as raised:
        await items.embed(inputs(*map(str, range(10))))
    await items.aclose()
    assert raised.value.limit.count == 4


@pytest.mark.parametrize("shape", ["items", "single", "openai"])
async def test_a_wrong_token_or_model_stops_everything(url: str, shape: str) -> None:
    wrong: dict[str, object] = {"api_key": "x"} if shape == "openai" else {"headers": {}}
    embedder = client(url, shape, **wrong)
    with pytest.raises(Refused, match="refused the key \\(401\\): send the service's token"):
        await embedder.embed(inputs("Mug"))
    await embedder.aclose()


async def test_a_model_that_is_not_served_stops_everything(url: str) -> None:
    embedder = client(url, "openai", model="clip")
    with pytest.raises(Refused, match="no such model here; served: words"):
        await embedder.embed(inputs("Mug"))
    await embedder.aclose()


async def test_a_sync_goes_through_a_service_that_has_no_room(
    sqlite: Database, qdrant: QdrantServer, collection_name: str, tmp_path: Path
) -> None:
    """The first batch is held until another was sent away: a 429 is then certain."""
    shop = Shop(sqlite)
    shop.create()
    shop.add(range(1, 13))

    sent_away = asyncio.Event()
    embedder = Scripted(before=lambda _: sent_away.wait())
    service = app_of(embedder, queue=0)

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def seen(message: Message) -> None:
            if message.get("status") == 429:
                sent_away.set()
            await send(message)

        await service(scope, receive, seen)

    with listening(watched) as address:
        tree: dict[str, object] = {
            "embedders": {"ml": {"type": "http", "url": f"{address}/generate-embeddings", "batch_size": 2}},
            "pipelines": {
                "products": {
                    "catalog": {"url": sqlite.url, "table": "products"},
                    "embed": {"embedder": "ml", "text": "{title}"},
                    "collection": {"url": qdrant.url, "name": collection_name},
                }
            },
            "chunk_size": 2,
            "workers": 4,
        }
        report = (await run(resolve_pipelines(Settings.model_validate(tree)), tmp_path)).pipelines["products"]

    assert (report.embedded, report.failed, report.retrying) == (12, 0, 0)
    assert Points(qdrant.url, collection_name).ids() == set(range(1, 13))
