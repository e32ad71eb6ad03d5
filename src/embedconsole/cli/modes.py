"""`run`, and what the program does without a command: the console, the daemon, or one run."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import click

from embedconsole.cli.consent import confirm_option, require
from embedconsole.cli.invocation import logging_to_file
from embedconsole.cli.drawing import draw, on_terminal
from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, json_option, run_options
from embedconsole.cli.exits import Exit
from embedconsole.cli.output import say
from embedconsole.ops.tracing import tracing
from embedconsole.runtime import hand_over_sooner, return_memory, spare_the_collector

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.cli.invocation import Invocation


@dataclass(frozen=True, slots=True)
class RunFlags:
    """The options of `options.mode_options`, under their names; those of one run first."""

    force: bool
    only: tuple[str, ...]
    yes: bool
    batch_size: int | None
    workers: int | None
    limit: int | None
    max_cost: float | None
    bulk: bool
    full: bool
    dry_run: bool
    allow_deletes: bool
    take_over: bool
    overlap: Literal["skip", "wait"]
    log_format: Literal["text", "json"] | None
    metrics_file: Path | None
    headless: bool = False
    once: bool = False
    metrics_listen: str | None = None
    read_only: bool = False
    attach: bool = False
    mouse: bool = False


@click.command("run", cls=Command, section="Sync")
@run_options
@common_options
@json_option
@click.pass_obj
def run_command(invocation: Invocation, /, **flags: object) -> None:
    """Run once: find what changed, embed it, write it, delete what is gone; then exit (for cron).

    Ends with 0 when all is in sync, with 1 when items failed or a limit left some.

    \b
    Examples:
      embedconsole run
      embedconsole run --dry-run --json
      embedconsole run -p products -n 100
      embedconsole run --force --batch-size 250
      embedconsole run --force --only category=shoes --only id=35
    """
    sys.exit(run(invocation, RunFlags(headless=True, once=True, **flags)))  # type: ignore[arg-type]


def run(invocation: Invocation, flags: RunFlags) -> Exit:
    """Run the console, the daemon or once, as the flags say.

    Raises:
        click.UsageError: flags that do not go together.
        ConfigError: the configuration can't be used.
    """
    _check(flags)
    spare_the_collector()
    return_memory()
    hand_over_sooner()
    if not flags.headless:
        return _console(invocation, flags)
    session = invocation.session(
        chunk_size=flags.batch_size,
        workers=flags.workers,
        metrics_listen=flags.metrics_listen,
        metrics_file=flags.metrics_file,
    )
    if not flags.once and not flags.dry_run:
        from embedconsole.cli.daemon import run_daemon

        with tracing():
            return run_daemon(
                logging_to_file(invocation, session, flags.log_format), as_json=invocation.as_json
            )
    from embedconsole.cli.commands.run import run_dry, run_once
    from embedconsole.sync.shared.budget import check_prices
    from embedconsole.sync.shared.options import RunOptions
    from embedconsole.sync.shared.selection import parse_selection

    if flags.max_cost is not None:
        check_prices(session.pipelines)
    options = RunOptions(
        full=flags.full,
        force=flags.force,
        only=parse_selection(flags.only),
        limit=flags.limit,
        max_cost=flags.max_cost,
        bulk=flags.bulk,
        allow_deletes=flags.allow_deletes,
        take_over=flags.take_over,
    )
    if flags.dry_run:
        return run_dry(session, options, as_json=invocation.as_json)
    if options.from_scratch:
        confirm_option("Embed every item again, and pay for it?", yes=flags.yes)
    if options.take_over:
        require(
            "--take-over overwrites points of other programs",
            "Overwrite points of others that have the ids of items?",
            yes=flags.yes,
        )
    with tracing():
        return run_once(
            logging_to_file(invocation, session, flags.log_format),
            options,
            overlap=flags.overlap,
            as_json=invocation.as_json,
            kind="force" if flags.force else "sync",
        )


def _check(flags: RunFlags) -> None:
    if flags.only and not flags.force:
        raise click.UsageError("--only goes with --force: it names what to embed again")
    once_only = {
        "--force": flags.force,
        "--limit": flags.limit is not None,
        "--max-cost": flags.max_cost is not None,
        "--bulk": flags.bulk,
        "--full": flags.full,
        "--allow-deletes": flags.allow_deletes,
        "--take-over": flags.take_over,
    }
    if flags.headless and not (flags.once or flags.dry_run):
        for name, given in once_only.items():
            if given:
                raise click.UsageError(f"{name} is for one run: embedconsole run {name}")
    if flags.metrics_listen and (flags.once or flags.dry_run or not flags.headless):
        raise click.UsageError("--metrics-listen is for the daemon: embedconsole --headless")
    if flags.metrics_file and not (flags.headless and flags.once and not flags.dry_run):
        raise click.UsageError(
            "--metrics-file is for one run: embedconsole run; the daemon has --metrics-listen"
        )
    if flags.headless:
        console_only = {
            "--read-only": flags.read_only,
            "--attach": flags.attach,
            "--mouse": flags.mouse,
        }
        for name, given in console_only.items():
            if given:
                raise click.UsageError(f"{name} is for the console: leave out --headless")
    else:
        if flags.once:
            raise click.UsageError("--once goes with --headless; `embedconsole run` is the same")
        for name, given in {**once_only, "--dry-run": flags.dry_run}.items():
            if given:
                raise click.UsageError(f"{name} is for one run: embedconsole run {name}")


def _console(invocation: Invocation, flags: RunFlags) -> Exit:
    command = invocation.source.command
    if not on_terminal():
        say(
            "This is no terminal, so there is nothing to draw the console on. Without a screen: "
            f"{command} run (one run) or {command} --headless (a daemon)."
        )
        return Exit.USAGE
    if invocation.verbose:
        raise click.UsageError("--verbose is for commands without a screen; the console shows the log: 6")
    from embedconsole.console.launch import Launch

    session = invocation.session(chunk_size=flags.batch_size, workers=flags.workers)
    logging_to_file(invocation, session, flags.log_format)
    settings = session.loaded.settings
    return draw(
        Launch(
            pipelines=session.pipelines,
            ledger_url=session.ledger_url,
            every=settings.schedule.every,
            command=command,
            keys=settings.keys,
            read_only=flags.read_only,
            attach=flags.attach,
            mouse=flags.mouse,
            log_path=session.log_path,
        )
    )
