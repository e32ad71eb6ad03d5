"""The list with a cursor, its filter, and copying: the parts that all screens share."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.strip import Strip

from embedconsole.console.clipboard import LARGEST, copied, osc52
from embedconsole.console.text import UNICODE, Span, plain, width
from embedconsole.console.widgets.base import differing, merged
from embedconsole.console.widgets.input import FilterInput
from embedconsole.console.widgets.list import Cursor, ListPanel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.app import ComposeResult

KEYS = st.lists(st.text(alphabet="abcdef", min_size=1, max_size=3), unique=True, max_size=30)


@given(
    rows=st.lists(KEYS, min_size=1, max_size=6),
    moves=st.lists(st.integers(-40, 40), max_size=6),
    height=st.integers(1, 12),
)
def test_the_cursor_is_always_on_a_row_that_is_shown(
    rows: list[list[str]], moves: list[int], height: int
) -> None:
    cursor = Cursor().sized(height)
    for keys, move in zip(rows, [*moves, *[0] * len(rows)], strict=False):
        cursor = cursor.over(keys).moved(move)

        assert (cursor.key in keys) if keys else cursor.key is None
        assert cursor.top <= cursor.index < cursor.top + cursor.height
        assert cursor.top == 0 or cursor.top + cursor.height <= len(keys)


@given(before=KEYS.filter(bool), after=KEYS, at=st.integers(0, 29))
def test_the_cursor_stays_with_its_row(before: list[str], after: list[str], at: int) -> None:
    cursor = Cursor().sized(4).over(before).moved(at)

    moved = cursor.over(after)

    if cursor.key in after:
        assert moved.key == cursor.key


def test_rows_that_come_in_above_do_not_move_the_picture() -> None:
    cursor = Cursor().sized(3).over(list("abcdefgh")).moved(4)

    after = cursor.over(list("xyzabcdefgh"))

    assert after.index - after.top == cursor.index - cursor.top


class Listing(App[None]):
    """A list and its filter."""

    def __init__(self) -> None:
        super().__init__()
        self.roll: ListPanel[str] = ListPanel(
            "Things",
            key_of=str,
            line_of=lambda row, cells: (Span(f" {row}"),),
            glyphs=UNICODE,
            id="roll",
            empty="Things appear here.",
        )
        self.finder = FilterInput()
        self.heard: list[str] = []

    def compose(self) -> ComposeResult:
        """Both."""
        yield self.roll
        yield self.finder

    def on_list_panel_chosen(self, event: ListPanel.Chosen) -> None:
        """Note it."""
        self.heard.append(f"{type(event).__name__} {self.roll.current}")

    def on_filter_input_filtered(self, event: FilterInput.Filtered) -> None:
        """Note it."""
        self.heard.append(f"filter {event.text}")


def shown(app: Listing) -> Sequence[str]:
    """The lines of the list, without its heading."""
    return [line.rstrip() for line in app.roll.text.split("\n")[1:]]


@pytest.mark.anyio
async def test_a_list_shows_cursor_and_marks() -> None:
    app = Listing()
    async with app.run_test(size=(40, 10)) as pilot:
        assert shown(app) == [" Things appear here."]
        app.roll.focus()
        app.roll.show(["one", "two", "three"])
        app.roll.scroll(1)
        app.roll.mark()
        app.roll.open()
        await pilot.pause()

        assert shown(app) == ["  one", "• two", "› three"]
        assert app.roll.chosen == ["two"]
        assert app.roll.copyable == "two"
        assert app.heard == ["Chosen three"]

        app.roll.show(["three"])
        assert app.roll.marked == []


@pytest.mark.anyio
async def test_a_filter_is_heard_while_it_is_typed_and_comes_back() -> None:
    app = Listing()
    async with app.run_test(size=(40, 10)) as pilot:
        app.finder.open()
        await pilot.press("a", "b", "enter")
        assert app.heard == ["filter a", "filter ab"]
        assert not app.finder.display

        app.finder.open()
        await pilot.press("c", "escape")
        app.finder.open()
        await pilot.press("up", "up")

        assert app.finder.value == "ab"
        assert app.heard[2:] == ["filter c", "filter ", "filter c", "filter ab"]


def test_osc_52_carries_the_text_and_is_wrapped_within_tmux() -> None:
    bare = osc52("käse".encode(), {})
    wrapped = osc52("käse".encode(), {"TMUX": "/tmp/tmux,1,0"})

    assert b64decode(bare.removeprefix("\x1b]52;c;").removesuffix("\x07")).decode() == "käse"
    assert wrapped == "\x1bPtmux;" + bare.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def test_what_is_copied_is_left_in_a_file_for_its_owner(tmp_path: Path) -> None:
    long = "x" * (LARGEST + 1)

    short, over = copied("short", tmp_path, {}), copied(long, tmp_path / "new", {})

    assert short.sequence is not None
    assert over.sequence is None
    assert "Too long" in over.words
    assert over.file is not None
    assert over.file.read_text() == long
    assert over.file.stat().st_mode & 0o077 == 0


def test_no_file_is_no_reason_not_to_copy(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder would be")

    assert copied("text", tmp_path / "taken", {}).file is None


TEXT = st.text(alphabet="ab é界́", max_size=12)
SPANS = st.lists(st.builds(Span, TEXT, st.sampled_from(["plain", "muted"])), max_size=4)
# A mark has a letter to stand on, in whatever terminal.
LINES = SPANS.map(lambda spans: (Span("x"), *spans))


@given(old=LINES, new=LINES)
def test_what_is_not_sent_again_is_there_already(old: tuple[Span, ...], new: tuple[Span, ...]) -> None:
    begin, end = differing(old, new)
    columns = max(width(old), width(new))
    before, after = (
        Strip(segments(old)).adjust_cell_length(columns),
        Strip(segments(new)).adjust_cell_length(columns),
    )

    assert before.crop(0, begin) == after.crop(0, begin)
    assert before.crop(max(begin, end)) == after.crop(max(begin, end))
    assert plain(merged(new)) == plain(new)


def segments(line: tuple[Span, ...]) -> list[Segment]:
    """As a terminal gets it, a letter and its marks each."""
    return [Segment(letter, Style(bold=span.tone == "muted")) for span in line for letter in span.text]
