"""Which collection a configuration makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from embedconsole.collection.build import build_collection
from embedconsole.config.sections.collection import CollectionConfig
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


async def test_a_url_makes_a_server_collection_without_showing_its_key() -> None:
    config = CollectionConfig(url="http://qdrant", name="products", api_key=SecretStr("secret"))
    collection = build_collection(config)
    assert collection.target == "collection products at http://qdrant:6333"
    await collection.aclose()


async def test_a_path_makes_an_embedded_collection_and_opens_nothing(tmp_path: Path) -> None:
    collection = build_collection(CollectionConfig(path=tmp_path / "store", name="products"))
    assert collection.target == f"collection products in {tmp_path / 'store'}"
    assert not (tmp_path / "store").exists()
    await collection.aclose()


@pytest.mark.parametrize("name", [".", ".."])
def test_names_that_a_url_would_swallow_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"collection\.name"):
        build_collection(CollectionConfig(url="http://qdrant", name=name))
