"""The work that one item needs: in Python for the planner, in SQL for statements that set a state.

A property test holds both to the same answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, case, or_

from embedconsole.ledger.dialect import constant
from embedconsole.ledger.schema import items
from embedconsole.ledger.state import State

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from embedconsole.ledger.records.items import Hashes, KnownItem


def state_of(
    desired_embed: bytes | None,
    desired_payload: bytes | None,
    synced_embed: bytes | None,
    synced_payload: bytes | None,
) -> State:
    """The work that follows from the difference; FAILED never follows from it."""
    if desired_embed is None:
        return State.DELETE
    if desired_embed != synced_embed:
        return State.EMBED
    if desired_payload != synced_payload:
        return State.PAYLOAD
    return State.SYNCED


def state_in_sql(same_embed: ColumnElement[bool], same_payload: ColumnElement[bool]) -> ColumnElement[int]:
    """`state_of` for a row of the ledger, from how its desired hashes compare with the synced ones.

    A comparison with NULL is not true, so that a row with nothing synced is to be embedded.
    """
    return case(
        (items.c.desired_embed_hash.is_(None), constant(State.DELETE)),
        else_=state_of_wanted(same_embed, same_payload),
    )


def state_of_wanted(same_embed: ColumnElement[bool], same_payload: ColumnElement[bool]) -> ColumnElement[int]:
    """`state_in_sql` of an item that is certainly in the catalog."""
    return case(
        (and_(same_embed, same_payload), constant(State.SYNCED)),
        (same_embed, constant(State.PAYLOAD)),
        else_=constant(State.EMBED),
    )


def reason_in_sql(state: ColumnElement[int], cause: ColumnElement[int]) -> ColumnElement[int]:
    """Why a row of the ledger has work once its state is `state` because of `cause`.

    An item without work keeps its last reason, to explain why it was embedded. So does what
    waits to be embedded already, or has no point yet: that is still why. An item in flight has the new one:
    what its worker writes may be older than this.
    """
    waits = and_(
        items.c.reason.is_not(None),
        items.c.batch_id.is_(None),
        or_(items.c.state == constant(State.EMBED), items.c.synced_embed_hash.is_(None)),
    )
    works = state.in_([constant(State.EMBED), constant(State.PAYLOAD)])
    return case((and_(works, ~waits), cause), else_=items.c.reason)


def changed_state(wanted: Hashes, known: KnownItem) -> State | None:
    """The state a known item takes on with the content the catalog has now; None when nothing changed.

    An item that has failed stays so until its content changes.
    """
    if known.desired_embed == wanted.embed and known.desired_payload == wanted.payload:
        return None
    return state_of(wanted.embed, wanted.payload, known.synced_embed, known.synced_payload)
