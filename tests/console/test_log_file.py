"""The log file read from its end: rotation, truncation, growth, and files of any size."""

from __future__ import annotations

import json
import logging.handlers
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.console.screens import log_source as reading
from embedconsole.console.screens.log_source import (
    EVERYTHING,
    LogFile,
    entry_of_event,
    entry_of_line,
    whole_log,
)
from embedconsole.faults import ConfigError
from embedconsole.ledger.records.history import Event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log file would be."""
    return tmp_path / "a.log"


@pytest.fixture
def log(path: Path) -> Iterator[LogFile]:
    """The log file; not opened before it is read."""
    with closing(LogFile(path)) as opened:
        yield opened


def older(log: LogFile) -> list[str]:
    """All that is older, oldest first."""
    lines: list[str] = []
    while not log.complete:
        lines = [line for _, line in log.older()] + lines
    return lines


def newer(log: LogFile) -> list[str]:
    """All that is newer."""
    lines: list[str] = []
    while piece := log.newer():
        lines += [line for _, line in piece]
    return lines


@given(
    lines=st.lists(st.text(alphabet="ab é", min_size=1, max_size=30), max_size=40),
    more=st.text(alphabet="cd", max_size=9),
)
def test_every_line_comes_once_however_it_is_cut_into_pieces(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], more: str
) -> None:
    path = tmp_path_factory.mktemp("log") / "a.log"
    path = tmp_path_factory.mktemp("log") / "a.log"
    path.write_text("".join(f"{line}\n" for line in lines) + more, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "PIECE", 64)
        with closing(LogFile(path)) as log:
            assert older(log) == lines
            with path.open("a", encoding="utf-8") as file:
                file.write("end\nnext\n")
            assert newer(log) == [f"{more}end", "next"]


def test_a_line_that_is_longer_than_a_piece_comes_in_pieces(
    path: Path, log: LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PIECE", 64)
    path.write_text("first\n" + "x" * 300 + "\nlast\n")

    lines = older(log)

    assert (lines[0], lines[-1]) == ("first", "last")
    assert "".join(lines[1:-1]) == "x" * 300
    with path.open("a") as file:
        file.write("y" * 200 + "\n")
    assert "".join(newer(log)) == "y" * 200


def test_a_large_file_is_not_read_for_its_end(path: Path, log: LogFile) -> None:
    with path.open("wb") as file:
        # A hole: a gigabyte to look at, nothing on the disk.
        file.truncate(1_000_000_000)
        file.seek(0, 2)
        file.write(b"\nlast\n")

    assert [line for _, line in log.older()][-1] == "last"
    assert newer(log) == []


def test_rotation_is_followed_and_read_back_through(path: Path, log: LogFile) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=40, backupCount=5)
    handler.setFormatter(logging.Formatter("%(message)s"))
    told = [f"line number {number:02d} of the log" for number in range(4)]
    for text in told[:2]:
        handler.emit(logging.makeLogRecord({"msg": text}))
    assert [line for _, line in log.older()] == told[1:2]

    for text in told[2:]:
        handler.emit(logging.makeLogRecord({"msg": text}))
    handler.close()

    assert newer(log) == told[2:]
    assert older(log) == told[:1]
    assert list(whole_log(path)) == told


def test_a_file_that_is_cut_short_begins_anew(path: Path, log: LogFile) -> None:
    path.write_text("one\ntwo\nthree\n")
    keys = [place for place, _ in log.older()]

    path.write_text("four\n")

    piece = log.newer()
    assert [line for _, line in piece] == ["four"]
    assert not {place for place, _ in piece} & set(keys)
    assert older(log) == []


def test_a_file_that_comes_later_is_read_from_its_beginning(path: Path, log: LogFile) -> None:
    assert (older(log), newer(log)) == ([], [])

    path.write_text("one\ntwo\n")

    assert newer(log) == ["one", "two"]


def test_what_was_dropped_can_be_read_again(path: Path, log: LogFile) -> None:
    path.write_text("one\ntwo\nthree\n")
    (_, (second, _), _) = log.older()

    log.reread_from(second)

    assert older(log) == ["one"]


def test_a_line_for_people_and_one_for_machines_are_the_same_entry() -> None:
    text = entry_of_line("1", "2026-01-31T12:00:00Z WARNING Failed #7 - error: no picture")
    line = {
        "time": "2026-01-31T12:00:00.250Z",
        "level": "warning",
        "message": "Failed",
        "keys": ["7"],
        "n": 3,
    }
    machine = entry_of_line("2", json.dumps(line))

    assert (text.at, text.level, text.message) == (
        1_769_860_800.0,
        "warning",
        "Failed #7 - error: no picture",
    )
    assert (machine.at, machine.level, machine.message) == (1_769_860_800.25, "warning", "Failed")
    assert machine.fields == (("keys", '[\n  "7"\n]'), ("n", "3"))


@pytest.mark.parametrize(
    "line", ["Traceback (most recent call last):", "{not json", "[1]", "2026-01-31 INFO x", '{"a": 1']
)
def test_a_line_of_another_make_is_shown_as_it_is(line: str) -> None:
    entry = entry_of_line("1", line)

    assert (entry.message, entry.level, entry.at) == (line, "", None)


def test_an_event_reads_as_a_line_of_the_log() -> None:
    entry = entry_of_event(Event(9, 1_769_860_800.0, "products", "error", "item", "7", "no\npicture"))

    assert entry.raw == "2026-01-31T12:00:00Z ERROR products item 7: no\\npicture"
    assert dict(entry.fields) == {"pipeline": "products", "kind": "item", "key": "7", "event": "9"}


def test_a_sieve_lets_a_level_and_all_graver_ones_through() -> None:
    lines = [f"2026-01-31T12:00:00Z {level} x" for level in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")]
    entries = [entry_of_line("", line) for line in [*lines, "something else"]]

    everything, warnings = EVERYTHING, EVERYTHING.next_level()
    errors = warnings.next_level()

    assert [sum(sieve.passes(entry) for entry in entries) for sieve in (everything, warnings, errors)] == [
        6,
        3,
        2,
    ]
    assert errors.next_level() == everything
    assert (warnings.words, errors.words, everything.words) == ("warnings and errors", "errors", "")


def test_a_pattern_is_a_regular_expression_in_any_case() -> None:
    sieve = EVERYTHING.with_pattern(r"#\d+ .*PICTURE")

    assert sieve.passes(entry_of_line("", "Failed #7 - no picture"))
    assert not sieve.passes(entry_of_line("", "Failed # - no picture"))
    assert sieve.with_pattern("") == EVERYTHING
    with pytest.raises(ConfigError, match="not a pattern yet"):
        EVERYTHING.with_pattern("(")


def test_a_pattern_that_never_ends_is_refused() -> None:
    sieve = EVERYTHING.with_pattern("(a|a)*b$|x")

    with pytest.raises(ConfigError, match="takes too long"):
        sieve.passes(entry_of_line("", "a" * 5000))
