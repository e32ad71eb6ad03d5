"""The log screen: how it looks, and its keys, on made-up events and a real log file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from console import log_samples, samples
from console.conftest import settled, until
from console.fakes import FakeEngine
from embedconsole.console.screens import log_source as book
from embedconsole.console.screens.log import LogScreen
from embedconsole.console.text import ASCII
from embedconsole.console.widgets.base import Panel
from embedconsole.console.widgets.list import Tail
from embedconsole.faults import Transient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from console.conftest import MakeConsole
    from embedconsole.console.app import Console
    from embedconsole.console.views.log import LogEntry
    from embedconsole.ledger.records.history import Event
    from embedconsole.sync.observe.snapshot import Snapshot

    Compare = Callable[..., bool]

pytestmark = pytest.mark.anyio

SIZES = {"80x24": (80, 24), "120x40": (120, 40), "60x24": (60, 24)}


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    """A log file with 300 lines."""
    return log_samples.write(tmp_path / "embedconsole.log", [log_samples.line(at) for at in range(300)])


@pytest.fixture(autouse=True)
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where exports go."""
    monkeypatch.setenv("EMBEDCONSOLE_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def client(events: tuple[Event, ...] = log_samples.ENTRIES, shown: Snapshot | None = None) -> FakeEngine:
    """An engine whose ledger has these events."""
    return FakeEngine(shown or samples.busy(), answers={"older_events": events, "newer_events": ()})


def on_file(console: Console, path: Path) -> Console:
    """The console that writes this log file."""
    object.__setattr__(console.state.launch, "log_path", path)
    return console


def the_list(pilot: Pilot[int]) -> Tail[LogEntry]:
    """The entries."""
    return pilot.app.screen.query_one("#list", Tail)


def messages(pilot: Pilot[int]) -> list[str]:
    """What the entries say."""
    return [entry.message for entry in the_list(pilot).rows]


async def on_events(pilot: Pilot[int]) -> None:
    """Go to the log, which begins with the events."""
    await settled(pilot)
    await pilot.press("6")
    await until(
        pilot, lambda: isinstance(pilot.app.screen, LogScreen) and "Reading." not in the_list(pilot).text
    )


async def on_lines(pilot: Pilot[int]) -> None:
    """Go to the log file."""
    await on_events(pilot)
    await pilot.press("o")
    await until(pilot, lambda: "Log file" in the_list(pilot).text)


async def look_again(pilot: Pilot[int], reached: Callable[[], bool]) -> None:
    """Look now, and not when the second is over."""
    assert isinstance(pilot.app.screen, LogScreen)
    pilot.app.screen.look_again()
    await until(pilot, reached)


async def type_filter(pilot: Pilot[int], text: str) -> None:
    """Type a pattern."""
    await pilot.press("/")
    pilot.app.screen.query_one(Input).value = text
    await pilot.pause()


# How it looks

STATES = {
    "busy": (log_samples.ENTRIES, samples.busy()),
    "empty": ((), samples.nothing_yet()),
    "hostile": (log_samples.hostile_events(), samples.hostile()),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_events(snap_compare: Compare, make_console: MakeConsole, state: str, size: str) -> None:
    console = make_console(client(*STATES[state]))

    assert snap_compare(console, terminal_size=SIZES[size], run_before=on_events)


@pytest.mark.parametrize("size", ["80x24", "120x40"])
def test_lines(snap_compare: Compare, make_console: MakeConsole, log_file: Path, size: str) -> None:
    console = on_file(make_console(client()), log_file)

    assert snap_compare(console, terminal_size=SIZES[size], run_before=on_lines)


def test_hostile_lines(snap_compare: Compare, make_console: MakeConsole, tmp_path: Path) -> None:
    path = log_samples.write(tmp_path / "evil.log", log_samples.hostile_lines())

    assert snap_compare(on_file(make_console(client()), path), terminal_size=(80, 24), run_before=on_lines)


def test_a_hostile_entry_in_full(snap_compare: Compare, make_console: MakeConsole, tmp_path: Path) -> None:
    path = log_samples.write(tmp_path / "evil.log", log_samples.hostile_lines())

    async def open_it(pilot: Pilot[int]) -> None:
        await on_lines(pilot)
        await pilot.press("enter")
        await pilot.pause()

    assert snap_compare(on_file(make_console(client()), path), terminal_size=(80, 24), run_before=open_it)


def test_a_pattern_that_is_none(snap_compare: Compare, make_console: MakeConsole) -> None:
    async def mistype(pilot: Pilot[int]) -> None:
        await on_events(pilot)
        await type_filter(pilot, "timed (out")
        await until(pilot, lambda: "not a pattern" in the_list(pilot).text)

    assert snap_compare(make_console(client()), terminal_size=(80, 24), run_before=mistype)


def test_disconnected(snap_compare: Compare, make_console: MakeConsole) -> None:
    engine = client(shown=samples.disconnected())
    engine.fault = Transient("ledger", "the server closed the connection")

    assert snap_compare(make_console(engine), terminal_size=(80, 24), run_before=on_events)


def test_without_colours_and_drawings(
    snap_compare: Compare, make_console: MakeConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console = make_console(client(), read_only=True)
    console.glyphs = ASCII

    assert snap_compare(console, terminal_size=(80, 24), run_before=on_events)


# Keys and flows


async def test_it_follows_until_the_operator_goes_up(make_console: MakeConsole, log_file: Path) -> None:
    app = on_file(make_console(client()), log_file)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_lines(pilot)
        assert the_list(pilot).current == the_list(pilot).rows[-1]
        assert "following" in the_list(pilot).text

        log_samples.write(log_file, ["2026-01-01T09:30:00Z INFO newest"])
        await look_again(pilot, lambda: messages(pilot)[-1] == "newest")
        assert the_list(pilot).following

        await pilot.press("k")
        held = the_list(pilot).current
        log_samples.write(log_file, [f"2026-01-01T09:31:{at:02d}Z INFO later" for at in range(9)])
        await look_again(pilot, lambda: messages(pilot)[-1] == "later")
        assert the_list(pilot).current == held
        assert "9 newer below" in the_list(pilot).text

        await pilot.press("G")
        assert the_list(pilot).following


async def test_older_lines_are_read_when_the_cursor_comes_near(
    make_console: MakeConsole, log_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedconsole.console.screens.log_source.PIECE", 2_000)
    app = on_file(make_console(client()), log_file)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_lines(pilot)
        await until(pilot, lambda: len(messages(pilot)) >= 3 * 24)
        assert len(messages(pilot)) < 200
        first = the_list(pilot).rows[0]

        await pilot.press("g")
        await until(pilot, lambda: the_list(pilot).rows[0] != first)
        assert the_list(pilot).current == first


async def test_old_entries_are_dropped_while_following_and_read_again(
    make_console: MakeConsole, log_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "KEEP", 100)
    app = on_file(make_console(client()), log_file)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_lines(pilot)
        await look_again(pilot, lambda: len(messages(pilot)) == 75)

        await pilot.press("g")
        await until(pilot, lambda: len(messages(pilot)) == 300)


async def test_levels_go_round(make_console: MakeConsole) -> None:
    app = make_console(client())
    async with app.run_test(size=(80, 24)) as pilot:
        await on_events(pilot)
        counts: list[int] = []
        for _ in range(3):
            await pilot.press("l")
            await until(pilot, partial(_fresh, pilot, counts))
            counts.append(len(messages(pilot)))

    assert counts == [len(samples.EVENTS), 2, len(log_samples.ENTRIES)]


def _fresh(pilot: Pilot[int], counts: list[int]) -> bool:
    return len(messages(pilot)) != (counts[-1] if counts else len(log_samples.ENTRIES))


async def test_a_pattern_filters_and_a_wrong_one_changes_nothing(
    make_console: MakeConsole, log_file: Path
) -> None:
    app = on_file(make_console(client()), log_file)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_lines(pilot)
        await type_filter(pilot, r"failed #1\d\d ")
        await until(pilot, lambda: len(messages(pilot)) == 15)
        assert r"/failed #1\d\d /" in the_list(pilot).text

        pilot.app.screen.query_one(Input).value = r"failed #(1"
        await until(pilot, lambda: "not a pattern yet" in the_list(pilot).text)
        assert len(messages(pilot)) == 15

        pilot.app.screen.query_one(Input).value = "nothing like it"
        await until(pilot, lambda: "Nothing that is kept has /nothing like it/." in the_list(pilot).text)
        await pilot.press("escape")
        await until(pilot, lambda: len(messages(pilot)) == 300)


async def test_enter_opens_an_entry_with_all_its_fields(make_console: MakeConsole, tmp_path: Path) -> None:
    line = '{"time": "2026-01-01T09:30:00Z", "level": "warning", "message": "one\\ntwo", "keys": ["7", "8"]}'
    path = log_samples.write(tmp_path / "json.log", [line])
    app = on_file(make_console(client()), path)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_lines(pilot)
        await pilot.press("enter")
        told = pilot.app.screen.query_one("#detail", Panel).text.split("\n")

        assert [one.rstrip() for one in told[1:]] == [
            " Jan 01 09:30:00  warning",
            "",
            " one",
            " two",
            "",
            " keys  [",
            '         "7",',
            '         "8"',
            "       ]",
        ]
        await pilot.press("escape")
        assert the_list(pilot).has_focus


async def test_marked_lines_are_copied_whole(
    make_console: MakeConsole, log_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    app = on_file(make_console(client()), log_file)
    monkeypatch.setattr(app, "copy", copied.append)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_lines(pilot)
        await pilot.press("k", "k", "v", "v", "y")

    assert copied == ["\n".join(log_samples.line(at) for at in (297, 298))]


def exported(folder: Path) -> tuple[Path, list[str], int]:
    """The one file that was exported."""
    (path,) = folder.glob("*.txt")
    return path, path.read_text().splitlines(), path.stat().st_mode


@pytest.mark.parametrize("of_file", [True, False])
async def test_what_passes_is_exported(
    make_console: MakeConsole,
    log_file: Path,
    state_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    of_file: bool,
) -> None:
    said: list[str] = []
    app = on_file(make_console(client()), log_file)
    monkeypatch.setattr(app, "say", lambda text, **_: said.append(text))
    async with app.run_test(size=(80, 24)) as pilot:
        await (on_lines if of_file else on_events)(pilot)
        await pilot.press("l", "e")
        await until(pilot, lambda: bool(said))

    path, lines, mode = exported(state_dir)
    assert said == [f"{len(lines)} lines are in {path}."]
    assert mode & 0o077 == 0
    if of_file:
        assert lines == [log_samples.line(at) for at in range(300) if at % 7 == 3]
    else:
        assert len(lines) == len(samples.EVENTS)
        assert lines[1].endswith("ERROR products item 7: the vector has 511 dimensions, 512 were expected")


async def test_without_a_log_file_it_says_so(make_console: MakeConsole) -> None:
    app = make_console(client())
    async with app.run_test(size=(80, 24)) as pilot:
        await on_events(pilot)
        await pilot.press("o")
        await until(pilot, lambda: "writes no log file" in the_list(pilot).text)
        await pilot.press("o")
        await until(pilot, lambda: len(messages(pilot)) == len(log_samples.ENTRIES))


async def test_a_pattern_that_never_ends_is_told(make_console: MakeConsole, tmp_path: Path) -> None:
    path = log_samples.write(tmp_path / "long.log", ["a" * 5000])
    app = on_file(make_console(client()), path)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_lines(pilot)
        await type_filter(pilot, "(a|a)*b$|x")
        await until(pilot, lambda: "takes too long" in the_list(pilot).text)
