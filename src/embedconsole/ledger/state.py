"""States of items, gates and generations; apart from the tables, for modules without SQL."""

from __future__ import annotations

from enum import IntEnum, StrEnum

HASH_BYTES = 16

UNKNOWN = bytes(HASH_BYTES)
"""The hash of content that is in the collection and is to be written again, whatever it is."""


class GateMark(StrEnum):
    """The state of a dependency's gate, as all processes share it."""

    CLOSED = "closed"
    COOLING = "cooling"
    OPEN = "open"
    PROBING = "probing"


class Stage(StrEnum):
    """Stage of a generation: searched, being built, kept for rollback, or history."""

    LIVE = "live"
    BUILDING = "building"
    STANDBY = "standby"
    RETIRED = "retired"


class State(IntEnum):
    """The work that an item needs; it follows from its desired and synced hashes, but for the last two.

    It is stored so that an index can find and count work. FAILED waits for the operator;
    SKIPPED has failed, too, and is left alone by the operator's order until its content changes.
    """

    SYNCED = 0
    EMBED = 1
    PAYLOAD = 2
    DELETE = 3
    FAILED = 4
    SKIPPED = 5


class Reason(IntEnum):
    """Why an item was last given work that was not a deletion; stored with its state."""

    NEW = 1
    """The catalog has it, and the collection did not."""
    EDITED = 2
    """Its row changed, and with it what is embedded or written of it."""
    FORCED = 3
    """An operator asked for it to be embedded again."""
    MISSING = 4
    """Its point was not in the collection."""
    RECHECKED = 5
    """Its point held something else than the ledger had noted."""
    MODEL = 6
    """Its content is made another way: another model, text or setting, or a re-index."""


WORK = (State.DELETE, State.PAYLOAD, State.EMBED)
"""The states that are work, in the order they are claimed: what is cheap and makes room comes first."""
