"""`sync`, `pause`, `resume` and `cancel`: orders for whoever serves the ledger."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from embedconsole.headless.exits import Exit
from embedconsole.headless.status import opened_ledger
from embedconsole.headless.talk import put, put_json, say
from embedconsole.sync.ordering import Verb, Wish, sender
from embedconsole.sync.status import read_status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedconsole.headless.session import Session
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records import Order

PATIENCE = 6.0
"""Seconds that an order waits: whoever serves looks for orders every two seconds."""

_ANSWER_PATIENCE = 2.0
"""Seconds that an answer is waited for: what can't be done is said at once, a run goes on for long."""

_LOOK_EVERY = 0.1
_HEARD_OF = 45.0
"""Seconds after which a process that is not heard of counts as gone."""


def order_sync(
    session: Session, *, force: bool, only: Sequence[str], pipelines: Sequence[str], as_json: bool
) -> Exit:
    """Have a run begin in the daemon or console that serves the ledger.

    Raises:
        ConfigError: `only` can't be understood.
    """
    wish = Wish(force=force, only=tuple(only), pipelines=tuple(pipelines) or None)
    _ = wish.options  # what can't be understood here is not understood there
    return give_order(session, Verb.SYNC, wish.as_arguments(), as_json=as_json)


def give_order(session: Session, verb: Verb, arguments: Mapping[str, object], *, as_json: bool) -> Exit:
    """Leave an order in the ledger, and say who took it; one that nobody took is taken back."""
    with opened_ledger(session) as ledger:
        order = None if ledger is None else _given(ledger, verb, arguments)
        served = ledger is not None and _served(ledger)
    if as_json:
        put_json(
            {
                "verb": str(verb),
                "order": None if order is None else order.id,
                "taken_by": None if order is None else order.taken_by,
                "answer": None if order is None else order.answer,
            }
        )
    elif order is not None:
        put(f"{verb}: taken by {order.taken_by}")
    if order is not None:
        if order.answer is not None:
            say(order.answer)
        return Exit.IN_SYNC if order.answer is None else Exit.STOPPED
    if verb is Verb.CANCEL and served:
        say("No run is going on, so there is nothing to cancel.")
        return Exit.IN_SYNC
    say(
        f"Nobody took the order, and it is taken back: no daemon or console serves this ledger. Start one: "
        f"{session.command} --headless, or run once: {session.command} --headless --once"
    )
    return Exit.STOPPED


def _given(ledger: Ledger, verb: Verb, arguments: Mapping[str, object]) -> Order | None:
    """The order once it has been taken, and perhaps answered; None when nobody took it."""
    number = ledger.orders.give(verb, arguments, sender())
    order = _wait(ledger, number, PATIENCE, taken=True)
    if order is None and not ledger.orders.withdraw(number):
        # Taken at the last moment.
        order = ledger.orders.get(number)
    if order is None:
        return None
    return _wait(ledger, number, _ANSWER_PATIENCE, taken=False) or order


def _wait(ledger: Ledger, number: int, seconds: float, *, taken: bool) -> Order | None:
    """The order as soon as it has been taken, or answered; None when that does not happen in time."""
    until = time.monotonic() + seconds
    while True:
        order = ledger.orders.get(number)
        if order is None or (order.taken_by if taken else order.answer) is not None:
            return order
        if time.monotonic() > until:
            return None
        time.sleep(_LOOK_EVERY)


def _served(ledger: Ledger) -> bool:
    for worker in ledger.presence.workers():
        status = read_status(worker.status)
        if status is not None and status.serves and worker.silent_for < _HEARD_OF:
            return True
    return False
