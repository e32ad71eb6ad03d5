"""From configuration to embedder."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import TypeAdapter, ValidationError

from embedconsole.config.sections.embedder import EmbedderConfig
from embedconsole.config.sections.embedders.http import HttpConfig
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
        (
            {"type": "openai", "model": "text-embedding-3-small", "dimensions": 512},
            "openai:text-embedding-3-small:512",
        ),
        (
            {"type": "replicate", "model": "openai/clip", "token": "t", "normalize": True},
            "replicate:openai/clip:normalized",
        ),
    ],
)
def test_identity_holds_no_address(settings: dict[str, object], identity: str) -> None:
    embedder = build_embedder("ml", config(**settings, batch_size=7, concurrency=3, price_per_1000=0.2))
    assert embedder.identity == identity
    assert (embedder.name, embedder.batch_size, embedder.concurrency) == ("ml", 7, 3)
    assert embedder.price_per_1000 == 0.2


def test_how_pictures_are_sent_is_no_part_of_the_identity() -> None:
    plain = {"type": "http", "url": "http://ml"}
    sent = config(**plain, pictures={"send": "bytes", "allow_private": "minio.internal 10.0.0.0/8"})
    assert isinstance(sent, HttpConfig)
    assert sent.pictures.limits.allow_private == ("minio.internal", "10.0.0.0/8")
    embedder = build_embedder("ml", sent)
    assert embedder.identity == config(**plain).identity
    assert (embedder.name, embedder.batch_size, embedder.concurrency) == ("ml", 100, 8)


@pytest.mark.parametrize(
    ("kind", "pictures", "message"),
    [
        ("http", {"folder": "/images"}, "only counts with send: bytes"),
        ("http", {"send": "bytes", "allow_private": ["http://minio"]}, "hosts and networks"),
        ("http", {"send": "bytes", "max_pixels": 10**9}, "max_pixels"),
        ("http", {"send": "both"}, "reference"),
        ("replicate", {"send": "bytes"}, "but by their address"),
    ],
)
def test_pictures_that_can_not_be_sent(kind: str, pictures: dict[str, object], message: str) -> None:
    settings = (
        {"url": "http://ml"}
        if kind == "http"
        else {"model": "owner/name", "token": "t", "batch_input": "inputs"}
    )
    with pytest.raises(ValidationError, match=message):
        config(type=kind, **settings, pictures=pictures)


@pytest.mark.parametrize("token", [None, "", " "])
def test_replicate_without_a_token(token: str | None) -> None:
    with pytest.raises(ConfigError, match=r"embedders\.clip\.token .* REPLICATE_API_TOKEN"):
        build_embedder("clip", config(type="replicate", model="openai/clip", token=token))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model", "other/model"),
        ("normalize", True),
        ("extra", {"truncate": True}),
        ("dimensions", 256),
    ],
)
def test_what_moves_the_vectors_is_part_of_the_identity(key: str, value: object) -> None:
    plain = {"type": "openai", "model": "m"}
    assert config(**plain).identity != config(**{**plain, key: value}).identity


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("openai", {"model": "m", "api_key": "secret", "url": "http://elsewhere/v1"}),
        ("replicate", {"model": "owner/name:0123456789", "token": "secret", "wait": 9}),
        ("http", {"url": "http://elsewhere", "headers": {"X": "secret"}, "gzip": True, "health": "/up"}),
    ],
)
def test_what_does_not_move_them_is_not(kind: str, settings: dict[str, object]) -> None:
    kept = {name: value for name, value in settings.items() if name == "model" or kind == "http"}
    plain = {"type": kind, **({"url": "http://ml"} if kind == "http" else kept)}
    limits = {"timeout": 5, "batch_size": 3, "requests_per_minute": 9, "items_per_minute": 90}
    full = config(type=kind, **settings, **limits)
    assert full.identity == config(**plain).identity


@pytest.mark.parametrize("part", [{"request": {"image": "img"}}, {"reply": {"vectors": "data.image"}}])
def test_another_name_in_a_request_or_reply_may_be_another_vector(part: dict[str, object]) -> None:
    plain = {"type": "http", "url": "http://ml"}
    assert config(**plain).identity != config(**plain, **part).identity


def test_hashing_of_another_size_than_the_collection() -> None:
    with pytest.raises(ConfigError, match=r"512.*768"):
        build_embedder("demo", config(type="hashing"), expected_size=768)


def test_importing_the_builder_loads_no_backend() -> None:
    code = (
        "import sys, embedconsole.embedders.build;"
        "print([name for name in ('httpx', 'aiohttp', 'numpy', 'anyio') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
