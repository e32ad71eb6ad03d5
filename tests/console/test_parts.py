"""The pure parts below the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from console import samples
from console.fakes import FakeEngine
from embedconsole.console.actions import ACTIONS, remapped
from embedconsole.console.app import Console
from embedconsole.console.commands import force_estimate, force_question
from embedconsole.console.launch import LaunchFacts
from embedconsole.console.screens.registry import PLACES
from embedconsole.console.state import RateHistory
from embedconsole.console.status_line import Standing
from embedconsole.console.text import (
    ASCII,
    UNICODE,
    ControlFilter,
    EncodingFilter,
    age,
    clean,
    glyphs_for,
    is_clean,
    left,
    plain,
    right,
    share,
    span_of,
    width,
)
from embedconsole.console.views.dashboard import Scene, dashboard
from embedconsole.console.views.dashboard_panels import error_lines, keys_line
from embedconsole.console.widgets.base import Window
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from console.conftest import MakeConsole

FACTS = (LaunchFacts("products", "products", price=0.22 / 1000),)
STANDING = Standing(offset=samples.OFFSET, zone=samples.ZONE)


@given(st.text())
def test_clean_text_can_do_nothing(text: str) -> None:
    cleaned = clean(text)

    assert is_clean(cleaned)
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in cleaned)
    assert clean(cleaned) == cleaned


@given(st.text().map(clean), st.integers(1, 60))
def test_fitted_text_has_the_width_asked_for(text: str, cells: int) -> None:
    assert cell_len(left(text, cells)) == cells
    assert cell_len(right(text, cells)) == cells


def test_the_net_catches_what_was_not_cleaned() -> None:
    caught = ControlFilter().apply([Segment("a\x1b]52;c;x\x07b"), Segment("fine")], Color(0, 0, 0))

    assert [segment.text for segment in caught] == ["a\ufffd]52;c;x\ufffdb", "fine"]


def test_what_the_encoding_lacks_keeps_its_width() -> None:
    shown = EncodingFilter("ascii").apply([Segment("─…é日本")], Color(0, 0, 0))

    assert shown[0].text == "-~?????"


def test_glyphs_go_by_the_encoding() -> None:
    assert glyphs_for("utf-8") is UNICODE
    assert glyphs_for("ascii") is ASCII
    assert glyphs_for(None) is ASCII
    assert glyphs_for("no such thing") is ASCII


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.integers(1, 6))
def test_a_chart_shows_a_trace_of_whatever_there_was(values: list[float], height: int) -> None:
    lines = UNICODE.chart(tuple(values), height)

    assert len(lines) == height
    assert {len(line) for line in lines} == {len(values)}
    assert " " not in lines[-1]


@given(st.floats(0, 1), st.integers(4, 80))
def test_a_bar_is_full_only_at_the_end(done: float, cells: int) -> None:
    full, rest = UNICODE.bar(done, cells)

    assert len(full) + len(rest) == cells
    assert bool(rest) == (done < 1)
    assert bool(full) == (done > 0)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_hundred_percent_is_all_of_it(part: int, whole: int) -> None:
    if whole:
        assert (share(part, whole) == "100 %") == (part >= whole)


def test_times_are_short() -> None:
    assert [age(seconds) for seconds in (0.2, 59.9, 60, 7_300, 200_000)] == ["0s", "59s", "1m", "2h", "2d"]
    assert [span_of(seconds) for seconds in (8.4, 59.6, 3_599, 4_200)] == [
        "8 s",
        "1 min",
        "1 h",
        "1 h 10 min",
    ]


def test_throughput_counts_each_run_from_nothing() -> None:
    throughput = RateHistory()
    for now, done in ((0, None), (1, 10), (9, 100)):
        throughput.add(now, done)
    throughput.end(120)
    for now, done in ((11, None), (12, 50), (19, 70), (20, 70)):
        throughput.add(now, done)

    assert throughput.rates[-3:] == (12.0, 7.0, 0.0)


def test_what_was_done_before_the_first_look_is_not_made_up() -> None:
    throughput = RateHistory()
    throughput.add(100, 5_000)

    assert set(throughput.rates) == {0.0}


def test_a_tail_follows_until_it_is_scrolled_and_again_from_its_end() -> None:
    window = Window(tail=True).over(20, 5)
    assert (window.first, window.following) == (15, True)

    up = window.scrolled(-3)
    assert (up.first, up.following) == (12, False)
    # What comes in below moves nothing.
    assert up.over(30, 5).first == 12
    assert up.over(30, 5).below == 13

    assert up.scrolled(1000).following


@given(st.integers(0, 50), st.integers(1, 20), st.lists(st.integers(-60, 60)), st.booleans())
def test_a_window_never_leaves_its_lines(count: int, height: int, moves: list[int], tail: bool) -> None:
    window = Window(tail=tail).over(count, height)
    for move in moves:
        window = window.scrolled(move)
        assert 0 <= window.first <= max(0, count - height)


def test_the_table_of_actions_is_whole(make_console: MakeConsole) -> None:
    ids = [action.id for action in ACTIONS]
    assert len(ids) == len(set(ids))
    for name in PLACES:
        here = [action for action in ACTIONS if not action.where or name in action.where]
        keys = [key for action in here for key in action.keys.split(",")]
        assert len(keys) == len(set(keys)), name
    host = make_console(FakeEngine(samples.in_sync()))
    for action in ACTIONS:
        call = (action.call or action.id).split("(")[0]
        method = "action_" + call.removeprefix("app.").removeprefix("screen.")
        places = [PLACES[name](host) for name in action.where or ("dashboard",)]
        assert hasattr(Console, method) or all(hasattr(place, method) for place in places), action.id


def test_keys_are_the_operators_choice() -> None:
    actions = {action.id: action for action in remapped({"sync": "y"})}

    assert actions["sync"].key == "y"
    with pytest.raises(ConfigError, match="no action 'snyc'; known: sync"):
        remapped({"snyc": "y"})


@pytest.mark.parametrize("cells", range(8, 100, 7))
def test_the_line_of_keys_keeps_help_and_quit_longest(cells: int) -> None:
    line = keys_line(ACTIONS, cells, disabled=(), renamed={})

    assert width(line) <= cells
    if cells > 20:
        assert "? help" in plain(line)
        assert "q quit" in plain(line)


@pytest.mark.parametrize("cells", [60, 78, 118])
@pytest.mark.parametrize("place", PLACES)
def test_the_line_of_keys_says_how_to_reach_the_other_screens(cells: int, place: str) -> None:
    here = [action for action in ACTIONS if not action.where or place in action.where]
    keys = plain(keys_line(here, cells, disabled=(), renamed={}))

    assert "0-6 screens" in keys or all(f"{number} " in keys for number in range(7))


def test_screens_under_other_keys_are_told_by_these() -> None:
    actions = remapped({"show_log": "f6"})

    assert "1 2 3 4 5 f6 0 screens" in plain(keys_line(actions, 60, disabled=(), renamed={}))


def test_equal_snapshots_are_the_same_picture() -> None:
    assert view_of() == view_of()


def view_of() -> object:
    """The busy dashboard."""
    return dashboard(Scene(samples.busy(), FACTS, 0, STANDING))


def test_many_errors_of_one_cause_are_one_story() -> None:
    rows = dashboard(Scene(samples.busy(), FACTS, 0, STANDING)).errors.rows

    assert [row.count for row in rows] == [1, 1, 1, 1, 12]
    assert rows[-1].key == "911"


@given(st.integers(24, 120))
def test_no_error_is_wider_than_its_panel(cells: int) -> None:
    view = dashboard(Scene(samples.hostile(), FACTS, 0, STANDING)).errors

    for line in error_lines(view, cells):
        assert width(line) <= cells
        assert is_clean(plain(line))


def test_the_question_tells_what_it_costs() -> None:
    asked = force_question(force_estimate(samples.busy(), FACTS), FACTS)

    assert "Embed 987,667 products again" in asked
    assert "about 1 h 11 min" in asked
    assert "about 217.29 to pay" in asked


def test_the_question_does_not_make_figures_up() -> None:
    facts = (LaunchFacts("products", "products"),)
    asked = force_question(force_estimate(samples.nothing_yet(), facts), facts)

    assert "how long it takes is not known" in asked
    assert "What it costs is not known" in asked
