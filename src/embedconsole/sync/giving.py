"""Orders from here: given through the ledger, and followed until somebody takes them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.sync.ordering import sender

if TYPE_CHECKING:
    from embedconsole.items import JsonObject
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records import Order
    from embedconsole.sync.ordering import Verb

PATIENCE = 6.0
"""Seconds that an order is followed: those who serve look for orders every two seconds."""

_LOOK_EVERY = 0.3


async def give(ledger: Ledger, verb: Verb, arguments: JsonObject) -> Order | None:
    """Give an order; None when nobody took it, and it has been withdrawn.

    Raises:
        Transient, Refused: the ledger fails.
    """
    number = await anyio.to_thread.run_sync(ledger.orders.give, verb, arguments, sender())
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        await anyio.sleep(_LOOK_EVERY)
        order = await anyio.to_thread.run_sync(ledger.orders.get, number)
        if order is not None and order.taken_by is not None:
            return order
    if await anyio.to_thread.run_sync(ledger.orders.withdraw, number):
        return None
    return await anyio.to_thread.run_sync(ledger.orders.get, number)


def told(order: Order | None) -> str:
    """What came of an order, in words."""
    if order is None or order.taken_by is None:
        return "Nobody took the order: nobody serves this ledger. Start embedconsole --headless."
    if order.answer is not None:
        return f"{order.taken_by.partition(':')[0]}: {order.answer}"
    return f"{order.taken_by.partition(':')[0]} took the order."
