"""Two pipelines in one daemon: a long first fill of one holds up nothing of the other."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.config.settings import Settings
from embedconsole.faults import Transient
from embedconsole.sync.daemon import scheduler
from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.run import components as components
from support.feed import PRODUCTS, installed
from support.processes import wait_until
from support.shop import QUERY
from sync.driving import LIMIT
from sync.rig import HeldEmbedder, MemoryCollection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import EmbedInput
    from support.shop import Shop


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due is looked for a hundred times as often."""
    monkeypatch.setattr(scheduler, "LOOK_EVERY", 0.02)


@pytest.fixture
def embedders() -> Iterator[dict[str, HeldEmbedder]]:
    """That of the pipeline `slow` is held until the test ends."""
    embedders = {"slow": HeldEmbedder("slow"), "fast": HeldEmbedder("fast")}
    embedders["fast"].go.set()
    yield embedders
    embedders["slow"].go.set()


@pytest.fixture
def collections(
    embedders: dict[str, HeldEmbedder], monkeypatch: pytest.MonkeyPatch
) -> dict[str, MemoryCollection]:
    collections = {name: MemoryCollection() for name in embedders}
    monkeypatch.setattr(
        "embedconsole.embedders.pool.build_embedder", lambda name, config, **_: embedders[name]
    )
    monkeypatch.setattr(components, "build_itself", lambda config, name: collections[name])
    return collections


def pipelines(shop: Shop, folder: Path, *, watch: bool = False) -> list[Pipeline]:
    """Both over the same shop, each with an embedder and a collection of its own."""
    catalog = {"url": shop.database.url, "query": QUERY, "key": "id", "watch": PRODUCTS if watch else []}
    both = ("slow", "fast")
    settings = {
        "embedders": {name: {"type": "hashing", "size": 16} for name in both},
        "pipelines": {
            name: {
                "catalog": catalog,
                "embed": {"embedder": name, "text": "{title}"},
                "collection": {"path": str(folder / name), "name": name, "payload": {"title": "title"}},
            }
            for name in both
        },
        "chunk_size": 2,
        "workers": 2,
        "retry": {"attempts": 3, "backoff": [0.5], "call_attempts": 1},
    }
    return resolve_pipelines(Settings.model_validate(settings))


def titles(collection: MemoryCollection) -> list[object]:
    return [payload["title"] for payload in collection.points.values()]


@pytest.mark.parametrize("found_by", ["schedule", "feed"])
def test_an_edit_arrives_while_another_pipeline_is_filled(
    shop: Shop,
    tmp_path: Path,
    embedders: dict[str, HeldEmbedder],
    collections: dict[str, MemoryCollection],
    found_by: str,
) -> None:
    made = pipelines(shop, tmp_path, watch=found_by == "feed")
    with (
        installed(shop.database, pipeline="fast"),
        engine_in_thread(made, f"sqlite:///{tmp_path / 'ledger.db'}") as handle,
    ):
        serving = handle.serve(0.2 if found_by == "schedule" else 3600.0, lambda report: None)
        assert embedders["slow"].wait_for(lambda: embedders["slow"].inside == 2)
        wait_until(lambda: len(collections["fast"].points) == 20, "the other pipeline is in sync")

        shop.edit([7], title="Edited while the other is filled")

        wait_until(
            lambda: "Edited while the other is filled" in titles(collections["fast"]), "the edit arrives"
        )
        assert not collections["slow"].points
        views = {view.name: view for view in handle.snapshot().pipelines}
        assert views["slow"].run is not None
        embedders["slow"].go.set()
        handle.drain()
        serving.result(timeout=LIMIT)


def test_a_retry_comes_in_time_while_another_pipeline_is_filled(
    shop: Shop,
    tmp_path: Path,
    embedders: dict[str, HeldEmbedder],
    collections: dict[str, MemoryCollection],
) -> None:
    failed = threading.Event()

    def fail_once(inputs: Sequence[EmbedInput]) -> None:
        if not failed.is_set():
            failed.set()
            raise Transient("fast", "dropped the connection")

    embedders["fast"].on_call = fail_once
    with engine_in_thread(pipelines(shop, tmp_path), f"sqlite:///{tmp_path / 'ledger.db'}") as handle:
        serving = handle.serve(3600.0, lambda report: None)
        assert embedders["slow"].wait_for(lambda: embedders["slow"].inside == 2)

        wait_until(lambda: len(collections["fast"].points) == 20, "the other pipeline is in sync")

        assert failed.is_set()
        assert not collections["slow"].points
        embedders["slow"].go.set()
        handle.drain()
        serving.result(timeout=LIMIT)
