"""Orders from here: left in the ledger, and followed until somebody takes them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from embedconsole.sync.daemon.orders import Verb, sender

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.presence import Order

PATIENCE = 6.0
"""Seconds that an order waits: whoever serves looks for orders every two seconds."""

_ANSWER_PATIENCE = 2.0
"""Seconds that an answer is waited for: what can't be done is said at once, a run goes on for long."""

_LOOK_EVERY = 0.1


def give(ledger: Ledger, verb: Verb, arguments: Mapping[str, object]) -> Order | None:
    """The order once it has been taken, and perhaps answered; None when nobody took it: it is taken back.

    A pause or a resume is in force also when no process is there to take it, and is given as it stands.

    Blocks for seconds.

    Raises:
        Transient, Refused: the ledger fails.
    """
    number = ledger.orders.give(verb, arguments, sender())
    order = _wait(ledger, number, PATIENCE, taken=True)
    if order is None and (verb in (Verb.PAUSE, Verb.RESUME) or not ledger.orders.withdraw(number)):
        # In force, or taken at the last moment.
        order = ledger.orders.get(number)
    if order is None or order.taken_by is None:
        return order
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
