"""The runs screen: how it looks, its keys, and the real engine behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from console import run_samples, samples
from console.conftest import console_of, settled, until
from console.fakes import FakeEngine
from embedconsole.console.screens.runs import RunsScreen
from embedconsole.console.text import ASCII, plain, width
from embedconsole.console.views.runs import Present, run_columns, run_line, run_row
from embedconsole.console.widgets.base import Panel
from embedconsole.console.widgets.list import ListPanel
from embedconsole.faults import Transient

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

    from console.conftest import MakeConsole
    from embedconsole.sync.observe.run_history import PastRun
    from embedconsole.sync.observe.snapshot import Snapshot

    Compare = Callable[..., bool]

pytestmark = pytest.mark.anyio

SIZES = {"80x24": (80, 24), "120x40": (120, 40), "60x24": (60, 24)}


def client(runs: tuple[PastRun, ...] = (), shown: Snapshot | None = None) -> FakeEngine:
    """An engine that knows these runs."""
    answers: dict[str, object] = {"recent_runs": runs, "run_detail": run_samples.in_detail()}
    return FakeEngine(shown or run_samples.while_one_goes_on(), answers=answers)


def the_list(pilot: Pilot[int]) -> ListPanel[PastRun]:
    """The list of runs."""
    return pilot.app.screen.query_one("#list", ListPanel)


def told(pilot: Pilot[int]) -> str:
    """What the detail says."""
    return pilot.app.screen.query_one("#detail", Panel).text


async def on_runs(pilot: Pilot[int]) -> None:
    """Go there, and wait for what was looked up."""
    await settled(pilot)
    await pilot.press("4")
    await until(
        pilot, lambda: isinstance(pilot.app.screen, RunsScreen) and "Asking" not in the_list(pilot).text
    )


async def in_detail(pilot: Pilot[int]) -> None:
    """The third of them in full."""
    await on_runs(pilot)
    await pilot.press("j", "j", "enter")
    await until(pilot, lambda: "began" in told(pilot))


# How it looks

STATES = {
    "busy": (run_samples.many(), run_samples.while_one_goes_on()),
    "empty": ((), samples.nothing_yet()),
    "hostile": (run_samples.hostile_runs(), samples.hostile()),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_runs(snap_compare: Compare, make_console: MakeConsole, state: str, size: str) -> None:
    console = make_console(client(*STATES[state]))

    assert snap_compare(console, terminal_size=SIZES[size], run_before=on_runs)


@pytest.mark.parametrize("size", ["80x24", "120x40"])
def test_a_run_in_full(snap_compare: Compare, make_console: MakeConsole, size: str) -> None:
    console = make_console(client(run_samples.many()))

    assert snap_compare(console, terminal_size=SIZES[size], run_before=in_detail)


def test_a_hostile_run_in_full(snap_compare: Compare, make_console: MakeConsole) -> None:
    engine = client(run_samples.hostile_runs())
    engine.answers["run_detail"] = run_samples.hostile_detail()

    async def open_it(pilot: Pilot[int]) -> None:
        await on_runs(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "began" in told(pilot))

    assert snap_compare(make_console(engine), terminal_size=(80, 24), run_before=open_it)


def test_disconnected(snap_compare: Compare, make_console: MakeConsole) -> None:
    engine = client(shown=samples.disconnected())
    engine.fault = Transient("ledger", "the server closed the connection")

    assert snap_compare(make_console(engine), terminal_size=(80, 24), run_before=on_runs)


def test_without_colours_and_drawings(
    snap_compare: Compare, make_console: MakeConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console = make_console(client(run_samples.many()), read_only=True)
    console.glyphs = ASCII

    assert snap_compare(console, terminal_size=(80, 24), run_before=on_runs)


@pytest.mark.parametrize("cells", [40, 57, 77, 90, 117, 160])
@pytest.mark.parametrize("priced", [True, False])
def test_columns_are_aligned_under_their_titles(cells: int, priced: bool) -> None:
    seen = Present(samples.WALL, samples.ZONE)
    titles = plain(run_columns(cells + 1, priced=priced))[1:]

    lines = [run_line(run_row(run, seen), cells, priced=priced) for run in run_samples.many()]

    outcome = titles.index("outcome")
    assert {plain(line)[outcome : outcome + 4] for line in lines} >= {"in s", "some", "runn", "kill"}
    failed = titles.index("failed") + len("failed")
    assert {plain(line)[failed - 1] for line in lines} <= set("03 ")
    assert ("cost" in titles) <= priced
    if cells >= 77:
        assert max(width(line) for line in lines) <= cells


def test_a_run_of_this_process_has_its_counts_while_it_goes_on() -> None:
    run = run_samples.many()[0]
    progress = tuple(view.progress for view in samples.busy().pipelines if view.progress is not None)

    here = run_row(run, Present(samples.WALL, samples.ZONE, {run.id: progress}))
    elsewhere = run_row(run, Present(samples.WALL, samples.ZONE, {run.id + 1: progress}))

    assert (here.embedded, here.took) == (samples.DONE, "1m35")
    assert here.words == f"running {samples.DONE * 100 // 120_340} %"
    assert (elsewhere.embedded, elsewhere.words) == (None, "running")


# Keys and flows


async def test_moving_about_opens_nothing(make_console: MakeConsole) -> None:
    app = make_console(client(run_samples.many()))
    async with app.run_test(size=(80, 24)) as pilot:
        await on_runs(pilot)
        await pilot.press("j", "G", "k")
        await pilot.pause()

        assert the_list(pilot).has_focus


async def test_enter_opens_a_run_and_escape_goes_back_to_its_row(make_console: MakeConsole) -> None:
    app = make_console(client(run_samples.many()))
    async with app.run_test(size=(80, 24)) as pilot:
        await in_detail(pilot)
        assert "the image can't be read" in told(pilot)

        await pilot.press("escape")

        assert the_list(pilot).has_focus
        assert the_list(pilot).current == run_samples.many()[2]


async def test_once_the_ledger_answers_again_nothing_is_said_of_it_any_more(
    make_console: MakeConsole,
) -> None:
    engine = client(run_samples.many())
    engine.fault = Transient("ledger", "the server closed the connection")
    app = make_console(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_runs(pilot)
        await until(pilot, lambda: "closed the connection" in the_list(pilot).text)
        engine.fault = None
        assert isinstance(app.screen, RunsScreen)

        app.screen.look_anew()
        await until(pilot, lambda: len(the_list(pilot).rows) == 40)
        assert "closed the connection" not in the_list(pilot).text


async def test_a_filter_finds_words_of_a_run(make_console: MakeConsole) -> None:
    app = make_console(client(run_samples.many()))
    async with app.run_test(size=(80, 24)) as pilot:
        await on_runs(pilot)
        await pilot.press("/")
        app.screen.query_one(Input).value = "web2 due"
        await until(pilot, lambda: len(the_list(pilot).rows) == 1)
        assert "1 of 40 with web2 due" in the_list(pilot).text

        app.screen.query_one(Input).value = "ml_token"
        await until(pilot, lambda: [run.id for run in the_list(pilot).rows] == [1_994])

        app.screen.query_one(Input).value = "nowhere"
        await until(pilot, lambda: "No run that is kept has all" in the_list(pilot).text)
        await pilot.press("escape")
        assert len(the_list(pilot).rows) == 40


async def test_the_cursor_stays_with_its_run_but_at_the_newest_it_stays_there(
    make_console: MakeConsole,
) -> None:
    engine = client(run_samples.many()[1:])
    app = make_console(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_runs(pilot)
        screen = app.screen
        assert isinstance(screen, RunsScreen)

        engine.answers["recent_runs"] = run_samples.many()
        screen.look_anew()
        await until(pilot, lambda: len(the_list(pilot).rows) == 40)
        assert the_list(pilot).current == run_samples.many()[0]

        await pilot.press("j", "j")
        new = replace(run_samples.many()[0], id=2_000)
        engine.answers["recent_runs"] = (new, *run_samples.many())
        screen.look_anew()
        await until(pilot, lambda: len(the_list(pilot).rows) == 41)
        assert the_list(pilot).current == run_samples.many()[2]


async def test_copying_a_run_copies_its_line(
    make_console: MakeConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    app = make_console(client(run_samples.many()))
    monkeypatch.setattr(app, "copy", copied.append)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_runs(pilot)
        await pilot.press("j", "y", "k")
        await in_detail(pilot)
        await pilot.press("y")

    assert copied[0].split()[:3] == ["1998", "due", "21m"]
    assert copied[0].endswith("web2")
    assert "the image can't be read" in copied[1]
    assert console_of(pilot) is app
