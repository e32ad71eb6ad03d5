"""A console that watches a daemon, a real one in a process of its own, and steers it through the ledger."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
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
from embedconsole.console.text import UNICODE
from embedconsole.console.widgets.base import Lines
from embedconsole.demo.setup import prepare_demo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from textual.pilot import Pilot

pytestmark = pytest.mark.anyio


@contextmanager
def daemon(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`embedconsole demo --headless`, killed at the end."""
    environment = {**os.environ, "EMBEDCONSOLE_LOG_DIR": str(folder), "EMBEDCONSOLE_STATE_DIR": str(folder)}
    command = [sys.executable, "-m", "embedconsole", "demo", "--dir", str(folder), "--headless"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def shown(pilot: Pilot[int], selector: str) -> str:
    """What a part of the screen says."""
    return pilot.app.screen_stack[0].query_one(selector, Lines).text.replace("\n", " ")


def toasts(pilot: Pilot[int]) -> str:
    """What the operator was told."""
    return " ".join(notification.message for notification in console_of(pilot)._notifications)


async def test_a_daemon_is_watched_and_steered(tmp_path: Path) -> None:
    settings = prepare_demo(tmp_path, 200).loaded.settings
    launch = Launch(resolve_pipelines(settings, ()), ledger_url(settings), every=3600.0)
    with daemon(tmp_path) as process:
        told = replace(launch, attach=True)
        watching = Console(told, partial(open_local_engine, told), glyphs=UNICODE)
        async with watching.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: "In sync." in shown(pilot, "#sentence"))
            await until(pilot, lambda: "next run" in shown(pilot, "#sentence"))
            await pilot.press("q")
        # Not told to attach: it does so because a daemon has the work.
        app = Console(launch, partial(open_local_engine, launch), glyphs=UNICODE)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: "attached" in shown(pilot, "#state"))

            await pilot.press("space")
            await until(pilot, lambda: "Paused by you" in shown(pilot, "#sentence"))
            await pilot.press("space")
            await until(pilot, lambda: "Paused" not in shown(pilot, "#sentence"))
            await pilot.press("f")
            await modal(pilot)
            await pilot.press("y")
            await until(pilot, lambda: "took the order" in toasts(pilot))
            await until(pilot, lambda: latest(pilot) == ("force", "ok"))

            process.kill()
            process.wait()
            await until(pilot, lambda: "No daemon is running on this ledger" in shown(pilot, "#sentence"))
            await pilot.press("q")


def latest(pilot: Pilot[int]) -> tuple[str, str | None]:
    """Kind and outcome of the latest run."""
    snapshot = console_of(pilot).state.snapshot
    return (snapshot.runs[0].kind, snapshot.runs[0].outcome) if snapshot and snapshot.runs else ("", None)
