"""What an item or a gate may be in the ledger; apart from its tables, for all who know no SQL."""

from __future__ import annotations

from enum import IntEnum, StrEnum

HASH_BYTES = 16

UNKNOWN = bytes(HASH_BYTES)
"""The hash of content that is in the collection and is to be written again, whatever it is."""


class GateMark(StrEnum):
    """What all processes let through to a dependency."""

    CLOSED = "closed"
    COOLING = "cooling"
    OPEN = "open"
    PROBING = "probing"


class Stage(StrEnum):
    """What a generation is: searched, being built, searched before and ready to be again, or history."""

    LIVE = "live"
    BUILDING = "building"
    STANDBY = "standby"
    RETIRED = "retired"


class State(IntEnum):
    """What an item needs; always what follows from its desired and synced hashes, but for the last two.

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
