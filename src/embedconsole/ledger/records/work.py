"""Claims of workers, and their results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.ledger.records.items import Hashes
    from embedconsole.ledger.state import State


class ClaimedItem(NamedTuple):
    """An item in a batch.

    Attributes:
        synced_embed: None: the collection has no known point of it.
        reason: A `Reason` as a number, because a claim makes one for every item; None in a ledger of 0.1.
    """

    id: int
    key: str
    desired_embed: bytes | None
    desired_payload: bytes | None
    synced_embed: bytes | None
    attempts: int
    reason: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Items that one worker has claimed together; `token` fences everything it does with them.

    Attributes:
        kept: Vectors are kept in this generation, maybe of these items: worth a look.
        suspect: Its items were in several crashes. Another batch of suspects waits until it is settled.
    """

    token: int
    generation_id: int
    work: State
    items: Sequence[ClaimedItem]
    kept: bool = False
    suspect: bool = False

    @property
    def attempt(self) -> int:
        """The attempt number of the item that has had most, from 1."""
        return 1 + max(item.attempts for item in self.items)


@dataclass(frozen=True, slots=True)
class BatchInFlight:
    """A batch as the others see it; ages in seconds."""

    token: int
    pipeline: str
    worker: str
    slot: int
    work: State
    stage: str
    items: int
    attempt: int
    age: float
    stage_age: float
    expired: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed attempt at one item.

    Attributes:
        error_class: One of `faults.FaultClass`.
        delay: Seconds until the next attempt; None when the item has failed for good.
    """

    item: ClaimedItem
    error_class: str
    error: str
    delay: float | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """The results of a batch; every item is in exactly one of these.

    Attributes:
        written: The collection confirmed this content.
        deleted: The collection confirmed that it holds no such point.
        gone: Found missing in the catalog: the point is to be deleted.
        back: To be deleted, but found in the catalog with this content.
        unsynced: The point to update was missing in the collection: to be embedded again.
        failed: To be charged an attempt.
        released: Returned to the queue unchanged, pending at once.
    """

    written: Sequence[tuple[ClaimedItem, Hashes]] = ()
    deleted: Sequence[ClaimedItem] = ()
    gone: Sequence[ClaimedItem] = ()
    back: Sequence[tuple[ClaimedItem, Hashes]] = ()
    unsynced: Sequence[ClaimedItem] = ()
    failed: Sequence[Failure] = ()
    released: Sequence[ClaimedItem] = ()


class Recheck(NamedTuple):
    """An item whose point is to be looked at again."""

    id: int
    key: str
