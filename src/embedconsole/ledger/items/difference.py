"""The heart: what to do about one item, from what is wanted and what is known of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.ledger.state import State

if TYPE_CHECKING:
    from embedconsole.ledger.records.items import Hashes, Known


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


def changed_state(wanted: Hashes, known: Known) -> State | None:
    """The state a known item takes on with the content the catalog has now; None when nothing changed.

    An item that has failed stays so until its content changes.
    """
    if known.desired_embed == wanted.embed and known.desired_payload == wanted.payload:
        return None
    return state_of(wanted.embed, wanted.payload, known.synced_embed, known.synced_payload)
