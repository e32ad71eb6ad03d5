"""The failures screen: causes, items, an item in full; what is put back, skipped and copied."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from console import failure_samples, samples
from console.conftest import console_of, modal, settled, settled_on, until
from console.fakes import FakeEngine
from embedconsole.console.screens.failures import FailuresScreen
from embedconsole.console.text import ASCII, is_clean
from embedconsole.console.widgets.base import Lines
from embedconsole.faults import Unreachable
from embedconsole.ledger.records.failures import FailureFilter, FailureKind
from embedconsole.sync.inspect.failures import ChosenFailures, FailureOverview, FailurePage

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

    from console.conftest import MakeConsole
    from embedconsole.console.app import Console

    Compare = Callable[..., bool]

SIZES = {"80x24": (80, 24), "120x40": (120, 40), "60x24": (60, 24)}
LEVELS = {"causes": "", "items": "enter", "item": "enter enter"}
NOTHING: dict[str, object] = {"failures_by_cause": FailureOverview()}


def failing_engine(answers: dict[str, object] | None = None) -> FakeEngine:
    """An engine with failures."""
    client = FakeEngine(samples.failing())
    client.answers |= failure_samples.ANSWERS if answers is None else answers
    return client


def shown(pilot: Pilot[int], part: str) -> str:
    """What a part of the screen says."""
    place = console_of(pilot).place
    assert place is not None
    return place.query_one(f"#{part}", Lines).text


def toasts(pilot: Pilot[int]) -> list[str]:
    """What the operator was told."""
    return [notification.message for notification in console_of(pilot)._notifications]


def looked_for(client: FakeEngine) -> tuple[object, object]:
    """The pipeline and the text that causes were looked for last."""
    asked = next(one for name, one in reversed(client.lookups) if name == "failures_by_cause")
    return asked["pipeline"], asked["text"]


async def open_level(pilot: Pilot[int], level: str) -> None:
    """Go to the failures, and as deep as that."""
    await settled(pilot)
    await pilot.press("2")
    await until(pilot, lambda: "Asking" not in shown(pilot, "causes"))
    for key in LEVELS[level].split():
        await pilot.press(key)
        await pilot.pause()
    if level != "causes":
        await until(pilot, lambda: not any(word in shown(pilot, level) for word in ("Asking", "Looking")))


# How it looks


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("level", LEVELS)
def test_levels(snap_compare: Compare, make_console: MakeConsole, level: str, size: str) -> None:
    async def open_it(pilot: Pilot[int]) -> None:
        await open_level(pilot, level)

    console = make_console(failing_engine())
    assert snap_compare(console, terminal_size=SIZES[size], run_before=open_it)


@pytest.mark.parametrize("level", LEVELS)
def test_hostile(snap_compare: Compare, make_console: MakeConsole, level: str) -> None:
    async def open_it(pilot: Pilot[int]) -> None:
        await open_level(pilot, level)
        place = console_of(pilot).place
        assert place is not None
        for part in place.query(Lines):
            assert is_clean(part.text.replace("\n", ""))

    console = make_console(failing_engine(failure_samples.HOSTILE))
    assert snap_compare(console, terminal_size=(80, 24), run_before=open_it)


def test_filtering(snap_compare: Compare, make_console: MakeConsole) -> None:
    async def type_it(pilot: Pilot[int]) -> None:
        await open_level(pilot, "items")
        await pilot.press("slash", "3", "5")
        await until(pilot, lambda: "with '35'" in shown(pilot, "items"))

    console = make_console(failing_engine())
    assert snap_compare(console, terminal_size=(80, 24), run_before=type_it)


@pytest.mark.parametrize("state", ["empty", "away", "read_only", "no_color"])
def test_states(
    snap_compare: Compare, make_console: MakeConsole, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = failing_engine(NOTHING if state == "empty" else None)
    if state == "away":
        client.fault = Unreachable("ledger", "the server closed the connection")
    if state == "no_color":
        monkeypatch.setenv("NO_COLOR", "1")
    console = make_console(client, read_only=state == "read_only")
    if state == "no_color":
        console.glyphs = ASCII

    async def open_it(pilot: Pilot[int]) -> None:
        await settled(pilot)
        await pilot.press("2")
        await pilot.pause()

    assert snap_compare(console, terminal_size=(80, 24), run_before=open_it)


# How one moves


@pytest.mark.anyio
async def test_esc_goes_back_to_where_one_was(make_console: MakeConsole) -> None:
    async with make_console(failing_engine()).run_test(size=(80, 24)) as pilot:
        await open_level(pilot, "causes")
        await pilot.press("down", "up", "enter")
        await until(
            pilot,
            lambda: (
                "images/0.jpg" in shown(pilot, "items").replace(" ", "") or "› 0" in shown(pilot, "items")
            ),
        )
        await pilot.press(*["down"] * 15, "enter")
        await until(pilot, lambda: "Quill" in shown(pilot, "item"))
        assert shown(pilot, "item").startswith("Product 15 ")

        await pilot.press("escape")
        assert "› 15 " in shown(pilot, "items")
        assert "images/15.jpg" in shown(pilot, "blame")
        await pilot.press("escape")
        assert "› item " in shown(pilot, "causes")
        await pilot.press("escape")
        assert "› item " in shown(pilot, "causes")


@pytest.mark.anyio
async def test_more_is_read_as_the_cursor_comes_near(make_console: MakeConsole) -> None:
    client = failing_engine()
    async with make_console(client).run_test(size=(80, 24)) as pilot:
        await open_level(pilot, "items")
        assert "200 read of 5,021 products" in shown(pilot, "items")
        await pilot.press("G")
        await until(pilot, lambda: "400 read of" in shown(pilot, "items"))
        await pilot.press("G")
        await until(pilot, lambda: "600 read of" in shown(pilot, "items"))

        assert "› 399 " in shown(pilot, "items")
        read = [(one["offset"], one["limit"]) for name, one in client.lookups if name == "failed_items"]
        assert read == [(0, 200), (200, 200), (400, 200)]


@pytest.mark.anyio
async def test_a_page_that_comes_in_late_is_not_taken_away_again(make_console: MakeConsole) -> None:
    client = failing_engine()
    console = make_console(client)
    async with console.run_test(size=(80, 24)) as pilot:
        await open_level(pilot, "items")
        late: Future[FailurePage] = Future()
        client.answers["failed_items"] = late
        await pilot.press("G")
        await until(pilot, lambda: client.lookups[-1][1].get("offset") == 200)
        place = console.place
        assert place is not None
        place.look_anew()
        await pilot.pause()
        client.answers["failed_items"] = failure_samples.page
        late.set_result(FailurePage(tuple(failure_samples.item(at) for at in range(200, 400)), 5_021))

        await until(pilot, lambda: client.lookups[-1][1].get("offset") == 0)
        assert client.lookups[-1][1]["limit"] == 400
        assert "400 read of" in shown(pilot, "items")


@pytest.mark.anyio
async def test_the_error_is_read_from_its_beginning(make_console: MakeConsole) -> None:
    client = failing_engine()
    long = " ".join(f"word{number}" for number in range(400))
    first = replace(failure_samples.CAUSES.groups[0], error=long)
    client.answers["failures_by_cause"] = replace(
        failure_samples.CAUSES, groups=(first, *failure_samples.CAUSES.groups[1:])
    )
    async with make_console(client).run_test(size=(80, 24)) as pilot:
        await open_level(pilot, "causes")
        await pilot.press("tab", "G")
        assert "word399" in shown(pilot, "blame")

        await pilot.press("shift+tab", "down")
        assert "503" in shown(pilot, "blame")
        await pilot.press("up")
        assert "word399" not in shown(pilot, "blame")


@pytest.mark.anyio
async def test_a_filter_is_the_ledgers_and_goes_along_into_the_cause(make_console: MakeConsole) -> None:
    client = failing_engine()
    async with make_console(client).run_test(size=(80, 24)) as pilot:
        await open_level(pilot, "causes")
        await pilot.press("slash", "3", "5", "enter")
        await until(pilot, lambda: looked_for(client) == ("products", "35"))
        await until(pilot, lambda: "with '35'" in shown(pilot, "causes"))
        await pilot.press("enter")
        await until(pilot, lambda: "› 35 " in shown(pilot, "items"))
        assert "with '35', 1 product" in shown(pilot, "items")

        await pilot.press("r")
        await modal(pilot)
        await pilot.press("n", "escape")
        await until(pilot, lambda: "with '35'" in shown(pilot, "causes"))
        await pilot.press("slash", "escape")
        await until(pilot, lambda: "with '35'" not in shown(pilot, "causes"))


@pytest.mark.anyio
async def test_another_pipeline_is_looked_at_from_its_causes_on(make_console: MakeConsole) -> None:
    client = failing_engine()
    async with make_console(client, count=2).run_test(size=(80, 24)) as pilot:
        await open_level(pilot, "item")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: looked_for(client) == ("pictures", ""))
        focused = pilot.app.focused
        assert focused is not None
        assert focused.id == "causes"


@pytest.mark.anyio
async def test_a_ledger_that_comes_back_is_asked_again(
    make_console: MakeConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FailuresScreen, "look_every", 0.0)
    client = failing_engine()
    client.fault = Unreachable("ledger", "connection refused")
    console = make_console(client)
    async with console.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("2")
        await until(pilot, lambda: "connection refused" in shown(pilot, "blame"))
        client.fault = None
        console.draw()
        await until(
            pilot,
            lambda: "5,034 products" in shown(pilot, "causes"),
        )


# What is done


async def retried(pilot: Pilot[int], client: FakeEngine, *, asks: str) -> object:
    """Press `r`, answer yes, and tell what was put back."""
    await pilot.press("r")
    await modal(pilot)
    assert asks in str(pilot.app.screen.query_one("#text").render())
    await pilot.press("y")
    await until(pilot, lambda: any(name == "retry_chosen" for name, _ in client.lookups))
    return next(one["chosen"] for name, one in client.lookups if name == "retry_chosen")


@pytest.mark.anyio
async def test_a_cause_is_put_back(make_console: MakeConsole) -> None:
    client = failing_engine()
    async with make_console(client).run_test(size=(80, 24)) as pilot:
        await open_level(pilot, "causes")

        chosen = await retried(pilot, client, asks="Try 5,021 products again")

        assert chosen == ChosenFailures(groups=(FailureFilter(cause="aa" * 8),))
        await until(pilot, lambda: "1 product put back; they are next." in toasts(pilot))


@pytest.mark.anyio
async def test_marked_causes_are_put_back_with_what_waits(make_console: MakeConsole) -> None:
    client = failing_engine()
    async with make_console(client).run_test(size=(80, 24)) as pilot:
        await open_level(pilot, "causes")
        await pilot.press("down", "v", "down", "v")
        assert "2 marked" in shown(pilot, "causes")

        chosen = await retried(pilot, client, asks="Try 52 products again")

        assert chosen == ChosenFailures(
            groups=(FailureFilter(cause="bb" * 8), FailureFilter(FailureKind.WAITING))
        )
        await until(pilot, lambda: "marked" not in shown(pilot, "causes"))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("level", "marks", "keys"),
    [("items", (), ("0",)), ("items", ("v", "down", "v"), ("0", "2")), ("item", (), ("0",))],
)
async def test_items_are_put_back_by_key(
    make_console: MakeConsole, level: str, marks: tuple[str, ...], keys: tuple[str, ...]
) -> None:
    client = failing_engine()
    async with make_console(client).run_test(size=(80, 24)) as pilot:
        await open_level(pilot, level)
        await pilot.press(*marks)

        count = f"{len(keys)} product{'s' if len(keys) > 1 else ''}"
        assert await retried(pilot, client, asks=f"Try {count} again") == ChosenFailures(keys=keys)


@pytest.mark.anyio
async def test_a_cause_is_skipped_without_a_question(make_console: MakeConsole) -> None:
    client = failing_engine()
    async with make_console(client).run_test(size=(80, 24)) as pilot:
        await open_level(pilot, "causes")
        await pilot.press("d")
        await until(
            pilot, lambda: any("skipped until the content changes" in toast for toast in toasts(pilot))
        )

        assert (
            "skip_chosen",
            {"pipeline": "products", "chosen": ChosenFailures(groups=(FailureFilter(cause="aa" * 8),))},
        ) in (client.lookups)


@pytest.mark.anyio
@pytest.mark.parametrize("key", ["r", "d"])
async def test_read_only_changes_nothing_and_says_so(make_console: MakeConsole, key: str) -> None:
    client = failing_engine()
    async with make_console(client, read_only=True).run_test(size=(80, 24)) as pilot:
        await open_level(pilot, "causes")
        await pilot.press(key)
        await until(pilot, lambda: "The console is read-only." in toasts(pilot))

        assert {name for name, _ in client.lookups} == {"failures_by_cause"}
        assert "(d skip)" in shown(pilot, "keys")


@pytest.mark.anyio
async def test_nothing_chosen_is_nothing_to_retry(make_console: MakeConsole) -> None:
    async with make_console(failing_engine(NOTHING)).run_test(size=(80, 24)) as pilot:
        await open_level(pilot, "causes")
        await pilot.press("d", "r")
        await until(pilot, lambda: "There is nothing to retry." in toasts(pilot))


@pytest.mark.anyio
async def test_what_is_copied(make_console: MakeConsole, monkeypatch: pytest.MonkeyPatch) -> None:
    console = make_console(failing_engine())
    copied: list[str] = []
    monkeypatch.setattr(console, "copy", copied.append)
    async with console.run_test(size=(80, 24)) as pilot:
        await open_level(pilot, "items")
        await pilot.press("v", "v", "y")
        assert copied.pop() == "0\n1"
        await pilot.press("tab", "y")
        assert copied.pop() == failure_samples.TRUNCATED.format(key=2), "the error as it came, not as wrapped"

        await pilot.press("shift+tab", "enter")
        await until(pilot, lambda: "Quill" in shown(pilot, "item"))
        await pilot.press("y")
        whole = copied.pop().splitlines()
        assert whole[0] == "product 2"
        assert failure_samples.TRUNCATED.format(key=35) in whole
        assert any(line.strip().startswith("image ") and line.endswith("/35.jpg") for line in whole)


@pytest.mark.anyio
async def test_nothing_is_drawn_when_nothing_changed(
    make_console: MakeConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = failing_engine()
    console: Console = make_console(client)
    async with console.run_test(size=(80, 24)) as pilot:
        await open_level(pilot, "items")
        place = console.place
        assert place is not None
        drawn: list[object] = []
        for part in place.query(Lines):
            monkeypatch.setattr(part, "refresh", lambda *regions, **_: drawn.append(regions))
        client.shown = replace(client.shown, counted_at=samples.NOW)
        console.poller.nudge()
        await settled_on(pilot, client.shown)

        assert drawn == []
