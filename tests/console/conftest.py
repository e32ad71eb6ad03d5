"""Consoles to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from console import samples
from embedconsole.config.load import load
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.console.app import Console
from embedconsole.console.launch import Launch
from embedconsole.console.text import UNICODE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from textual.pilot import Pilot

    from console.fakes import FakeEngine
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.sync.observe.snapshot import Snapshot

    MakeConsole = Callable[..., Console]

_PATIENCE = 60.0
_BREATH = 0.01

CONFIGURATION = """\
embedders:
  ml: {type: hashing, size: 512, price_per_1000: 0.22}
  free: {type: hashing, size: 64}
pipelines:
  products:
    catalog: {url: "sqlite:///shop.db", table: products}
    embed: {embedder: ml, text: "{title}"}
    collection: {path: ./qdrant, name: products}
  pictures:
    catalog: {url: "sqlite:///shop.db", table: pictures, product: product_id}
    embed: {embedder: free, text: "{title}"}
    collection: {path: ./qdrant, name: pictures}
"""


@pytest.fixture(autouse=True)
def _same_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's in the pictures."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def pipelines(tmp_path: Path) -> Sequence[Pipeline]:
    """Two configured pipelines; `products` costs money."""
    path = tmp_path / "embedconsole.yaml"
    path.write_text(CONFIGURATION, encoding="utf-8")
    return resolve_pipelines(load(path, environ={}).settings, ())


@pytest.fixture
def make_console(pipelines: Sequence[Pipeline]) -> MakeConsole:
    """A console on a fake client; only `products`, unless told otherwise."""

    def make(
        client: FakeEngine,
        *,
        count: int = 1,
        read_only: bool = False,
        keys: dict[str, str] | None = None,
        replay_from: float | None = None,
    ) -> Console:
        launch = Launch(
            pipelines[:count],
            "sqlite://",
            3600.0,
            keys=keys or {},
            read_only=read_only,
            replay_from=replay_from,
        )
        console = Console(
            launch,
            client.open,
            glyphs=UNICODE,
            clock=lambda: samples.WALL,
            offset=samples.OFFSET,
            zone=samples.ZONE,
        )
        # Ten minutes of work, in waves.
        done = 0
        for slot, items in enumerate(samples.PACE):
            console.state.throughput["products"].add(samples.NOW - 600 + slot * 10, done)
            done += items if slot < 60 else 0
        console.state.throughput["products"].add(samples.NOW, done + samples.PACE[-1])
        return console

    return make


def console_of(pilot: Pilot[int]) -> Console:
    """The console that is piloted."""
    assert isinstance(pilot.app, Console)
    return pilot.app


async def until(pilot: Pilot[int], reached: Callable[[], bool]) -> None:
    """Let the console go on until something is the case; fails when that takes too long."""
    with anyio.fail_after(_PATIENCE):
        while not reached():
            await pilot.pause(_BREATH)
    await pilot.pause()


async def settled(pilot: Pilot[int]) -> None:
    """Wait until the console has seen its engine and drawn it, and what it looks up."""
    await until(pilot, lambda: console_of(pilot).state.snapshot is not None)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def settled_on(pilot: Pilot[int], shown: Snapshot) -> None:
    """Wait until the console has seen this snapshot."""
    await until(pilot, lambda: console_of(pilot).state.snapshot is shown)


async def modal(pilot: Pilot[int]) -> None:
    """Wait until something lies over the dashboard."""
    await until(pilot, lambda: len(pilot.app.screen_stack) > 1)
