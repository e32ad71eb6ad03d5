"""The console on the real engine: the demo's catalog, embedder and collection."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from console.conftest import console_of, modal, until
from embedconsole.config.paths import ledger_url
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.console.app import Console
from embedconsole.console.launch import Launch
from embedconsole.console.local_engine import open_local_engine
from embedconsole.console.screens.item import ItemPanel
from embedconsole.console.text import UNICODE
from embedconsole.console.widgets.base import Lines, Panel
from embedconsole.console.widgets.input import SearchBox
from embedconsole.demo.setup import prepare_demo

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from embedconsole.ledger.records.history import RunRecord

pytestmark = pytest.mark.anyio


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    """The demo with 200 products."""
    settings = prepare_demo(tmp_path, 200).loaded.settings
    return Launch(resolve_pipelines(settings, ()), ledger_url(settings), every=3600.0)


def console(launch: Launch) -> Console:
    """A console at work."""
    return Console(launch, partial(open_local_engine, launch), glyphs=UNICODE)


def sentence(pilot: Pilot[int]) -> str:
    """The second line."""
    return pilot.app.screen_stack[0].query_one("#sentence", Lines).text.replace("\n", " ")


async def at_rest(pilot: Pilot[int], runs: int) -> None:
    """Wait until so many runs are over and all of it is seen."""

    def reached() -> bool:
        snapshot = console_of(pilot).state.snapshot
        if snapshot is None or snapshot.run is not None or not snapshot.runs:
            return False
        newest, counts = snapshot.runs[0], snapshot.pipelines[0].counts
        ended = newest.id >= runs and newest.ended_at is not None
        return ended and counts is not None and counts.pending == 0 and snapshot.next_run is not None

    await until(pilot, reached)


async def test_a_session(launch: Launch, tmp_path: Path) -> None:
    app = console(launch)
    async with app.run_test(size=(80, 24)) as pilot:
        # The schedule begins with a run, as the daemon's does.
        await at_rest(pilot, 1)
        snapshot = app.state.snapshot
        assert snapshot is not None
        counts = snapshot.pipelines[0].counts
        assert counts is not None
        total = counts.total
        assert counts.synced > 190

        # A change in the catalog, and a run by hand.
        with sqlite3.connect(tmp_path / "shop.db") as shop:
            shop.execute(
                "UPDATE products SET title = 'changed', updated_at = datetime('now') "
                "WHERE id = (SELECT min(id) FROM products WHERE deleted_at IS NULL)"
            )
        await pilot.press("s")
        await at_rest(pilot, 2)
        assert figure(app, "embedded") == 1

        # Everything again, after a question.
        await pilot.press("f")
        await modal(pilot)
        await pilot.press("y")
        await until(pilot, lambda: kinds(app)[:1] == ["force"])
        await at_rest(pilot, 3)
        forced = next(run for run in seen_runs(app) if run.kind == "force")
        assert forced.report is not None
        assert forced.report["pipelines"]["products"]["embedded"] == total  # type: ignore[index]

        # The checks, on parts that are open already.
        await pilot.press("t")
        await modal(pilot)
        await until(pilot, lambda: "All is well." in pilot.app.screen.query_one(Panel).text)
        await pilot.press("escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)

        # The collection is as configured.
        await pilot.press("i")
        await modal(pilot)
        assert "exists and is as configured" in pilot.app.screen.query_one(Panel).text.replace("\n ", " ")
        await pilot.press("escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)
        assert f"{counts.synced:,}" in sentence(pilot)

        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    app.poller.finish()
    assert app.state.failure is None
    assert app.return_value == 0


async def test_failures_are_looked_at_skipped_and_put_back(launch: Launch, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("UPDATE products SET title = '', description = '', image_url = NULL WHERE id < 4")
    app = console(launch)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_rest(pilot, 1)
        await pilot.press("2")
        await until(pilot, lambda: "nothing to embed" in part(pilot, "causes"))
        await pilot.press("enter")
        await until(pilot, lambda: "› " in part(pilot, "items"))
        await pilot.press("enter")
        await until(pilot, lambda: "No such point." in pilot.app.screen.query_one(ItemPanel).copyable)
        assert "Give it a text or an image" in part(pilot, "blame")

        await pilot.press("d")
        await until(pilot, lambda: "skipped" in part(pilot, "item"))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: "skipped" in part(pilot, "causes"))

        with sqlite3.connect(tmp_path / "shop.db") as shop:
            shop.execute("UPDATE products SET title = 'mended' WHERE id < 4")
        await pilot.press("g", "r")
        await until(pilot, lambda: "nothing to embed" not in part(pilot, "causes").split("skipped")[0])
        await until(pilot, lambda: failed_now(app) == 0)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    app.poller.finish()
    assert app.state.failure is None


async def test_pause_holds_and_workers_change(launch: Launch) -> None:
    app = console(launch)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_rest(pilot, 1)
        await pilot.press("space")
        await until(pilot, lambda: "Paused by you" in sentence(pilot))
        await pilot.press("space", "+")
        await until(pilot, lambda: not sentence(pilot).startswith("Paused"))
        view = app.state.pipeline_view
        assert view is not None
        await until(pilot, lambda: "9 workers" in pilot.app.screen.query_one("#state", Lines).text)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    app.poller.finish()


async def test_a_pipeline_that_cant_run_says_why_and_runs_once_it_can(launch: Launch) -> None:
    """A template that names a column the catalog does not have is found only when the run begins."""
    pipeline = launch.pipelines[0]
    vectors = {
        name: config.model_copy(update={"text": "{no_such_column}"})
        for name, config in pipeline.vectors.items()
    }
    app = console(replace(launch, pipelines=[replace(pipeline, vectors=vectors)]))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "no_such_column" in sentence(pilot))
        assert sentence(pilot).startswith("Stopped:")

        await pilot.press("s")
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    app.poller.finish()


async def test_read_only_syncs_nothing(launch: Launch) -> None:
    app = console(replace(launch, read_only=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: sentence(pilot) == "Nothing synced yet.")
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    app.poller.finish()
    assert not seen_runs(app)


def part(pilot: Pilot[int], name: str) -> str:
    """What a part of the screen says."""
    return pilot.app.screen_stack[0].query_one(f"#{name}", Lines).text


def failed_now(app: Console) -> int | None:
    """Items that failed."""
    view = app.state.pipeline_view
    return None if view is None or view.counts is None else view.counts.failed


def seen_runs(app: Console) -> tuple[RunRecord, ...]:
    """The runs in the ledger, newest first."""
    snapshot = app.state.snapshot
    return () if snapshot is None else snapshot.runs


def kinds(app: Console) -> list[str]:
    """What kinds of runs there were, newest first."""
    return [run.kind for run in seen_runs(app)]


def figure(app: Console, name: str) -> object:
    """A figure of the newest run."""
    report = seen_runs(app)[0].report
    assert report is not None
    return report["pipelines"]["products"][name]  # type: ignore[index]


async def test_searching_and_looking_at_the_collection(launch: Launch) -> None:
    app = console(launch)
    async with app.run_test(size=(120, 40)) as pilot:
        await at_rest(pilot, 1)
        await pilot.press("3")
        await until(pilot, lambda: "ready" in app.screen.query_one("#facts", Lines).text)
        assert "as configured" in app.screen.query_one("#schema", Lines).text

        await pilot.press("5")
        await until(pilot, lambda: isinstance(app.focused, SearchBox))
        await pilot.press(*"red shoes", "enter")
        await until(pilot, lambda: "30 products; embedded in" in app.screen.query_one("#told", Lines).text)
        await pilot.press("m")
        await until(pilot, lambda: "30 products like" in app.screen.query_one("#told", Lines).text)
        await pilot.press("enter")
        await until(pilot, lambda: "It is in sync" in app.screen.query_one("#detail", Lines).text)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    app.poller.finish()
