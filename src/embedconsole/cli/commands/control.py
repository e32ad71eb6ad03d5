"""`sync`, `pause`, `resume`, `cancel`: orders to the daemon or console on the ledger."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from embedconsole.cli.consent import confirm_option, has_terminal, yes_option
from embedconsole.cli.exits import Exit
from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, force_option, json_option, only_option
from embedconsole.cli.output import put, put_json, say
from embedconsole.sync.daemon.orders import SWITCHED, OrderedRun, give
from embedconsole.sync.observe.other_processes import serving
from embedconsole.sync.shared.control import OrderKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from embedconsole.cli.invocation import Invocation, Session
    from embedconsole.items import JsonObject


@click.command("sync", cls=Command)
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

    if only and not force:
        raise click.UsageError("--only needs --force: it selects what to embed again")
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
    # It imports all that a run needs, and most orders are taken by another process.
    from embedconsole.cli.commands.run import run_command

    if as_json or not has_terminal() or not (yes or click.confirm("Run once now?", default=True, err=True)):
        return Exit.STOPPED
    # What `--force` costs was asked about already.
    click.get_current_context().invoke(run_command, force=force, only=only, yes=True)
    return Exit.IN_SYNC


@click.command("pause", cls=Command)
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


@click.command("resume", cls=Command)
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


@click.command("cancel", cls=Command)
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

    named: JsonObject = {"pipelines": list(invocation.pipelines)} if invocation.pipelines else {}
    arguments = named if verb == OrderKind.CANCEL else SWITCHED
    sys.exit(give_order(invocation.session(), OrderKind(verb), arguments, as_json=invocation.as_json))


def order_sync(
    session: Session,
    *,
    force: bool,
    only: Sequence[str],
    pipelines: Sequence[str],
    as_json: bool,
    untaken: Callable[[], Exit],
) -> Exit:
    """Have the daemon or console on the ledger begin a run.

    Args:
        untaken: Called where no process took the order, after that was said.

    Raises:
        ConfigError: `only` can't be understood.
    """
    ordered = OrderedRun(force=force, only=tuple(only), pipelines=tuple(pipelines) or None)
    _ = ordered.options  # refuse here what the other process would refuse
    return give_order(session, OrderKind.SYNC, ordered.as_arguments(), as_json=as_json, untaken=untaken)


def give_order(
    session: Session,
    verb: OrderKind,
    arguments: Mapping[str, object],
    *,
    as_json: bool,
    untaken: Callable[[], Exit] = lambda: Exit.STOPPED,
) -> Exit:
    """Leave an order in the ledger, and say who took it; one that no process took is withdrawn.

    Args:
        untaken: As for `order_sync`.
    """
    with session.opened_ledger() as ledger:
        order = None if ledger is None else give(ledger, verb, arguments)
        served = ledger is not None and bool(serving(ledger.processes.workers(), me=""))
    if as_json:
        put_json(
            {
                "verb": str(verb),
                "order": None if order is None else order.id,
                "taken_by": None if order is None else order.taken_by,
                "answer": None if order is None else order.answer,
            }
        )
    elif order is not None and order.taken_by is None:
        put(f"{verb}: in force. No process is running on this ledger; it holds for those that start.")
    elif order is not None:
        put(f"{verb}: taken by {order.taken_by}")
    if order is not None:
        if order.answer is not None:
            say(order.answer)
        return Exit.IN_SYNC if order.answer is None else Exit.STOPPED
    if verb is OrderKind.CANCEL and served:
        say("No run is in progress, so there is nothing to cancel.")
        return Exit.IN_SYNC
    say(
        "No process took the order, and it was withdrawn: no daemon or console is running on this ledger. "
        f"Start one: {session.command} --headless, or run once: {session.command} run"
    )
    return untaken()
