"""The dashboard's past: its keys, and how it looks; on a real ledger with a past of its own making."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from console import samples
from console.conftest import console_of, settled, until
from console.fakes import FakeEngine
from embedconsole.console.replay import LOOKING_BACK
from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.observe.past import replayed
from embedconsole.sync.observe.snapshot import EngineState
from embedconsole.sync.observe.snapshot_json import picture_of
from embedconsole.sync.shared.control import Pause
from support import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from textual.pilot import Pilot

    from console.conftest import MakeConsole
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.observe.past import Replayed, Seek
    from embedconsole.sync.observe.snapshot import Snapshot

    Compare = Callable[..., bool]

NIGHT = samples.WALL - 7 * 3600 - 1130
"""02:14:30."""

COLLECTIONS = {"products": "products", "pictures": "pictures"}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Empty."""
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        yield ledger


@pytest.fixture
def night(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """An incident: busy, the embedder away, paused by somebody; then nothing for hours, and at rest."""

    def taken(at: float, snapshot: Snapshot, done: int = 0) -> None:
        # Its times are those of the engine that took it, which began long before.
        taken_at = samples.NOW + samples.WALL - at
        with monkeypatch.context() as clock:
            clock.setattr("time.time", lambda: samples.WALL)
            told = picture_of(snapshot.pipelines[0], replace(snapshot, taken_at=taken_at))
        recorded.picture(ledger, at, told, worker=samples.ME, done=done)

    for step in range(20):
        recorded.picture(ledger, NIGHT - 600 + 30 * step, None, done=3000 + 700 * (step % 4))
    taken(NIGHT - 3 * 3600, samples.in_sync())
    taken(NIGHT - 15, samples.busy(), done=3500)
    taken(NIGHT, samples.failing(), done=200)
    pause = Pause(NIGHT + 10, "anna@shop")
    taken(NIGHT + 15, replace(samples.busy(), state=EngineState.PAUSED, pause=pause))
    taken(NIGHT + 3 * 3600, samples.in_sync())
    recorded.run(ledger, NIGHT - 7000, NIGHT - 6990, embedded=12)
    recorded.run(ledger, NIGHT - 400, NIGHT + 900, embedded=120_000)
    for second, message in enumerate(("connection refused", "connection refused", "\x1b]52;c;x\x07 [b]name")):
        recorded.event(ledger, NIGHT - 3 + second, message)
    recorded.event(ledger, NIGHT + 60, "not yet")
    return ledger


def helm_on(ledger: Ledger, shown: Snapshot | None = None) -> FakeEngine:
    """An engine that reads the past out of this ledger."""

    def look_back(pipeline: str, seek: Seek) -> Replayed | None:
        return replayed(ledger, COLLECTIONS, pipeline, seek)

    client = FakeEngine(shown or samples.in_sync())
    client.answers["look_back"] = look_back
    return client


def moment(pilot: Pilot[int]) -> str:
    """The time of the past moment in the first line, or the state in the present."""
    place = console_of(pilot).place
    assert place is not None
    assert place._view is not None
    return place._view.status.state.split()[-1]


def sentence(pilot: Pilot[int]) -> str:
    place = console_of(pilot).place
    assert place is not None
    assert place._view is not None
    return place._view.sentence


async def goes_to(pilot: Pilot[int], key: str, expected: str) -> None:
    """A key leads to a moment."""
    await pilot.press(key)
    await until(pilot, lambda: moment(pilot) == expected)


async def back(pilot: Pilot[int], steps: int = 3) -> None:
    """To so many steps before the latest moment."""
    await settled(pilot)
    await goes_to(pilot, "b", "05:14:30")
    for at in ("02:14:45", "02:14:30", "02:14:15", "23:14:30")[:steps]:
        await goes_to(pilot, "left", at)


@pytest.mark.anyio
async def test_every_key_leads_along_the_past(make_console: MakeConsole, night: Ledger) -> None:
    console = make_console(helm_on(night))
    async with console.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("left", "h", "less_than_sign", "escape")
        await pilot.pause()
        assert moment(pilot) == "idle", "only b goes back"

        await goes_to(pilot, "b", "05:14:30")
        await goes_to(pilot, "left", "02:14:45")
        await goes_to(pilot, "h", "02:14:30")
        await goes_to(pilot, "right", "02:14:45")
        await goes_to(pilot, "h", "02:14:30")
        await goes_to(pilot, "l", "02:14:45")
        # No moment within ten minutes: the one before, or the next.
        for key, at in (("shift+left", "23:14:30"), ("shift+right", "02:14:15"), (">", "02:14:45")):
            await goes_to(pilot, key, at)
        for key, at in (("}", "05:14:30"), ("{", "02:14:45"), ("<", "23:14:30")):
            await goes_to(pilot, key, at)
        await goes_to(pilot, "right", "02:14:15")
        await goes_to(pilot, "home", "23:14:30")
        await goes_to(pilot, "escape", "idle")

        for key in ("end", "b"):
            await goes_to(pilot, "b", "05:14:30")
            await goes_to(pilot, key, "idle")
        await goes_to(pilot, "b", "05:14:30")
        await goes_to(pilot, "right", "idle")


@pytest.mark.anyio
async def test_the_past_says_what_it_said_then_and_how_to_move(
    make_console: MakeConsole, night: Ledger
) -> None:
    console = make_console(helm_on(night), keys={"now": "f9"})
    async with console.run_test(size=(80, 24)) as pilot:
        await back(pilot, 1)
        how = "left/right step, < > 10 min, { } 1 h, f9 is now."
        assert sentence(pilot).startswith(f"As it was 7 h 19 min ago. {how}")
        assert sentence(pilot).endswith("Paused by anna@shop at 02:14; 12,352 products wait.")


@pytest.mark.anyio
async def test_the_past_is_not_to_be_changed_and_the_present_goes_on(
    make_console: MakeConsole, night: Ledger
) -> None:
    client = helm_on(night)
    console = make_console(client)
    async with console.run_test(size=(80, 24), notifications=True) as pilot:
        await back(pilot, 2)
        await pilot.press("s", "space", "plus", "x", "r", "f", "i")
        await pilot.pause()
        assert client.asked == []
        assert {toast.message for toast in console._notifications} == {LOOKING_BACK}
        assert len(console.screen_stack) == 1, "nothing is asked either"

        client.shown = samples.busy()
        await until(pilot, lambda: console.state.snapshot is client.shown)
        assert moment(pilot) == "02:14:30"
        await pilot.press("escape")
        assert moment(pilot) == "running", "at once"
        assert console.state.why_not is None


@pytest.mark.anyio
async def test_other_screens_are_of_the_present(make_console: MakeConsole, night: Ledger) -> None:
    console = make_console(helm_on(night), count=2)
    async with console.run_test(size=(80, 24)) as pilot:
        await back(pilot, 1)
        await pilot.press("0")
        await until(pilot, lambda: console.place is not None and console.place.place == "pipelines")
        assert moment(pilot) == "idle"
        assert console.state.why_not is None
        await pilot.press("1")
        await until(pilot, lambda: moment(pilot) == "02:14:45")
        assert console.state.why_not == LOOKING_BACK
        # Of the other pipeline nothing was recorded.
        await pilot.press("right_square_bracket")
        assert "How many pictures waited then was not recorded." in sentence(pilot)
        assert moment(pilot) == "02:14:45"


@pytest.mark.anyio
async def test_keys_that_are_faster_than_the_ledger_are_all_gone_by(
    make_console: MakeConsole, night: Ledger
) -> None:
    console = make_console(helm_on(night))
    async with console.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        await goes_to(pilot, "b", "05:14:30")
        await pilot.press("left", "left", "left", "left")
        await until(pilot, lambda: moment(pilot) == "23:14:30")
        assert not console._notifications
        await pilot.press("left")
        await until(pilot, lambda: len(console._notifications) == 1)
        assert [toast.message for toast in console._notifications] == ["Nothing older is kept."]


@pytest.mark.anyio
async def test_where_nothing_is_recorded_it_says_so(make_console: MakeConsole, ledger: Ledger) -> None:
    console = make_console(helm_on(ledger))
    async with console.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("b")
        await until(pilot, lambda: len(console._notifications) == 1)
        assert moment(pilot) == "idle"


@pytest.mark.anyio
async def test_who_leaves_sees_that(make_console: MakeConsole, night: Ledger) -> None:
    client = helm_on(night)
    client.stays = True
    console = make_console(client)
    async with console.run_test(size=(80, 24)) as pilot:
        await back(pilot, 1)
        await pilot.press("q")
        await until(pilot, lambda: sentence(pilot).startswith("Leaving"))
        client.stop()


@pytest.mark.anyio
async def test_it_may_begin_in_the_past(make_console: MakeConsole, night: Ledger) -> None:
    console = make_console(helm_on(night), read_only=True, replay_from=NIGHT + 5)
    async with console.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: moment(pilot) == "02:14:30")
        await goes_to(pilot, "escape", "read-only")
        await pilot.pause()
        assert moment(pilot) == "read-only", "once"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 24)])
@pytest.mark.parametrize("steps", [1, 2, 3], ids=["paused", "failing", "busy"])
def test_replay(
    snap_compare: Compare, make_console: MakeConsole, night: Ledger, steps: int, size: tuple[int, int]
) -> None:
    assert snap_compare(
        make_console(helm_on(night)), terminal_size=size, run_before=partial(back, steps=steps)
    )


def test_replay_of_little(snap_compare: Compare, make_console: MakeConsole, ledger: Ledger) -> None:
    recorded.picture(ledger, NIGHT, {"state": "running"})

    async def look(pilot: Pilot[int]) -> None:
        await settled(pilot)
        await goes_to(pilot, "b", "02:14:30")

    assert snap_compare(make_console(helm_on(ledger)), terminal_size=(80, 24), run_before=look)
