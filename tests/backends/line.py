"""A shop, a backend and Qdrant around an engine in this process: what a backend's scenarios are played on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.config.settings import Settings
from embedconsole.items import EmbedInput
from embedconsole.sync.daemon.lifecycle import open_engine
from embedconsole.sync.shared.options import RunOptions
from embedders.backends import SIZE
from support.embedding_service import expected_vector
from support.installation import Points

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.sync.shared.report import PipelineReport, RunReport
    from embedders.backends import Backend
    from support.embedding_service import EmbeddingService
    from support.installation import Json
    from support.qdrant_server import QdrantServer
    from support.shop import Shop


@dataclass
class Line:
    """From the shop through one backend to a collection.

    Attributes:
        settings: What the pipeline's embedder has besides the backend's own settings.
        retry: The same of the retry policy.
    """

    backend: Backend
    shop: Shop
    service: EmbeddingService
    qdrant: QdrantServer
    collection: str
    folder: Path
    settings: dict[str, object] = field(default_factory=dict)
    retry: dict[str, object] = field(default_factory=dict)

    @property
    def with_image(self) -> bool:
        """Whether an item is a text and an image; the others take one of them."""
        return self.backend.name in ("items", "single")

    @property
    def points(self) -> Points:
        return Points(self.qdrant.url, self.collection)

    def pipeline(self) -> Pipeline:
        embed: Json = {"embedder": "ml", "text": "{title} {description}"}
        if self.with_image:
            embed |= {"image": "{image_url}", "fields": {"name": "title", "description": "description"}}
        config = self.backend.config(self.service, **self.settings)
        tree: Json = {
            "embedders": {"ml": config},
            "pipelines": {
                "products": {
                    "catalog": {"url": self.shop.database.url, "table": "products"},
                    "embed": embed,
                    "collection": {
                        "url": self.qdrant.url,
                        "name": self.collection,
                        "distance": "dot",  # leaves vectors as they are
                        "payload": {"title": "title", "price": "price"},
                    },
                }
            },
            "chunk_size": 10,
            "workers": 2,
            "retry": {"call_delay": 0.01, "backoff": [60], **self.retry},
        }
        (pipeline,) = resolve_pipelines(Settings.model_validate(tree))
        return pipeline

    async def sync(self, options: RunOptions | None = None) -> PipelineReport:
        """One run of a process that ends afterwards."""
        return (await run([self.pipeline()], self.folder, options)).pipelines["products"]

    def right_vectors(self) -> dict[int | str, list[float]]:
        """Of every product of the shop: the vector that its content has."""
        rows = self.shop.database.rows("SELECT id, title, description, image_url FROM products")
        return {
            number: expected_vector(
                self.backend.sent(
                    EmbedInput(
                        number,
                        f"{title} {description}",
                        image if self.with_image else None,
                        {"name": title, "description": description},
                    )
                ),
                SIZE,
            ).tolist()
            for number, title, description, image in rows
        }

    def assert_only_right_vectors(self, *, all_there: bool = True) -> None:
        """Every point's vector is that of its product."""
        right, found = self.right_vectors(), self.points.vectors()
        assert not all_there or found.keys() == right.keys()
        for number, vector in found.items():
            np.testing.assert_allclose(vector, right[number], rtol=1e-6)


async def run(pipelines: list[Pipeline], folder: Path, options: RunOptions | None = None) -> RunReport:
    """One run of these pipelines on the ledger in a folder."""
    async with open_engine(pipelines, f"sqlite:///{folder / 'ledger.db'}", "once") as engine:
        return await engine.run(options or RunOptions())
