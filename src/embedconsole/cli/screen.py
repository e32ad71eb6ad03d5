"""Start the console on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from embedconsole.cli.exits import Exit
from embedconsole.cli.invocation import logging_to_file
from embedconsole.cli.output import say

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation


def on_terminal() -> bool:
    """Whether there is something to draw on: Textual reads stdin and draws on stderr."""
    return sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def draw_console(
    invocation: Invocation,
    *,
    otherwise: str,
    chunk_size: int | None = None,
    workers: int | None = None,
    log_format: str | None = None,
    read_only: bool = False,
    attach: bool = False,
    mouse: bool = False,
    replay_from: float | None = None,
) -> Exit:
    """Run the console until the operator leaves it.

    Args:
        otherwise: What to call where there is no terminal.
        replay_from: The past moment to show, in seconds since 1970; None for the present.

    Raises:
        click.UsageError: `--verbose`, which would write over the screen.
        ConfigError, Fault: as `run_console`.
    """
    if not on_terminal():
        say(f"This is no terminal, so the console can't be drawn. Without a screen: {otherwise}.")
        return Exit.USAGE
    if invocation.verbose:
        raise click.UsageError("--verbose is for commands without a screen; the console shows the log: 6")
    from embedconsole.console.launch import Launch

    session = invocation.session(chunk_size=chunk_size, workers=workers)
    logging_to_file(invocation, session, log_format)
    settings = session.loaded.settings
    launch = Launch(
        pipelines=session.pipelines,
        ledger_url=session.ledger_url,
        every=settings.schedule.every,
        command=session.command,
        keys=settings.keys,
        read_only=read_only,
        attach=attach,
        mouse=mouse,
        log_path=session.log_path,
        replay_from=replay_from,
    )
    from embedconsole.console.lifecycle import run_console

    signal_number = run_console(launch)
    return Exit(128 + signal_number) if signal_number else Exit.IN_SYNC
