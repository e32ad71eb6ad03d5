"""The real program in a real terminal."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("no terminals to make here", allow_module_level=True)

from console.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

MOVED_ON = 800
"""Bytes for the chart, which moves on every ten seconds for ten minutes after work was done."""

AT_REST = r"In sync\. [\d,]+ products|the rest is in sync"


def demo(tmp_path: Path, *arguments: str) -> Terminal:
    """`embedconsole demo` with 200 products in an 80x24 terminal."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EMBEDCONSOLE_")}
    kept.pop("NO_COLOR", None)
    environment = {**kept, "EMBEDCONSOLE_STATE_DIR": str(tmp_path), "EMBEDCONSOLE_LOG_DIR": str(tmp_path)}
    return Terminal(("demo", "--dir", str(tmp_path), "--products", "200", *arguments), environment)


def synced(tmp_path: Path) -> int:
    """What the ledger has synced."""
    with sqlite3.connect(tmp_path / "ledger.db") as ledger:
        (count,) = ledger.execute("SELECT count(*) FROM embedconsole_items WHERE state = 0").fetchone()
        return int(count)


def test_it_shows_the_sync_rests_and_leaves(tmp_path: Path) -> None:
    with demo(tmp_path) as terminal:
        first_paint = terminal.read_until("Opening the ledger|Backlog")
        terminal.read_until(AT_REST)
        terminal.settle()
        idle = [terminal.read(2.0) for _ in range(3)]
        terminal.press("q")
        code = terminal.ended()

    assert f"{synced(tmp_path):,}" in terminal.text
    assert code == 0
    assert "Traceback" not in terminal.text
    # The screen as it was, the cursor shown again.
    assert b"\x1b[?1049l" in terminal.written
    assert b"\x1b[?25h" in terminal.written
    assert min(idle) == 0, f"{idle} bytes while nothing happens"
    assert sum(idle) <= MOVED_ON, f"{idle} bytes while nothing happens"
    assert first_paint < 30


def test_hanging_up_ends_it(tmp_path: Path) -> None:
    with demo(tmp_path) as terminal:
        terminal.read_until(AT_REST)
        terminal.hang_up()

        assert terminal.process.wait(timeout=60) == 128 + signal.SIGHUP


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_leaves_the_terminal_as_it_was(tmp_path: Path, number: signal.Signals) -> None:
    with demo(tmp_path) as terminal:
        terminal.read_until(AT_REST)
        terminal.process.send_signal(number)

        assert terminal.ended() == 128 + number
    assert b"\x1b[?1049l" in terminal.written
    assert "Traceback" not in terminal.text


def test_hostile_texts_reach_no_terminal(tmp_path: Path) -> None:
    with demo(tmp_path, "--headless", "--once") as terminal:
        assert terminal.ended() in (0, 1)
    evil = "\x1b]52;c;aGk=\x07\x1b[2Jevil\u202e\x9b31m [bold]x[/] [/var]"
    with sqlite3.connect(tmp_path / "ledger.db") as ledger:
        ledger.execute(
            "INSERT INTO embedconsole_events (at, pipeline, level, kind, key, message) "
            "VALUES (strftime('%s') * 1000, 'products', 'error', 'item', ?, ?)",
            (evil, evil),
        )
    with demo(tmp_path) as terminal:
        terminal.read_until("evil")
        terminal.press("q")
        assert terminal.ended() == 0

    assert b"]52;c;aGk=\x07" not in terminal.written
    assert b"\x1b]52" not in terminal.written
    assert b"\xc2\x9b" not in terminal.written
    assert "\u202e".encode() not in terminal.written
    assert "[bold]x[/]" in terminal.text.replace("\ufffd", "")


def test_without_a_terminal_it_is_refused(tmp_path: Path) -> None:
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "embedconsole", "demo", "--dir", str(tmp_path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "--headless" in done.stderr
