"""The runs and the log on the real engine: the demo's catalog, embedder and collection."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from console.conftest import until
from embedconsole.config.paths import ledger_url
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.console.app import Console
from embedconsole.console.launch import Launch
from embedconsole.console.local_engine import open_local_engine
from embedconsole.console.text import UNICODE
from embedconsole.console.widgets.base import Panel
from embedconsole.console.widgets.list import ListPanel, Tail
from embedconsole.demo.setup import prepare_demo

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


async def test_a_run_and_what_failed_in_it_are_in_both(tmp_path: Path) -> None:
    settings = prepare_demo(tmp_path, 500).loaded.settings
    log_path = tmp_path / "embedconsole.log"
    log_path.write_text("2026-01-01T09:30:00Z INFO from before\n")
    launch = Launch(resolve_pipelines(settings, ()), ledger_url(settings), every=3600.0)
    launch = replace(launch, log_path=log_path)
    app = Console(launch, partial(open_local_engine, launch), glyphs=UNICODE)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: "failed" in app.screen.query_one("#list", ListPanel).text)
        row = app.screen.query_one("#list", ListPanel).text.split("\n")[2].split()
        assert row[1:3] == ["1", "sync"]

        await pilot.press("enter")
        await until(pilot, lambda: "nothing to embed" in app.screen.query_one("#detail", Panel).text)

        await pilot.press("6")
        await until(pilot, lambda: "nothing to embed" in app.screen.query_one("#list", Tail).text)
        await pilot.press("o")
        await until(pilot, lambda: "from before" in app.screen.query_one("#list", Tail).text)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    app.poller.finish()
    assert app.state.failure is None
