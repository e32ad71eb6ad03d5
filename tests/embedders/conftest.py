"""Embedders under test, each talking to its own loopback service."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

from embedconsole.config.model import HttpEmbedder
from embedconsole.embedders.build import build_embedder
from embedconsole.items import EmbedInput

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from embedconsole.embedders.base import Embedder
    from support.embedding_service import EmbeddingService

SIZE = 8
SECRET = "sesame-open-4711"
MakeHttp: TypeAlias = "Callable[..., Embedder]"


def inputs(count: int, word: str = "text") -> list[EmbedInput]:
    """`count` different inputs; "text 3." occurs in the content of number 3 alone."""
    return [
        EmbedInput(
            product_id=number,
            text=f"{word} {number}.",
            image=f"https://images.example.com/{number}.jpg" if number % 2 else None,
            fields={"name": f"{word} {number}.", "description": "of wool"},
        )
        for number in range(count)
    ]


def sent_item(entry: EmbedInput, shape: str) -> dict[str, object]:
    """What an input's vector depends on, as `support.embedding_vectors.expected_vector` takes it."""
    if shape == "items":
        return {**entry.fields, "image_url": entry.image}
    return {"text": entry.text, "image_url": entry.image}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def make_http(embedding_service: EmbeddingService) -> AsyncIterator[MakeHttp]:
    """Makes HTTP embedders of `embedding_service` (settings as in the configuration), closed at the end."""
    made: list[Embedder] = []

    def make(*, expected_size: int | None = SIZE, **settings: object) -> Embedder:
        config = HttpEmbedder.model_validate(
            {
                "type": "http",
                "url": embedding_service.url,
                "timeout": 20,
                "headers": {"Authorization": f"Bearer {SECRET}"},
                **settings,
            }
        )
        embedder = build_embedder("ml", config, expected_size=expected_size)
        made.append(embedder)
        return embedder

    yield make
    for embedder in made:
        await embedder.aclose()


@pytest.fixture(params=["items", "single"])
def shape(request: pytest.FixtureRequest) -> str:
    """Both request shapes."""
    return str(request.param)
