"""The real program in a real terminal."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("no terminals to make here", allow_module_level=True)

from console.terminal import Terminal

MOVED_ON = 800
"""Bytes for the chart, which moves on every ten seconds for ten minutes after work was done."""

BUSY = 2_048
"""Bytes a second that a sync at full speed may cost the link."""

TURN = 3_000
"""Bytes for the pictures with which a run begins and ends."""

AT_REST = r"In sync\. [\d,]+ products|the rest is in sync"


def demo(tmp_path: Path, *arguments: str, products: int = 200) -> Terminal:
    """`embedconsole demo` in an 80x24 terminal."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EMBEDCONSOLE_")}
    kept.pop("NO_COLOR", None)
    environment = {**kept, "EMBEDCONSOLE_STATE_DIR": str(tmp_path), "EMBEDCONSOLE_LOG_DIR": str(tmp_path)}
    return Terminal(("demo", "--dir", str(tmp_path), "--products", str(products), *arguments), environment)


def synced(tmp_path: Path) -> int:
    """What the ledger has synced."""
    with sqlite3.connect(tmp_path / "ledger.db") as ledger:
        (count,) = ledger.execute("SELECT count(*) FROM embedconsole_items WHERE state = 0").fetchone()
        return int(count)


def run_count(tmp_path: Path) -> int:
    """How many runs the ledger has."""
    with sqlite3.connect(tmp_path / "ledger.db") as ledger:
        (count,) = ledger.execute("SELECT count(*) FROM embedconsole_runs").fetchone()
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


def test_a_terminal_that_is_not_read_holds_up_the_screen_but_not_the_sync(tmp_path: Path) -> None:
    with demo(tmp_path, products=4_000) as terminal:
        terminal.read_until("Looking for changes|Syncing")
        # Far more than the pipe and the writer's queue can take: from here on the screen's loop is stuck.
        for _ in range(60):
            terminal.press("21")
        everything = terminal.unread_until(lambda: synced(tmp_path) >= 3_900)
        stuck = terminal.process.poll()
        terminal.settle()
        terminal.press("1q")

        assert everything
        assert stuck is None
        assert terminal.ended() == 0
    assert "Traceback" not in terminal.text


def test_ctrl_z_gives_the_shell_its_terminal_and_fg_brings_the_console_back(tmp_path: Path) -> None:
    with demo(tmp_path) as terminal:
        terminal.read_until(AT_REST)
        terminal.press("\x1a")
        _, status = os.waitpid(terminal.process.pid, os.WUNTRACED)
        terminal.read(1.0)
        left_the_screen = bytes(terminal.written).rfind(b"\x1b[?1049l")
        terminal.written.clear()
        os.kill(terminal.process.pid, signal.SIGCONT)
        terminal.read_until(AT_REST)
        terminal.press("q")

        assert terminal.ended() == 0
    assert os.WIFSTOPPED(status)
    assert left_the_screen > 0
    assert b"\x1b[?1049h" in terminal.written


def test_a_storm_of_sizes_leaves_the_screen_whole(tmp_path: Path) -> None:
    with demo(tmp_path) as terminal:
        terminal.read_until(AT_REST)
        for columns, lines in [(20, 5), (300, 100), (80, 24), (1, 1), (132, 50)] * 20:
            terminal.resize(columns, lines)
            terminal.read(0.01)
        terminal.resize(80, 24)
        terminal.settle()
        terminal.written.clear()
        terminal.press("21")
        terminal.read_until(AT_REST)
        terminal.press("q")

        assert terminal.ended() == 0
    assert "Traceback" not in terminal.text


def test_what_comes_in_one_write_after_a_key_that_opens_an_input_is_text(tmp_path: Path) -> None:
    with demo(tmp_path) as terminal:
        terminal.read_until(AT_REST)
        runs = run_count(tmp_path)
        terminal.press("focategory=Category 1")
        terminal.read_until("Embed again only category=Category 1")
        terminal.press("\ry")
        terminal.read_until(r"Embed [\d,]+ products \(category=Category 1")
        terminal.settle()
        terminal.press("n")
        terminal.settle()
        terminal.press("/sqx")
        terminal.settle()
        alive = terminal.process.poll() is None
        terminal.process.send_signal(signal.SIGTERM)

        assert terminal.ended() == 128 + signal.SIGTERM
    assert alive
    assert run_count(tmp_path) == runs


def test_a_busy_console_costs_the_link_little(tmp_path: Path) -> None:
    with demo(tmp_path, products=12_000) as terminal:
        terminal.read_until(r"Syncing [\d,]+ products")
        began, before = time.monotonic(), len(terminal.written)
        terminal.read_until(AT_REST)
        seconds, count = time.monotonic() - began, len(terminal.written) - before
        terminal.press("q")
        assert terminal.ended() == 0

    assert seconds > 2, "too short to tell"
    assert count <= BUSY * seconds + TURN, f"{count} bytes in {seconds:.1f} s"


def test_without_a_terminal_it_is_refused(tmp_path: Path) -> None:
    import subprocess

    config = tmp_path / "config.yaml"
    config.write_bytes((Path(__file__).parents[2] / "config.example.yaml").read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "embedconsole", "--config", str(config)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "--headless" in done.stderr
