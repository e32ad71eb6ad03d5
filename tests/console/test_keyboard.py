"""What is typed after a key that opens an input is text, however fast it comes; a question is read first."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from textual.events import Key
from textual.keys import _character_to_key
from textual.widgets import Input, Static

from console import samples
from console.conftest import console_of, modal, settled, until
from console.fakes import FakeEngine
from embedconsole.faults import Unreachable

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from console.conftest import MakeConsole

pytestmark = pytest.mark.anyio

NAMES = {"\r": "enter", "\x1b": "escape", "\x10": "ctrl+p"}
TYPED = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_categories=["Cc"]), min_size=1)
OPENERS = ["/", "5", "fo", "6/", "2/", "\x10"]


def burst(pilot: Pilot[int], text: str) -> None:
    """All keys of a text at once, as a terminal sends a paste without brackets."""
    driver = pilot.app._driver
    assert driver is not None
    for one in text:
        key = Key(NAMES.get(one) or _character_to_key(one), one)
        key.set_sender(pilot.app)
        driver.send_message(key)


async def typed(pilot: Pilot[int], text: str) -> None:
    """Wait until the keys of a burst have taken effect."""
    burst(pilot, text)
    keyboard = console_of(pilot)._keyboard
    await pilot.pause()
    await until(pilot, lambda: keyboard.idle)


@pytest.mark.parametrize("opener", OPENERS)
@settings(
    max_examples=2,
    deadline=None,
    # Each example is a whole console: to shrink one would take minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(text="syq category=Category 1")
@given(text=TYPED)
async def test_any_text_after_a_key_that_opens_an_input_is_text(
    make_console: MakeConsole, opener: str, text: str
) -> None:
    client = FakeEngine(samples.in_sync())
    async with make_console(client, count=2).run_test() as pilot:
        await settled(pilot)
        await typed(pilot, opener + text)

        box = pilot.app.focused
        assert isinstance(box, Input)
        assert box.value == text
        assert client.asked == []


@pytest.mark.parametrize("keys", ["fy", "f\ry", "fcategory", "focategory=y\ry", "foy\x1by", "fo\x1bay"])
async def test_no_key_of_a_burst_answers_a_question(make_console: MakeConsole, keys: str) -> None:
    client = FakeEngine(samples.in_sync(), answers={"count_forced": 7})
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await typed(pilot, keys)

        assert len(pilot.app.screen_stack) == 2
        assert client.asked == []


async def test_a_choice_is_not_answered_before_it_is_counted(make_console: MakeConsole) -> None:
    counted: Future[int] = Future()
    client = FakeEngine(samples.in_sync(), answers={"count_forced": counted})
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("f")
        await modal(pilot)
        await pilot.press("o", *"shoes", "enter")
        await pilot.press("y")
        assert len(pilot.app.screen_stack) == 2

        counted.set_result(7)
        text = pilot.app.screen.query_one("#text", Static)
        await until(pilot, lambda: "7 products" in str(text.render()))
        await pilot.press("y")
        await until(pilot, lambda: client.asked == ["force"])


async def test_a_count_of_an_earlier_choice_answers_for_no_later_one(make_console: MakeConsole) -> None:
    counted: Future[int] = Future()
    client = FakeEngine(samples.in_sync(), answers={"count_forced": counted})
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("f")
        await modal(pilot)
        await pilot.press("o", *"35", "enter")
        await pilot.press("o", "end", "6", "escape")
        assert counted.cancelled()
        await pilot.press("y")

        assert len(pilot.app.screen_stack) == 2
        assert client.asked == []


@pytest.mark.parametrize("keys", ["/a\rs", "/a\x1bs", "fos\x1bs\x1bs"])
async def test_the_rest_of_a_burst_that_closes_an_input_is_no_key(
    make_console: MakeConsole, keys: str
) -> None:
    client = FakeEngine(samples.in_sync())
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await typed(pilot, keys)
        assert client.asked == []

        await pilot.press("escape", "s")
        await until(pilot, lambda: client.asked == ["sync"])


async def test_text_after_a_question_that_does_not_open_is_no_key(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.in_sync())
    async with make_console(client, read_only=True).run_test() as pilot:
        await settled(pilot)
        await typed(pilot, "fo5q")

        assert not client.stopped
        assert console_of(pilot).state.leaving == 0


async def test_keys_go_on_while_an_action_waits_for_the_engine(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.in_sync(), answers={"init_planned": Future()})
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("i", "s")
        await until(pilot, lambda: client.asked == ["sync"])


async def test_hits_that_come_do_not_take_the_focus_from_the_next_text(make_console: MakeConsole) -> None:
    found: Future[object] = Future()
    client = FakeEngine(samples.in_sync(), answers={"search_engine": found})
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("5", *"shoes", "enter", *" s")
        found.set_exception(Unreachable("qdrant", "gone"))
        await pilot.app.workers.wait_for_complete()
        await pilot.press("s")

        box = pilot.app.focused
        assert isinstance(box, Input)
        assert box.value == "shoes ss"
        assert client.asked == []


async def test_the_key_of_the_search_opens_its_line_again(make_console: MakeConsole) -> None:
    client = FakeEngine(samples.in_sync())
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("5", "escape")
        await typed(pilot, "5shoes")

        box = pilot.app.focused
        assert isinstance(box, Input)
        assert box.value == "shoes"
        assert client.asked == []
