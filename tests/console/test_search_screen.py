"""The search screen: how it looks, and what its keys do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from console import samples, search_samples
from console.conftest import console_of, settled, until
from console.fakes import FakeEngine
from embedconsole.collection.qdrant.errors import REMEDY_INIT
from embedconsole.console.app import Console
from embedconsole.console.launch import Launch
from embedconsole.console.text import UNICODE, is_clean, plain, width
from embedconsole.console.views.search import cost_note, hit_columns, hit_line, hits_page
from embedconsole.console.widgets.base import Lines
from embedconsole.console.widgets.input import Recall, SearchBox
from embedconsole.faults import BadInput, Fault, Refused, Throttled
from embedconsole.filters import EVERYTHING, Condition, Scope
from embedconsole.sync.search.presentation import HitFormat
from embedconsole.sync.search.search import ByText, LikeItem, SearchResult
from sync.makers import make_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

    from console.conftest import MakeConsole

    Compare = Callable[..., bool]

SIZES = {"80x24": (80, 24), "120x40": (120, 40), "60x24": (60, 24)}
MISSING = Refused("Qdrant", "collection products at http://qdrant:6333 does not exist", remedy=REMEDY_INIT)
SLOW_DOWN = Throttled("embedding service ml", "429: rate limit reached", retry_after=30, remedy="Wait 30 s")


def engine_of(found: object) -> FakeEngine:
    """An engine that finds this, whatever is asked."""
    return FakeEngine(
        samples.in_sync(), answers={"search_engine": found, "examine_item": search_samples.SYNCED}
    )


def asked(client: FakeEngine) -> list[dict[str, Any]]:
    """The searches so far."""
    return [dict(arguments) for name, arguments in client.lookups if name == "search_engine"]


def text(pilot: Pilot[int], selector: str) -> str:
    """What a part of the screen shows."""
    return pilot.app.screen_stack[0].query_one(selector, Lines).text


def box(pilot: Pilot[int]) -> SearchBox:
    """Where it is typed."""
    return pilot.app.screen_stack[0].query_one(SearchBox)


async def opened(pilot: Pilot[int]) -> None:
    """Go to the screen."""
    await settled(pilot)
    await pilot.press("5")
    await until(pilot, lambda: isinstance(pilot.app.focused, SearchBox))


async def searched(pilot: Pilot[int]) -> None:
    """Search for something."""
    await opened(pilot)
    await pilot.press(*"red shoes", "enter")
    await until(pilot, lambda: "Searching" not in text(pilot, "#told") and "Type" not in text(pilot, "#told"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", ["found", "hostile"])
def test_looks(snap_compare: Compare, make_console: MakeConsole, state: str, size: str) -> None:
    found = {"found": search_samples.FOUND, "hostile": search_samples.HOSTILE}[state]

    assert snap_compare(make_console(engine_of(found)), terminal_size=SIZES[size], run_before=searched)


def test_looks_at_first(snap_compare: Compare, make_console: MakeConsole) -> None:
    console = make_console(engine_of(search_samples.FOUND))

    assert snap_compare(console, terminal_size=(80, 24), run_before=opened)


def test_looks_without_colours_and_read_only(
    snap_compare: Compare, make_console: MakeConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console = make_console(engine_of(search_samples.FEW), read_only=True)

    assert snap_compare(console, terminal_size=(80, 24), run_before=searched)


@pytest.mark.parametrize("fault", [MISSING, SLOW_DOWN], ids=["missing", "embedder"])
def test_looks_when_it_fails(snap_compare: Compare, make_console: MakeConsole, fault: Fault) -> None:
    client = engine_of(search_samples.FOUND)

    async def fail(pilot: Pilot[int]) -> None:
        await opened(pilot)
        client.fault = fault
        await pilot.press(*"mug", "enter")
        await until(pilot, lambda: fault.message.split(":")[0] in text(pilot, "#told"))

    assert snap_compare(make_console(client), terminal_size=(80, 24), run_before=fail)


@pytest.mark.parametrize("size", ["80x24", "120x40"])
@pytest.mark.parametrize("state", ["found", "hostile"])
def test_looks_at_a_hit(snap_compare: Compare, make_console: MakeConsole, state: str, size: str) -> None:
    found = {"found": search_samples.FOUND, "hostile": search_samples.HOSTILE}[state]

    async def open_it(pilot: Pilot[int]) -> None:
        await searched(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "in sync" in text(pilot, "#detail"))

    assert snap_compare(make_console(engine_of(found)), terminal_size=SIZES[size], run_before=open_it)


@pytest.mark.anyio
async def test_letters_are_typed_and_escape_makes_them_keys_again(make_console: MakeConsole) -> None:
    client = engine_of(search_samples.FEW)
    async with make_console(client).run_test() as pilot:
        await opened(pilot)
        await pilot.press(*"sq5 +", "q")
        assert box(pilot).value == "sq5 +q"
        assert client.asked == []
        assert "esc to the hits" in text(pilot, "#keys")

        await pilot.press("escape")
        assert "s sync" in text(pilot, "#keys")
        await pilot.press("s")
        assert client.asked == ["sync"]

        await pilot.press("/")
        assert box(pilot).has_focus
        assert not box(pilot).cursor_blink


@pytest.mark.anyio
async def test_enter_searches_and_the_hits_have_the_keys(make_console: MakeConsole) -> None:
    client = engine_of(search_samples.FEW)
    async with make_console(client).run_test(size=(120, 40)) as pilot:
        await searched(pilot)

        assert asked(client) == [
            {"pipeline": "products", "query": ByText("red shoes"), "vector": "", "limit": 30}
            | {"scope": EVERYTHING}
        ]
        assert "5 products; embedded in 12 ms, found in 3 ms." in text(pilot, "#told")
        assert "0.00022 to pay" in text(pilot, "#told")
        assert "0.583  1117  Pinecroft red running shoes" in text(pilot, "#list")
        assert "m more like it" in text(pilot, "#keys")
        assert "━" in text(pilot, "#list").splitlines()[0]
        await pilot.press("2")
        place = console_of(pilot).place
        assert place is not None
        assert place.place == "failures"


@pytest.mark.anyio
@pytest.mark.parametrize("typed", ["#1117", "similar 1117"])
async def test_what_is_like_an_item_can_be_typed(make_console: MakeConsole, typed: str) -> None:
    client = engine_of(search_samples.LIKE)
    async with make_console(client).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press(*typed, "enter")
        await until(pilot, lambda: "11 products like 1117; found in 4 ms." in text(pilot, "#told"))

        assert asked(client)[0]["query"] == LikeItem("1117")


@pytest.mark.anyio
async def test_more_like_a_hit(make_console: MakeConsole) -> None:
    client = engine_of(search_samples.FEW)
    async with make_console(client).run_test() as pilot:
        await searched(pilot)
        await pilot.press("j", "m")
        await until(pilot, lambda: len(asked(client)) == 2)

        assert asked(client)[1]["query"] == LikeItem("1118")
        assert box(pilot).value == "#1118"


@pytest.mark.anyio
async def test_the_end_of_the_hits_brings_more_without_embedding_again(make_console: MakeConsole) -> None:
    embedded = search_samples.FOUND.query

    def find(*, query: ByText, limit: int, **_: object) -> SearchResult:
        return SearchResult(embedded, "", limit, search_samples.hits(min(limit, 61)), 0.0, 0.0)

    client = engine_of(find)
    async with make_console(client).run_test() as pilot:
        await searched(pilot)
        await pilot.press("G")
        await until(pilot, lambda: "61 products" in text(pilot, "#told"))
        assert [one["limit"] for one in asked(client)] == [30, 80]
        assert asked(client)[1]["query"] is embedded

        # There are no more.
        await pilot.press("G", "k", "G")
        assert len(asked(client)) == 2


@pytest.mark.anyio
async def test_a_hit_opens_and_closes(make_console: MakeConsole) -> None:
    client = engine_of(search_samples.FEW)
    async with make_console(client).run_test(size=(100, 40)) as pilot:
        await searched(pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: "in sync" in text(pilot, "#detail"))
        shown = text(pilot, "#detail")
        assert client.lookups[-1] == ("examine_item", {"pipeline": "products", "key": "1118"})
        assert "   color  red" in shown
        assert '["43", "44", "45"]' in shown

        await pilot.press("escape")
        assert pilot.app.screen.query_one("#list").has_focus
        await pilot.press("k")
        assert "› 0.583" in text(pilot, "#list")


@pytest.mark.anyio
async def test_a_filter_behind_the_text(make_console: MakeConsole) -> None:
    cheap = Scope((Condition("price", "<", (50,)),))
    nothing = SearchResult(ByText("mug"), "", 30, (), 0.0, 0.0, cheap)
    client = engine_of(nothing)
    async with make_console(client).run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        assert "where price<50 filters" in text(pilot, "#keys")
        await pilot.press(*"mug where price<50", "enter")
        await until(pilot, lambda: "Nothing was found where price<50." in text(pilot, "#told"))
        assert [(one["query"], one["scope"]) for one in asked(client)] == [(ByText("mug"), cheap)]

        await pilot.press("/", "ctrl+u", *"mug where price<", "enter")
        await until(pilot, lambda: "expected a value" in text(pilot, "#told"))
        assert len(asked(client)) == 1
        assert box(pilot).has_focus

        await pilot.press("ctrl+u", *'"mug where price<"', "enter")
        await until(pilot, lambda: len(asked(client)) == 2)
        assert (asked(client)[1]["query"], asked(client)[1]["scope"]) == (
            ByText("mug where price<"),
            EVERYTHING,
        )


@pytest.mark.anyio
async def test_more_hits_are_of_the_same_filter(make_console: MakeConsole) -> None:
    cheap = Scope((Condition("price", "<", (50,)),))

    def find(*, query: ByText, limit: int, scope: Scope, **_: object) -> SearchResult:
        return SearchResult(query, "", limit, search_samples.hits(min(limit, 61)), 0.0, 0.0, scope)

    client = engine_of(find)
    async with make_console(client).run_test() as pilot:
        await opened(pilot)
        await pilot.press(*"mug where price<50", "enter")
        await until(pilot, lambda: "30 products where price<50" in text(pilot, "#told"))
        await pilot.press("G")
        await until(pilot, lambda: "61 products where price<50" in text(pilot, "#told"))
        assert [one["scope"] for one in asked(client)] == [cheap, cheap]


@pytest.mark.anyio
async def test_earlier_searches_come_back(make_console: MakeConsole) -> None:
    async with make_console(engine_of(search_samples.FEW)).run_test() as pilot:
        await searched(pilot)
        await pilot.press("/", "ctrl+u", *"mug", "enter")
        await until(pilot, lambda: not box(pilot).has_focus)
        await pilot.press("/", "up")
        assert box(pilot).value == "red shoes"
        await pilot.press("down")
        assert box(pilot).value == "mug"
        await pilot.press("down")
        assert box(pilot).value == ""


@pytest.mark.anyio
async def test_a_missing_collection_leads_to_init(make_console: MakeConsole) -> None:
    client = engine_of(search_samples.FEW)
    async with make_console(client).run_test() as pilot:
        await searched(pilot)
        client.fault = MISSING
        await pilot.press("/", "enter")
        await until(pilot, lambda: "press i to create it" in text(pilot, "#told").replace("\n", " "))

        assert "1117" not in text(pilot, "#list")
        assert not box(pilot).has_focus


@pytest.mark.anyio
async def test_an_item_that_is_not_there_tells_how_to_search_the_words(make_console: MakeConsole) -> None:
    client = engine_of(search_samples.FEW)
    async with make_console(client).run_test() as pilot:
        await opened(pilot)
        client.fault = BadInput("Qdrant", "collection products holds no point 5")
        await pilot.press(*"similar shoes", "enter")
        await until(pilot, lambda: "double quotes" in text(pilot, "#told"))


@pytest.mark.anyio
async def test_named_vectors_are_chosen_from() -> None:
    pipeline = make_pipeline(
        vectors={
            "text": {"embedder": "ml", "text": "{title}"},
            "image": {"embedder": "clip", "image": "{image_url}"},
        }
    )
    client = engine_of(search_samples.FEW)
    console = Console(Launch([pipeline], "sqlite://", 3600.0), client.open, glyphs=UNICODE)
    async with console.run_test() as pilot:
        await searched(pilot)
        assert "by text" in text(pilot, "#prompt")
        await pilot.press("n")
        await until(pilot, lambda: len(asked(client)) == 2)

        assert [one["vector"] for one in asked(client)] == ["text", "image"]
        # What was embedded for one vector says nothing in the space of another.
        assert asked(client)[1]["query"].embedding is None
        assert "by image" in text(pilot, "#prompt")


def test_columns_are_aligned_and_fit() -> None:
    page = hits_page(search_samples.FOUND, HitFormat(), noun="product", cost="")
    for cells in (20, 40, 58, 78, 118, 198):
        lines = [hit_columns(page, cells), *(hit_line(row, page, cells - 1) for row in page.rows)]
        assert all(width(line) <= max(cells, 24) for line in lines)
    titles = plain(hit_columns(page, 118))
    first = " " + plain(hit_line(page.rows[0], page, 117))
    assert first[titles.index("category") :].startswith("Shoes")
    assert first[: titles.index("price") + len("price")].endswith("104.50")


def test_the_configured_title_and_the_notes_are_shown() -> None:
    found = replace(search_samples.FOUND, notes=("There is no payload field prize.",))
    page = hits_page(found, HitFormat("category"), noun="product", cost="")
    assert page.told.startswith("There is no payload field prize. ")
    assert page.rows[0].title == "Shoes"
    assert "category" not in [column.name for column in page.columns]


def test_hostile_hits_are_clean() -> None:
    page = hits_page(search_samples.HOSTILE, HitFormat(), noun="product", cost="")
    assert is_clean(page.told)
    for row in page.rows:
        assert is_clean(plain(hit_line(row, page, 300)))
    assert is_clean(plain(hit_columns(page, 300)))


def test_a_price_is_told_as_it_is() -> None:
    assert cost_note(0.22) == "A search by text embeds it: 0.00022 to pay."
    assert cost_note(None) == cost_note(0.0) == ""


def test_recall_remembers_a_text_once() -> None:
    recall = Recall()
    for typed in ("a", "b", "a", ""):
        recall = recall.with_text(typed)

    assert recall.texts == ("b", "a")
    assert recall.moved(9).text == "b"
    assert recall.moved(1).moved(-5).text == ""
