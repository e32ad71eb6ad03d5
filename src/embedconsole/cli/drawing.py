"""The console, as the commands that draw it start it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from embedconsole.cli.exits import Exit

if TYPE_CHECKING:
    from embedconsole.console.launch import Launch


def on_terminal() -> bool:
    """Whether there is something to draw on: Textual reads stdin and draws on stderr."""
    return sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def draw(launch: Launch) -> Exit:
    """Run the console until the operator leaves it.

    Raises:
        ConfigError, Fault: as `run_console`.
    """
    from embedconsole.console.lifecycle import run_console

    signal_number = run_console(launch)
    return Exit(128 + signal_number) if signal_number else Exit.IN_SYNC
