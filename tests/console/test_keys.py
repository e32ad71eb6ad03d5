"""Every key, against an engine that only notes what it is asked."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Static

from console import run_samples, samples
from console.conftest import console_of, modal, settled, settled_on, until
from console.fakes import SCHEMA, TARGET, FakeEngine
from embedconsole.collection.compare import Difference
from embedconsole.console.app import Console
from embedconsole.console.launch import Launch
from embedconsole.console.text import UNICODE
from embedconsole.console.widgets.base import Lines, Panel
from embedconsole.faults import Unreachable
from embedconsole.sync.daemon.orders import OrderedRun
from embedconsole.sync.inspect.checks import Check
from embedconsole.sync.run.init import InitPlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.pilot import Pilot

    from console.conftest import MakeConsole
    from embedconsole.config.pipeline import Pipeline

pytestmark = pytest.mark.anyio


def toasts(pilot: Pilot[int]) -> list[str]:
    """What the operator was told."""
    return [notification.message for notification in console_of(pilot)._notifications]


def text(pilot: Pilot[int], selector: str) -> str:
    """What a part of the dashboard shows."""
    return pilot.app.screen_stack[0].query_one(selector, Lines).text


@pytest.mark.parametrize(
    ("key", "asked"),
    [("s", "sync"), ("space", "pause"), ("plus", ("workers", 9)), ("minus", ("workers", 7))],
)
async def test_a_key_is_a_wish(make_console: MakeConsole, key: str, asked: object) -> None:
    client = FakeEngine(samples.in_sync())
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press(key)

        assert client.asked == [asked]


async def test_space_pauses_and_resumes(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.busy())
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        client.shown = samples.paused()
        await pilot.press("space")
        await settled_on(pilot, client.shown)

        assert "Paused by you at 09:33" in text(pilot, "#sentence")
        assert "space resume" in text(pilot, "#keys")

        await pilot.press("space")
        await until(pilot, lambda: client.asked == ["pause", "resume"])


async def test_workers_never_fall_below_one(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.snapshot(samples.pipeline_view(workers=2)))
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("minus", "minus", "minus", "+")

        assert client.asked == [("workers", 1), ("workers", 1), ("workers", 1), ("workers", 2)]


@pytest.mark.parametrize(
    ("answer", "forced"), [("enter", False), ("escape", False), ("n", False), ("y", True)]
)
async def test_force_asks_and_no_is_the_default(make_console: MakeConsole, answer: str, forced: bool) -> None:
    client = FakeEngine(samples.in_sync())
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("f")
        await modal(pilot)
        assert client.asked == []

        await pilot.press(answer)
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)

        assert client.asked == (["force"] if forced else [])


async def test_force_of_some_is_counted_before_it_is_chosen(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.in_sync(), answers={"count_forced": 1_250})
    async with make_console(client, count=2).run_test() as pilot:
        await settled(pilot)
        await pilot.press("f")
        await modal(pilot)
        await pilot.press("o", *"category=shoes,35", "enter")
        question = pilot.app.screen.query_one("#text", Static)
        await until(pilot, lambda: "1,250 products" in str(question.render()))
        assert "0.28 to pay" in str(question.render())
        await pilot.press("a", "y")
        await until(pilot, lambda: client.asked == ["force"])

        assert client.wishes == [OrderedRun(force=True, pipelines=None, only=("category=shoes", "35"))]


async def test_escape_leaves_the_line_of_the_choice_first(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.in_sync())
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("f")
        await modal(pilot)
        await pilot.press("o", "y", "escape")
        assert len(pilot.app.screen_stack) == 2
        await pilot.press("escape")

        assert len(pilot.app.screen_stack) == 1
        assert client.asked == []


async def test_force_can_be_chosen_with_the_arrows(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.in_sync())
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("f")
        await modal(pilot)
        await pilot.press("right", "enter")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)

        assert client.asked == ["force"]


async def test_retry_asks_where_it_costs(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.failing())
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("r")
        await modal(pilot)
        await pilot.press("y")
        await until(pilot, lambda: "3 products put back; they are next." in toasts(pilot))

        assert client.asked == [("retry", "products")]


async def test_retry_with_nothing_to_retry_says_so(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.in_sync())
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("r")
        await until(pilot, lambda: "There is nothing to retry." in toasts(pilot))

        assert client.asked == []


async def test_init_shows_first_and_does_then(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.nothing_yet())
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("i")
        await modal(pilot)
        shown = str(pilot.app.screen.query_one("#text", Static).content)
        assert "does not exist yet" in shown
        assert "title text, price float" in shown
        assert client.asked == []

        # Creating costs nothing and removes nothing: enter does it.
        await pilot.press("enter")
        await until(pilot, lambda: bool(pilot.app.screen.query(Panel)))
        assert client.asked == [("init", "products")]
        assert "Created collection products" in pilot.app.screen.query_one(Panel).text
        await pilot.press("escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)


async def test_init_that_is_to_pay_for_a_size_defaults_to_no(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.nothing_yet(), answers={"init_planned": InitPlan(TARGET, False, asks=("",))})
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("i")
        await modal(pilot)
        assert "one embedding" in str(pilot.app.screen.query_one("#text", Static).content)
        await pilot.press("enter")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)

        assert client.asked == []


async def test_init_with_nothing_to_do_lists_what_differs(make_console: MakeConsole) -> None:
    difference = Difference("vector.size", "512", "768", True, "create another collection")
    plan = InitPlan(TARGET, True, SCHEMA.vectors, left=(difference,))
    client = FakeEngine(samples.in_sync(), answers={"init_planned": plan})
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("i")
        await modal(pilot)

        shown = pilot.app.screen.query_one(Panel).text.replace("\n ", " ")
        assert "REFUSED: vector.size is 768, configured is 512: create another collection" in shown
        assert client.asked == []


async def test_a_fault_is_told_and_ends_nothing(make_console: MakeConsole) -> None:
    client = FakeEngine(
        samples.nothing_yet(), fault=Unreachable("Qdrant", "no route to [bold]host[/] \x1b[2J")
    )
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("i")
        await until(pilot, lambda: bool(toasts(pilot)))

        assert toasts(pilot) == ["Qdrant: no route to [bold]host[/] \ufffd[2J"]
        assert pilot.app.is_running


async def test_test_fills_in_line_by_line(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.in_sync(), checks=[Check("ledger", ok=True, detail="sqlite", seconds=0.01)])
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("t")
        await until(
            pilot,
            lambda: len(pilot.app.screen_stack) > 1 and "sqlite" in pilot.app.screen.query_one(Panel).text,
        )

        shown = pilot.app.screen.query_one(Panel).text
        assert " ok   ledger" in shown
        assert "... catalog" in shown
        assert "embedder ml" in shown


async def test_help_lists_every_action(make_console: MakeConsole) -> None:
    async with make_console(FakeEngine(samples.in_sync())).run_test(size=(120, 140)) as pilot:
        await settled(pilot)
        await pilot.press("question_mark")
        await modal(pilot)
        shown = pilot.app.screen.query_one(Panel).text

        for action in console_of(pilot).actions:
            assert action.title in shown


async def test_help_begins_with_the_screen_it_is_asked_on(make_console: MakeConsole) -> None:
    async with make_console(FakeEngine(samples.in_sync())).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("0")
        await pilot.press("question_mark")
        await modal(pilot)
        lines = pilot.app.screen.query_one(Panel).text.splitlines()

        assert lines[1] == " On this screen (pipelines)"
        assert lines[2].split()[:2] == ["/", "Filter"]


async def test_errors_are_filtered_on_the_dashboard(make_console: MakeConsole) -> None:
    async with make_console(FakeEngine(samples.busy())).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press(*"/jpeg", "enter")
        await until(pilot, lambda: "with jpeg" in text(pilot, "#errors"))
        found = text(pilot, "#errors").splitlines()[1:]
        await pilot.press("slash", "escape")
        await until(pilot, lambda: "with jpeg" not in text(pilot, "#errors"))

        assert "item 35" in found[0]
        assert "timed out" not in "".join(found)
        assert "timed out" in text(pilot, "#errors")
        assert pilot.app.focused is not None
        assert pilot.app.focused.id == "errors"


@pytest.mark.parametrize(
    ("panel", "place"), [("errors", "log"), ("collection", "collection"), ("in-flight", "pipelines")]
)
async def test_enter_opens_what_a_panel_is_part_of(make_console: MakeConsole, panel: str, place: str) -> None:
    client = FakeEngine(samples.in_sync(), fault=Unreachable("ledger", "closed"))
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        pilot.app.screen.query_one(f"#{panel}").focus()
        await pilot.press("enter")
        await pilot.pause()

        assert pilot.app.current_mode == place


async def test_the_line_of_keys_tells_where_esc_leads(make_console: MakeConsole) -> None:
    client = FakeEngine(
        samples.in_sync(), answers={"recent_runs": run_samples.many(3), "run_detail": run_samples.in_detail()}
    )
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("4")
        await settled(pilot)
        before = text(pilot, "#keys")
        await pilot.press("enter")
        await until(pilot, lambda: "esc back" in text(pilot, "#keys"))

        assert "enter details" in before
        assert "esc back" not in before
        assert "enter details" not in text(pilot, "#keys")


async def test_numbers_show_the_screens(make_console: MakeConsole) -> None:
    async with make_console(FakeEngine(samples.in_sync())).run_test() as pilot:
        await settled(pilot)
        shown: list[str] = []
        for key in "2345601":
            # In the search box a number is a number.
            await pilot.press(*(["escape", key] if shown[-1:] == ["search"] else [key]))
            place = console_of(pilot).place
            assert place is not None
            shown.append(place.place)
            assert "In sync." in place.query_one("#sentence", Lines).text

    assert shown == ["failures", "collection", "runs", "search", "log", "pipelines", "dashboard"]


async def test_brackets_switch_pipelines(make_console: MakeConsole) -> None:
    whole = samples.in_sync()
    other = replace(whole.pipelines[0], name="pictures")
    client = FakeEngine(replace(whole, pipelines=(whole.pipelines[0], other)))
    async with make_console(client, count=2).run_test() as pilot:
        await settled(pilot)
        assert "1/2" in text(pilot, "#status")

        await pilot.press("right_square_bracket")
        assert "pictures" in text(pilot, "#status")
        assert "987,655 pictures" in text(pilot, "#sentence")

        await pilot.press("right_square_bracket")
        assert "1/2" in text(pilot, "#status")


async def test_the_tail_stands_still_when_scrolled(make_console: MakeConsole) -> None:
    events = [samples.event(number, "item", f"cause {number}", key=str(number)) for number in range(1, 40)]
    client = FakeEngine(replace(samples.in_sync(), events=tuple(events)))
    async with make_console(client).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "following" in text(pilot, "#errors")
        assert "cause 39" in text(pilot, "#errors")

        await pilot.press("k", "k")
        before = text(pilot, "#errors").splitlines()[1:]
        client.shown = replace(client.shown, events=(*events, samples.event(99, "item", "cause 99")))
        console_of(pilot).poller.nudge()
        await settled_on(pilot, client.shown)
        assert text(pilot, "#errors").splitlines()[1:] == before
        assert "newer below" in text(pilot, "#errors")

        await pilot.press("G")
        assert "cause 99" in text(pilot, "#errors")


async def test_tab_moves_between_the_panels(make_console: MakeConsole) -> None:
    async with make_console(FakeEngine(samples.in_sync())).run_test() as pilot:
        await settled(pilot)
        seen = []
        for _ in range(4):
            await pilot.press("tab")
            seen.append(pilot.app.focused.id if pilot.app.focused else None)

        assert seen == ["backlog", "in-flight", "collection", "errors"]


async def test_the_palette_knows_the_actions(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.in_sync())
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        commands = console_of(pilot).get_system_commands(pilot.app.screen)
        titles = {command.title: command.callback for command in commands}

        assert "Sync now  (s)" in titles
        await titles["Sync now  (s)"]()
        await until(pilot, lambda: client.asked == ["sync"])


async def test_keys_can_be_others(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.in_sync())
    async with make_console(client, keys={"sync": "y"}).run_test() as pilot:
        await settled(pilot)
        await pilot.press("s")
        assert client.asked == []

        await pilot.press("y")
        assert client.asked == ["sync"]
        assert "y sync" in text(pilot, "#keys")


@pytest.mark.parametrize("key", ["s", "space", "r", "f", "i", "plus", "minus"])
async def test_read_only_changes_nothing_and_says_so(make_console: MakeConsole, key: str) -> None:
    client = FakeEngine(samples.failing())
    async with make_console(client, read_only=True).run_test() as pilot:
        await settled(pilot)
        await pilot.press(key)
        await until(pilot, lambda: "The console is read-only." in toasts(pilot))

        assert client.asked == []
        assert "(s sync)" in text(pilot, "#keys")


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_quit_drains_and_ends(make_console: MakeConsole, key: str) -> None:
    client = FakeEngine(samples.in_sync())
    console = make_console(client)
    async with console.run_test() as pilot:
        await settled(pilot)
        await pilot.press(key)
        await until(pilot, lambda: not console.is_running)

    assert client.asked == ["drain", "closed"]
    assert console.return_value == 0


async def test_quit_twice_ends_at_once(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.busy(), stays=True)
    console = make_console(client)
    async with console.run_test() as pilot:
        await settled(pilot)
        await pilot.press("q")
        await pilot.pause()
        assert "Leaving when 8 batches in flight are written" in text(pilot, "#sentence")
        assert "draining" in text(pilot, "#state")

        await pilot.press("q")
        await until(pilot, lambda: not console.is_running)

    assert client.asked[:2] == ["drain", "stop"]


async def test_nothing_is_drawn_when_nothing_changed(
    make_console: MakeConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = FakeEngine(samples.busy())
    console = make_console(client)
    async with console.run_test() as pilot:
        await settled(pilot)
        drawn: list[object] = []
        for part in console.screen.query(Lines):
            monkeypatch.setattr(part, "refresh", lambda *regions, **_: drawn.append(regions))
        looks = client.looks
        console.poller.nudge()
        await until(pilot, lambda: client.looks > looks)

        assert drawn == []


async def test_an_engine_that_fails_is_told_and_the_console_stays(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.in_sync())
    console = make_console(client)
    async with console.run_test() as pilot:
        await settled(pilot)
        client.stopped, client.stopped_by = True, "the engine failed (ValueError: [x] \x1b[2J)"
        console.poller.nudge()
        await until(pilot, lambda: "Stopped by an internal error" in text(pilot, "#sentence"))

        assert "stopped" in text(pilot, "#state")
        await pilot.press("q")
        await until(pilot, lambda: not console.is_running)


async def test_an_engine_that_cant_be_opened_ends_the_console(pipelines: Sequence[Pipeline]) -> None:
    @contextmanager
    def away() -> Iterator[FakeEngine]:
        raise Unreachable("ledger", "connection refused")
        yield

    console = Console(Launch(pipelines, "sqlite://", 60.0), away, glyphs=UNICODE)
    async with console.run_test() as pilot:
        await until(pilot, lambda: not console.is_running)

    assert isinstance(console.state.failure, Unreachable)
