"""What goes to a terminal: clean, aligned, and data apart from talk."""

from __future__ import annotations

import io
import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.cli.output import duration, items_word, put, put_json, put_table, put_text, say, say_text
from embedconsole.foreign_text import harmless

_BIDI = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.text())
def test_nothing_that_acts_on_a_terminal_gets_through(text: str) -> None:
    cleaned = harmless(text)

    for char in cleaned:
        assert unicodedata.category(char) not in ("Cc", "Cs") or char in "\t\n"
        assert char not in _BIDI
    assert len(cleaned) == len(text), "each is replaced by one that shows that something was there"
    assert harmless(cleaned) == cleaned


@pytest.mark.parametrize("char", ["\x1b", "\x00", "\r", "\x7f", "\x9b", "\x85", "\ud800", *_BIDI])
def test_each_of_them_is_replaced(char: str) -> None:
    assert harmless(f"a{char}b") == "a\ufffdb"


@pytest.mark.parametrize("text", ["plain", "tab\tand\nnewline", "Grüße, ключ, 靴, 👟", "[bold]brackets[/]"])
def test_everything_else_stays(text: str) -> None:
    assert harmless(text) == text


def test_data_is_on_stdout_and_talk_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    put("data\x1b[2J")
    say("talk\x1b]52;c;aGk=\x07")

    assert capsys.readouterr() == ("data\ufffd[2J\n", "talk\ufffd]52;c;aGk=\ufffd\n")


def test_what_a_line_quotes_makes_no_second_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("item 3\nproducts: all is in sync")
    put("item 3\nproducts: all is in sync")
    say_text("one thing\nanother thing")

    forged = "item 3\\nproducts: all is in sync\n"
    assert capsys.readouterr() == (forged, f"{forged}one thing\nanother thing\n")


def test_json_is_one_line_of_ascii_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"title": "Grüße\n\x1b[2J\u202e", "path": pytest}

    put_json(value)

    out = capsys.readouterr().out
    assert out.isascii()
    assert out.count("\n") == 1
    assert "\x1b" not in out
    assert json.loads(out)["title"] == value["title"]


def test_an_encoding_that_lacks_a_character_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))

    put("Grüße")

    assert raw.getvalue() == b"Gr??e\n"


def test_a_table_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    put_table(
        ["count", "class", "cause"],
        [["1,200", "item", "no picture"], ["3", "transient", "two\nlines \x1b"]],
        right=[0],
    )

    assert capsys.readouterr().out.splitlines() == [
        "count  class      cause",
        "1,200  item       no picture",
        "    3  transient  two lines \ufffd",
    ]


def test_a_table_without_rows_is_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    put_table(["a", "b"], [])

    assert capsys.readouterr().out == "a  b\n"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (12.4, "12 s"),
        (59.4, "59 s"),
        (59.6, "1 m 00 s"),
        (65, "1 m 05 s"),
        (3599, "59 m 59 s"),
        (3599.6, "1 h 00 m"),
        (4200, "1 h 10 m"),
        (360_000, "100 h 00 m"),
    ],
)
def test_durations_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 items"), (1, "1 item"), (2345, "2,345 items")])
def test_items_are_counted_in_words(count: int, text: str) -> None:
    assert items_word(count) == text


def test_a_newline_in_data_makes_no_second_line(capsys: pytest.CaptureFixture[str]) -> None:
    put("35  Mug\nproducts: in sync")
    put_text("two\nlines")

    assert capsys.readouterr().out == "35  Mug\\nproducts: in sync\ntwo\nlines\n"
