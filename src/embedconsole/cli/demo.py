"""`embedconsole demo`: the same commands on a sample catalog, with nothing to configure."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedconsole.cli.commands import COMMANDS
from embedconsole.cli.consent import confirm_option
from embedconsole.cli.exits import Exit
from embedconsole.cli.group import CommandGroup
from embedconsole.cli.invocation import Invocation
from embedconsole.cli.modes import run
from embedconsole.cli.options import (
    RunFlags,
    common_options,
    json_option,
    mode_options,
    refuse_before_command,
)
from embedconsole.cli.output import note
from embedconsole.cli.screen import on_terminal
from embedconsole.config.paths import state_dir
from embedconsole.demo.setup import prepare_demo, reset_demo

if TYPE_CHECKING:
    from embedconsole.config.load import Loaded


class DemoSource:
    """The demo's own configuration, in a folder of its own.

    Args:
        folder: Where the sample catalog, the ledger and the collection are.
        products: How many products a new sample catalog gets.
    """

    command = "embedconsole demo"

    def __init__(self, folder: Path, products: int) -> None:
        self._folder = folder
        self._products = products

    def load(self, path: Path | None) -> Loaded:
        """Make the sample catalog if it is not there yet, and load the demo's configuration."""
        if path is not None:
            raise click.UsageError("the demo has a configuration of its own; leave out --config")
        prepared = prepare_demo(self._folder, self._products)
        if prepared.made:
            note(f"Made a sample catalog of {self._products:,} products in {self._folder}")
        return prepared.loaded


@click.group("demo", cls=CommandGroup, entries=COMMANDS, invoke_without_command=True)
@click.option(
    "--dir",
    "-d",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the demo keeps its files (default: below the state folder).",
)
@click.option(
    "--products", type=click.IntRange(min=1), default=3000, show_default=True, help="Size of a new catalog."
)
@click.option("--reset", is_flag=True, help="Start with a new catalog; deletes only the demo's own files.")
@mode_options
@common_options
@json_option
@click.pass_context
def demo_command(
    context: click.Context, /, *, folder: Path | None, products: int, reset: bool, **flags: object
) -> None:
    """Try it: a sample catalog, an offline embedder and the embedded engine.

    No configuration, no server, no network. All commands work here too.

    \b
    Examples:
      embedconsole demo
      embedconsole demo run
      embedconsole demo search "red running shoes"
      embedconsole demo status
      embedconsole demo failures
    """
    invocation = context.ensure_object(Invocation)
    folder = folder or state_dir() / "demo"
    if reset:
        confirm_option(f"Delete what the demo has made in {folder}?", yes=bool(flags["yes"]))
        reset_demo(folder)
    invocation.source = DemoSource(folder, products)
    if context.invoked_subcommand is None:
        asked = RunFlags(**flags)  # type: ignore[arg-type]
        seen = asked.headless or on_terminal()
        sys.exit(run(invocation, asked) if seen else _without_console(invocation, asked))
    refuse_before_command(context, allowed=("folder", "products", "reset", *(("yes",) if reset else ())))


def _without_console(invocation: Invocation, flags: RunFlags) -> Exit:
    """Run once: without a terminal, a run shows what the demo does."""
    note("This is no terminal, so the demo runs once without the console: embedconsole demo run")
    ended = run(invocation, replace(flags, headless=True, once=True))
    # The sample shop has products that can't be embedded: they are part of the demonstration.
    return Exit.IN_SYNC if ended is Exit.SOME_FAILED else ended
