"""How the screens look in every state and size. After a meant change: `--snapshot-update`, and look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console import samples
from console.conftest import modal, settled, settled_on
from console.fakes import FakeEngine
from embedconsole.sync.inspect.checks import Check

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

    from console.conftest import MakeConsole

    Compare = Callable[..., bool]

STATES = {
    "in_sync": samples.in_sync,
    "empty": samples.nothing_yet,
    "busy": samples.busy,
    "throttled": samples.throttled,
    "failing": samples.failing,
    "disconnected": samples.disconnected,
    "hostile": samples.hostile,
}
SIZES = {"80x24": (80, 24), "120x40": (120, 40), "60x24": (60, 24), "200x50": (200, 50)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_dashboard(snap_compare: Compare, make_console: MakeConsole, state: str, size: str) -> None:
    console = make_console(FakeEngine(STATES[state]()))

    assert snap_compare(console, terminal_size=SIZES[size], run_before=settled)


@pytest.mark.parametrize("size", ["80x24", "120x40"])
@pytest.mark.parametrize("state", ["busy", "empty", "disconnected", "hostile"])
def test_overview(snap_compare: Compare, make_console: MakeConsole, state: str, size: str) -> None:
    async def open_it(pilot: Pilot[int]) -> None:
        await settled(pilot)
        await pilot.press("0")

    console = make_console(FakeEngine(STATES[state]()), count=2)
    assert snap_compare(console, terminal_size=SIZES[size], run_before=open_it)


def test_paused(snap_compare: Compare, make_console: MakeConsole) -> None:
    client = FakeEngine(samples.busy())

    async def pause(pilot: Pilot[int]) -> None:
        await settled(pilot)
        client.shown = samples.paused()
        await pilot.press("space")
        await settled_on(pilot, client.shown)

    assert snap_compare(make_console(client), terminal_size=(80, 24), run_before=pause)


def test_leaving(snap_compare: Compare, make_console: MakeConsole) -> None:
    client = FakeEngine(samples.busy(), stays=True)

    async def leave(pilot: Pilot[int]) -> None:
        await settled(pilot)
        await pilot.press("q")
        await pilot.pause()

    assert snap_compare(make_console(client), terminal_size=(80, 24), run_before=leave)


def test_read_only(snap_compare: Compare, make_console: MakeConsole) -> None:
    console = make_console(FakeEngine(samples.in_sync()), read_only=True)

    assert snap_compare(console, terminal_size=(80, 24), run_before=settled)


def test_no_color(snap_compare: Compare, make_console: MakeConsole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console = make_console(FakeEngine(samples.failing()))

    assert snap_compare(console, terminal_size=(80, 24), run_before=settled)


def test_light(snap_compare: Compare, make_console: MakeConsole) -> None:
    console = make_console(FakeEngine(samples.busy()))
    console.theme = "embedconsole-light"

    assert snap_compare(console, terminal_size=(80, 24), run_before=settled)


@pytest.mark.parametrize(
    ("name", "keys"), [("help", "question_mark"), ("init", "i"), ("force", "f"), ("retry", "r")]
)
def test_modals(snap_compare: Compare, make_console: MakeConsole, name: str, keys: str) -> None:
    async def open_it(pilot: Pilot[int]) -> None:
        await settled(pilot)
        await pilot.press(keys)
        await modal(pilot)

    assert snap_compare(make_console(FakeEngine(samples.busy())), terminal_size=(80, 24), run_before=open_it)


def test_checks(snap_compare: Compare, make_console: MakeConsole) -> None:
    checks = [
        Check("ledger", ok=True, detail="sqlite, 1 process running", seconds=0.003),
        Check("catalog", ok=True, detail="987,655 items; columns id, title, description", seconds=0.2),
        Check("embedder ml", ok=False, detail="embedding service ml: connection refused [x]", seconds=1.2),
    ]

    async def open_it(pilot: Pilot[int]) -> None:
        await settled(pilot)
        await pilot.press("t")
        await modal(pilot)

    console = make_console(FakeEngine(samples.in_sync(), checks=checks))
    assert snap_compare(console, terminal_size=(80, 24), run_before=open_it)
