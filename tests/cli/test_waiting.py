"""The line of progress on a terminal."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from embedconsole.cli.output import LineInPlace, say

if TYPE_CHECKING:
    from collections.abc import Callable


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Terminal]:
    """An operator at a terminal who types something; gives what he is shown."""

    def sit_down(text: str) -> Terminal:
        shown = Terminal()
        monkeypatch.setattr(sys, "stdin", Terminal(text))
        monkeypatch.setattr(sys, "stderr", shown)
        return shown

    return sit_down


def test_a_line_is_written_over_and_cleared(typed: Callable[[str], Terminal]) -> None:
    shown = typed("")
    line = LineInPlace()

    line.show("a long \x1b[2Jline\nof text")
    line.show("short")
    line.clear()

    written = shown.getvalue()
    assert "\x1b" not in written
    assert "\n" not in written
    assert written.endswith("\r     \r")
    assert f"\r{'short':<{len('a long [2Jline of text')}}" in written


def test_what_is_said_meanwhile_has_a_line_of_its_own(typed: Callable[[str], Terminal]) -> None:
    shown = typed("")
    line = LineInPlace()

    line.show("building")
    say("Stopping.")
    line.show("built")
    line.clear()

    assert shown.getvalue() == f"\rbuilding\r{'':<8}\rStopping.\n\rbuilt\r{'':<5}\r"
