"""A pair of models on this machine behind the service: text, picture, and both as one vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from embedconsole.config.service_settings import ServiceSettings
from embedconsole.service.app import build_app
from embedconsole.service.embedder import open_embedder, warm_up
from service.stage import client_of

if TYPE_CHECKING:
    from pathlib import Path

    from support.gallery import Gallery
    from support.tiny_models import TinyModels

pytestmark = pytest.mark.anyio


async def test_text_and_picture_of_an_item_are_one_vector(
    tiny_models: TinyModels, gallery: Gallery, tmp_path: Path
) -> None:
    serving = ServiceSettings.model_validate(
        {
            "embedders": {
                "clip": {
                    "type": "fastembed",
                    "model": "Qdrant/clip-ViT-B-32-text",
                    "image_model": "Qdrant/clip-ViT-B-32-vision",
                    "path": tiny_models.text,
                    "image_path": tiny_models.image,
                    "download": False,
                    "cache": tmp_path / "cache",
                    "threads": 1,
                    "pictures": {"allow_private": True},
                }
            }
        }
    )
    served = open_embedder(serving)
    await warm_up(served)
    picture, gone = gallery.put("/shoe.png"), f"{gallery.url}/gone.png"
    items = [
        {"name": "shoe", "image_url": picture},
        {"name": "shoe"},
        {"image_url": picture},
        {"name": "mug", "image_url": gone},
    ]
    try:
        async with client_of(build_app(served, serving.service)) as client:
            reply = await client.post("/generate-embeddings", json={"items": items})
    finally:
        await served.embedder.aclose()

    assert reply.status_code == 200
    both, text, image, missing = reply.json()["embeddings"]
    whole = np.array(text) + np.array(image)
    np.testing.assert_allclose(both, whole / np.linalg.norm(whole), rtol=1e-4)
    assert set(missing) == {"error"}
    assert served.dimensions == len(both)
