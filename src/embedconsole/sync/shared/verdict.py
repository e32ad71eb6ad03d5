"""The verdict on one point, by the ledger's record of it and the content of the collection. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from embedconsole.ledger.state import WORK, State

if TYPE_CHECKING:
    from embedconsole.ledger.records.items import Hashes, SyncedItem
    from embedconsole.sync.content.marker import MarkedPoint


class Verdict(StrEnum):
    """The verdict on a point and its item; the words of `--json`."""

    AGREES = "agrees"
    WAITING = "waiting"
    """Work on it is pending or in flight, so differences are expected."""
    FOREIGN = "foreign"
    """Not ours, and none of our affairs."""
    MISSING = "missing"
    """The ledger believes that it is there."""
    STALE = "stale"
    """It is there with other content than the ledger believes, or others have replaced its payload."""
    UNLISTED = "unlisted"
    """Ours, and the ledger does not know it, as with a lost ledger or one from a backup."""
    ORPHANED = "orphaned"
    """Ours, but neither in the ledger nor in the catalog."""
    TAKEN = "taken"
    """A point of another pipeline is where ours should be."""


DRIFT = (Verdict.MISSING, Verdict.STALE, Verdict.UNLISTED, Verdict.ORPHANED, Verdict.TAKEN)
"""The verdicts that count as differences."""


def judge(item: SyncedItem | None, held: MarkedPoint | None, pipeline: str) -> Verdict:
    """Compare an item and its point; at least one of them exists.

    Never `ORPHANED`: that takes a look at the catalog.
    """
    ours = holds_of(held, pipeline)
    if item is None:
        return Verdict.FOREIGN if ours is None else Verdict.UNLISTED
    if item.held or item.state in WORK:
        return Verdict.WAITING
    synced = item.synced
    if item.state == State.SYNCED and item.desired != synced:
        return Verdict.STALE
    if held is None:
        return Verdict.AGREES if synced is None else Verdict.MISSING
    if ours is not None:
        return Verdict.AGREES if ours == synced else Verdict.STALE
    if synced is None:
        return Verdict.FOREIGN
    return Verdict.STALE if held.pipeline is None else Verdict.TAKEN


def holds_of(held: MarkedPoint | None, pipeline: str) -> Hashes | None:
    """The content of a point of this pipeline; None where it is none."""
    return held.holds if held is not None and held.pipeline == pipeline else None
