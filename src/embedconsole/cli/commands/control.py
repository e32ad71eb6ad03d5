"""The commands that ask something of the daemon or console that serves the ledger."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from embedconsole.cli.consent import confirm_option, has_terminal, yes_option
from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, force_option, json_option, only_option
from embedconsole.cli.exits import Exit

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation
    from embedconsole.items import JsonObject


@click.command("sync", cls=Command, section="Sync")
@force_option
@only_option
@yes_option
@common_options
@json_option
@click.pass_obj
def sync_command(invocation: Invocation, *, force: bool, only: tuple[str, ...], yes: bool) -> None:
    """Have the daemon or console on the ledger begin a run now, and say which process does.

    Where none is running, it asks on a terminal whether to run here, as `embedconsole run` does.

    \b
    Examples:
      embedconsole sync
      embedconsole sync --pipeline products
      embedconsole sync --force --only category=shoes
    """
    from embedconsole.headless.ordering import order_sync

    if only and not force:
        raise click.UsageError("--only goes with --force: it names what to embed again")
    session = invocation.session()
    if force and not only:
        confirm_option("Embed every item again, and pay for it?", yes=yes)
    sys.exit(
        order_sync(
            session,
            force=force,
            only=only,
            pipelines=invocation.pipelines,
            as_json=invocation.as_json,
            untaken=partial(_run_here, force=force, only=only, yes=yes, as_json=invocation.as_json),
        )
    )


def _run_here(*, force: bool, only: tuple[str, ...], yes: bool, as_json: bool) -> Exit:
    """Run once in this process, if the operator at the terminal says so."""
    from embedconsole.cli.modes import run_command

    if as_json or not has_terminal() or not (yes or click.confirm("Run once now?", default=True, err=True)):
        return Exit.STOPPED
    # What `--force` costs was asked about already.
    click.get_current_context().invoke(run_command, force=force, only=only, yes=True)
    return Exit.IN_SYNC


@click.command("pause", cls=Command, section="Sync")
@common_options
@json_option
@click.pass_obj
def pause_command(invocation: Invocation) -> None:
    """Have all processes on the ledger claim nothing until `resume`, also those that start later.

    What is in flight is finished. A run for cron that starts meanwhile is skipped (exit code 4).

    \b
    Examples:
      embedconsole pause
    """
    _order(invocation, "pause")


@click.command("resume", cls=Command, section="Sync")
@common_options
@json_option
@click.pass_obj
def resume_command(invocation: Invocation) -> None:
    """End a pause: all processes on the ledger continue.

    \b
    Examples:
      embedconsole resume
    """
    _order(invocation, "resume")


@click.command("cancel", cls=Command, section="Sync")
@common_options
@json_option
@click.pass_obj
def cancel_command(invocation: Invocation) -> None:
    """End the present runs, or those of some pipelines, with what is in flight; the schedule continues.

    \b
    Examples:
      embedconsole cancel
      embedconsole cancel --pipeline products
    """
    _order(invocation, "cancel")


def _order(invocation: Invocation, verb: str) -> None:
    from embedconsole.headless.ordering import give_order
    from embedconsole.sync.daemon.orders import SWITCHED
    from embedconsole.sync.shared.control import OrderKind

    named: JsonObject = {"pipelines": list(invocation.pipelines)} if invocation.pipelines else {}
    arguments = named if verb == OrderKind.CANCEL else SWITCHED
    sys.exit(give_order(invocation.session(), OrderKind(verb), arguments, as_json=invocation.as_json))


ORDERS: tuple[click.Command, ...] = (sync_command, pause_command, resume_command, cancel_command)
