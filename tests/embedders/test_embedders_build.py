"""From configuration to embedder."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import TypeAdapter

from embedconsole.config.model import EmbedderConfig
from embedconsole.embedders.build import build_embedder
from embedconsole.faults import ConfigError

CONFIG: TypeAdapter[EmbedderConfig] = TypeAdapter(EmbedderConfig)


def config(**settings: object) -> EmbedderConfig:
    return CONFIG.validate_python(settings)


@pytest.mark.parametrize(
    ("settings", "identity"),
    [
        ({"type": "hashing"}, "hashing:1:512"),
        ({"type": "hashing", "size": 64}, "hashing:1:64"),
        ({"type": "http", "url": "http://u:password@ml/embed?key=1"}, "http:items:"),
        ({"type": "http", "url": "http://ml", "shape": "single", "model": "clip-2"}, "http:single:clip-2"),
    ],
)
def test_identity_holds_no_address(settings: dict[str, object], identity: str) -> None:
    embedder = build_embedder("ml", config(**settings, batch_size=7, concurrency=3, price_per_1000=0.2))
    assert embedder.identity == identity
    assert (embedder.name, embedder.batch_size, embedder.concurrency) == ("ml", 7, 3)
    assert embedder.price_per_1000 == 0.2


@pytest.mark.parametrize("kind", ["openai", "replicate", "fastembed"])
def test_backends_to_come(kind: str) -> None:
    with pytest.raises(ConfigError, match=rf"embedders\.ml\.type.* no {kind} backend yet"):
        build_embedder("ml", config(type=kind))


def test_hashing_of_another_size_than_the_collection() -> None:
    with pytest.raises(ConfigError, match=r"512.*768"):
        build_embedder("demo", config(type="hashing"), expected_size=768)


def test_a_header_that_cannot_be_sent() -> None:
    with pytest.raises(ConfigError, match=r"embedders\.ml\.headers.*X-Key") as caught:
        build_embedder("ml", config(type="http", url="http://ml", headers={"X-Key": "schlüssel"}))
    assert "schlüssel" not in str(caught.value)


def test_importing_the_builder_loads_no_backend() -> None:
    code = (
        "import sys, embedconsole.embedders.build;"
        "print([name for name in ('httpx', 'aiohttp', 'numpy', 'anyio') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
