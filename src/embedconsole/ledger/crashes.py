"""Items whose worker ended without a word: who brings a process down again and again is worked on alone.

A crash is no attempt of an item's, since most of the items in it had nothing to do with it. But an item that
was in several is under suspicion: it is claimed after all others, alone, one at a time, so that the others
get done; and one that brings the process down even so needs a look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, literal, select, update

from embedconsole.faults import FaultClass
from embedconsole.ledger.bulk import constant
from embedconsole.ledger.causes import cause_of
from embedconsole.ledger.clock import now_ms
from embedconsole.ledger.schema import doubts, items
from embedconsole.ledger.states import State

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

SUSPECT_AFTER = 3
"""Crashes after which an item is worked on alone."""

GIVEN_UP_AFTER = 8
"""Crashes after which an item needs a look."""

LATE_WRITES_SECONDS = 120.0
"""What a worker sent that is gone, or that lost its lease, has arrived by then."""

_ERROR = f"the process that worked on it ended {GIVEN_UP_AFTER} times, the last times with this item alone"
_CAUSE = cause_of(FaultClass.ITEM, _ERROR)


def doubt(connection: Connection, held: ColumnElement[bool], delay: float) -> None:
    """Have the points of these items looked at after `delay` seconds: their worker may have written them."""
    due_at = now_ms() + int(delay * 1000)
    written = select(items.c.generation_id, items.c.key, due_at).where(held)
    connection.execute(insert(doubts).from_select(["generation_id", "key", "due_at"], written))


def note(connection: Connection, held: ColumnElement[bool]) -> None:
    """Give back, due at once, what somebody held who is gone or silent, and count it."""
    doubt(connection, held, LATE_WRITES_SECONDS)
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
    # Last: who is held is told by what this takes away.
    connection.execute(
        update(items).where(held).values(crashes=items.c.crashes + 1, batch_id=None, due_at=now_ms())
    )
