"""Items whose worker ended without a word: the one that ends the process again and again is isolated.

A crash is no attempt of an item's, since most of the items in it had nothing to do with it. But an item that
was in several is a suspect. Suspects are claimed after all other items, one group at a time, and each crash
halves the group: the others get done in few batches, and the item that ends the process even alone fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, literal, select, update

from embedconsole.faults import FaultClass
from embedconsole.ledger.dialect import constant, now_ms
from embedconsole.ledger.failure_causes import cause_of
from embedconsole.ledger.schema import items, rechecks
from embedconsole.ledger.state import State

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

SUSPECT_AFTER = 3
"""Crashes after which an item is a suspect."""

LARGEST_GROUP = 64
"""Suspects that are claimed together at first."""

GIVEN_UP_AFTER = 11
"""Crashes after which an item fails: it was alone in the last two."""

LATE_WRITES_SECONDS = 120.0
"""Seconds after which a write of a dead worker, or of one that lost its lease, has arrived."""

_ERROR = f"the process that worked on it ended {GIVEN_UP_AFTER} times, the last times with this item alone"
_CAUSE = cause_of(FaultClass.ITEM, _ERROR)


def group_size(crashes: int) -> int:
    """How many suspects that were in so many crashes are claimed together."""
    return max(1, LARGEST_GROUP >> (crashes - SUSPECT_AFTER))


def recheck_later(connection: Connection, held: ColumnElement[bool], delay: float) -> None:
    """Have the points of these items looked at after `delay` seconds: their worker may have written them."""
    due_at = now_ms() + int(delay * 1000)
    written = select(items.c.generation_id, items.c.key, due_at).where(held)
    connection.execute(insert(rechecks).from_select(["generation_id", "key", "due_at"], written))


def note(connection: Connection, held: ColumnElement[bool]) -> None:
    """Return to the queue, due at once, what a process held that is gone or silent, and count it."""
    recheck_later(connection, held, LATE_WRITES_SECONDS)
    connection.execute(
        update(items)
        .where(held, items.c.crashes >= constant(GIVEN_UP_AFTER - 1))
        .values(
            state=constant(State.FAILED),
            error_class=literal(FaultClass.ITEM.value),
            error=literal(_ERROR),
            cause=literal(_CAUSE, items.c.cause.type),
            failed_at=now_ms(),
        )
    )
    # Last: which items are held follows from what this takes away.
    connection.execute(
        update(items).where(held).values(crashes=items.c.crashes + 1, batch_id=None, due_at=now_ms())
    )
