"""The collection screen: how it looks in every state, and that it looks again when it should."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from console import collection_samples, samples
from console.conftest import console_of, settled, settled_on, until
from console.fakes import FakeEngine
from embedconsole.console.text import ASCII
from embedconsole.console.views.collection import collection_page
from embedconsole.console.widgets.base import Panel
from embedconsole.faults import Unreachable
from embedconsole.items import CollectionState, VectorSpec
from embedconsole.ledger.records.items import Counts
from embedconsole.sync.inspect.collection import Survey

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

    from console.conftest import MakeConsole

    Compare = Callable[..., bool]

STATES = {
    "ready": collection_samples.READY,
    "missing": collection_samples.MISSING,
    "optimizing": collection_samples.OPTIMIZING,
    "differing": collection_samples.DIFFERING,
    "drifting": collection_samples.DRIFTING,
    "broken": collection_samples.BROKEN,
    "hostile": collection_samples.HOSTILE,
}
SIZES = {"80x24": (80, 24), "120x40": (120, 40), "60x24": (60, 24), "200x50": (200, 50)}
AWAY = Unreachable("Qdrant", "collection products at http://qdrant:6333 can't be reached: connection refused")


def engine_of(found: Survey) -> FakeEngine:
    """An engine whose collection is this."""
    return FakeEngine(samples.in_sync(), answers={"survey": found})


def text(pilot: Pilot[int], panel: str) -> str:
    """What a panel says."""
    return pilot.app.screen_stack[0].query_one(panel, Panel).text


async def shown(pilot: Pilot[int]) -> None:
    """Go to the screen, and wait until the collection has answered."""
    await settled(pilot)
    await pilot.press("3")
    await until(pilot, lambda: "Asking the collection" not in text(pilot, "#facts"))


@pytest.mark.parametrize(
    ("state", "size"),
    [
        *((state, size) for state in STATES for size in ("80x24", "120x40")),
        *((state, size) for state in ("optimizing", "differing") for size in ("60x24", "200x50")),
    ],
)
def test_looks(snap_compare: Compare, make_console: MakeConsole, state: str, size: str) -> None:
    console = make_console(engine_of(STATES[state]))

    assert snap_compare(console, terminal_size=SIZES[size], run_before=shown)


def test_looks_disconnected(snap_compare: Compare, make_console: MakeConsole) -> None:
    client = engine_of(collection_samples.READY)

    async def lose_it(pilot: Pilot[int]) -> None:
        await shown(pilot)
        client.fault = AWAY
        console_of(pilot).place.look_anew()  # type: ignore[union-attr]
        await until(pilot, lambda: "can't be reached" in text(pilot, "#facts"))

    assert snap_compare(make_console(client), terminal_size=(80, 24), run_before=lose_it)


def test_looks_read_only_without_colours(
    snap_compare: Compare, make_console: MakeConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console = make_console(engine_of(collection_samples.DIFFERING), read_only=True)

    assert snap_compare(console, terminal_size=(80, 24), run_before=shown)


def test_looks_in_ascii(snap_compare: Compare, make_console: MakeConsole) -> None:
    console = make_console(engine_of(collection_samples.OPTIMIZING))
    console.glyphs = ASCII

    assert snap_compare(console, terminal_size=(80, 24), run_before=shown)


@pytest.mark.anyio
async def test_a_collection_that_never_answered_says_why(make_console: MakeConsole) -> None:
    client = engine_of(collection_samples.READY)
    client.fault = AWAY
    async with make_console(client).run_test() as pilot:
        await shown(pilot)

        assert "connection refused" in text(pilot, "#facts")
        assert "points" not in text(pilot, "#facts")


@pytest.mark.anyio
async def test_it_is_looked_at_again_when_the_world_changed(make_console: MakeConsole) -> None:
    client = engine_of(collection_samples.MISSING)
    async with make_console(client).run_test() as pilot:
        await shown(pilot)
        assert "Press i to create it" in text(pilot, "#facts").replace("\n ", " ")

        client.answers["survey"] = collection_samples.READY
        place = console_of(pilot).place
        assert place is not None
        place.look_every = 0.0  # type: ignore[misc]
        client.shown = replace(samples.in_sync(), taken_at=samples.NOW + 1, next_run=None)
        console_of(pilot).poller.nudge()
        await settled_on(pilot, client.shown)
        await until(pilot, lambda: "ready" in text(pilot, "#facts"))


@pytest.mark.anyio
async def test_what_is_optimized_is_followed_though_nothing_else_changes(make_console: MakeConsole) -> None:
    client = engine_of(collection_samples.OPTIMIZING)
    async with make_console(client).run_test() as pilot:
        await shown(pilot)
        assert "62 %" in text(pilot, "#facts")

        client.answers["survey"] = collection_samples.READY
        console_of(pilot).place.look_every = 0.0  # type: ignore[union-attr, misc]
        console_of(pilot).poller.nudge()
        await until(pilot, lambda: "62 %" not in text(pilot, "#facts"))


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (Counts(synced=10), "as many as the ledger has synced"),
        (Counts(synced=7), "3 more than the ledger has: a verify finds which"),
        (Counts(synced=12, pending=4), "2 fewer than the ledger has; work is still waiting"),
        (None, ""),
    ],
)
def test_points_against_the_ledger(counts: Counts | None, words: str) -> None:
    state = CollectionState("green", 10, 10, 1, {"": VectorSpec(4, "dot")}, {})
    page = collection_page(Survey(state), counts, name="products")

    assert next(fact.note for fact in page.facts if fact.label == "points") == words


def test_an_optimizer_that_says_nothing_gets_no_line() -> None:
    page = collection_page(replace(collection_samples.READY, optimizations=None), None, name="products")

    assert "optimizer" not in {fact.label for fact in page.facts}
