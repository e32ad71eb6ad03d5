"""The log screen of the real program while its log file grows by a thousand lines a second."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("what a program has used is looked up in /proc", allow_module_level=True)

from console.log_samples import line, write
from console.test_terminal import AT_REST, demo

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 5
_LINES = 1_000
"""A second."""

_BYTES = 3_072
"""A second: all lines of the screen every other second, and what the status says."""

_PROCESSOR = 0.4
"""Of one; it is asleep for most of the time."""


def test_a_thousand_lines_a_second_cost_half_a_screen_a_second(tmp_path: Path) -> None:
    with demo(tmp_path) as terminal:
        terminal.read_until(AT_REST)
        terminal.press("6o")
        terminal.read_until("Log file")
        terminal.settle()

        began, used, before = time.monotonic(), terminal.cpu, len(terminal.written)
        for tenth in range(_SECONDS * 10):
            lines = [line(tenth * _LINES // 10 + at) for at in range(_LINES // 10)]
            write(tmp_path / "embedconsole.log", lines)
            terminal.read(max(0.0, began + (tenth + 1) / 10 - time.monotonic()))
        seconds, used = time.monotonic() - began, terminal.cpu - used
        count = len(terminal.written) - before
        # Nothing of it is on the screen by chance: only what differs is sent.
        write(tmp_path / "embedconsole.log", ["QQQQQQQQ"])
        terminal.read_until("QQQQQQQQ")
        terminal.press("q")
        assert terminal.ended() == 0

    print(f"{count / seconds:,.0f} bytes/s, {used / seconds:.1%} of a processor")  # noqa: T201 - for -s
    assert count / seconds <= _BYTES, f"{count} bytes in {seconds:.1f} s"
    assert used / seconds <= _PROCESSOR, f"{used:.2f} s of a processor in {seconds:.1f} s"
