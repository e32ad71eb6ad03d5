"""`sync`, `pause`, `resume` and `cancel`: orders for whoever serves the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.cli.exits import Exit
from embedconsole.cli.commands.status import opened_ledger
from embedconsole.cli.output import put, put_json, say
from embedconsole.sync.daemon.orders import OrderedRun, give
from embedconsole.sync.observe.other_processes import serving
from embedconsole.sync.shared.control import OrderKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from embedconsole.headless.session import Session


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
    wish = OrderedRun(force=force, only=tuple(only), pipelines=tuple(pipelines) or None)
    _ = wish.options  # what can't be understood here is not understood there
    return give_order(session, OrderKind.SYNC, wish.as_arguments(), as_json=as_json, untaken=untaken)


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
    with opened_ledger(session) as ledger:
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
        say("No run is going on, so there is nothing to cancel.")
        return Exit.IN_SYNC
    say(
        "No process took the order, and it was withdrawn: no daemon or console is running on this ledger. "
        f"Start one: {session.command} --headless, or run once: {session.command} run"
    )
    return untaken()
