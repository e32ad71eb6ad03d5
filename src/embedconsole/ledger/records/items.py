"""Desired and known states of items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from embedconsole.ledger.state import Reason, Stage

if TYPE_CHECKING:
    from embedconsole.ledger.state import State


@dataclass(frozen=True, slots=True)
class Generation:
    """One filling of one collection by one pipeline.

    Attributes:
        collection: The name that is configured, a collection's own or an alias.
        space: What makes its vectors comparable, as canonical JSON text.
        watermark: Where the next scan for changes starts; None before the first full scan has ended.
        scan_age: Seconds since the last full scan ended; None before the first.
        target: The name of the collection that is written to.
        recipe: How its content is made, as `sync.content.recipe_record` writes it; None where never recorded.
        deferred: The indexing threshold of its collection to restore after a deferred index; None otherwise.
        address: Where the collection is, without credentials; None in a ledger of 0.1.
        unused_for: Seconds since a run noted that it is in use; None until its collection was looked at.
        remade: Its content is made another way than when its catalog was last scanned to the end.
    """

    id: int
    pipeline: str
    collection: str
    space: str
    watermark: str | None
    scan_age: float | None
    target: str = ""
    stage: Stage = Stage.LIVE
    recipe: str | None = None
    deferred: int | None = None
    address: str | None = None
    unused_for: float | None = None
    remade: bool = False


class Hashes(NamedTuple):
    """The hashes of an item's content; 16 bytes each."""

    embed: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class DesiredItem:
    """The desired state of one item by the catalog; `source` is the hash of its row."""

    key: str
    point: bytes
    source: bytes
    hashes: Hashes
    reason: Reason = Reason.NEW


class KnownItem(NamedTuple):
    """The ledger's record of one item; desired hashes of None mean that it is gone from the catalog.

    A tuple, because a scan makes one for every item there is.
    """

    id: int
    point: bytes
    desired_embed: bytes | None
    desired_payload: bytes | None
    synced_embed: bytes | None
    synced_payload: bytes | None
    state: int
    source: bytes | None


class SyncedItem(NamedTuple):
    """The ledger's record of one point; a tuple, because a verify makes one for every item there is.

    Attributes:
        point: Its id in the form that sorts.
        held: A worker has it in flight.
    """

    point: bytes
    key: str
    desired_embed: bytes | None
    desired_payload: bytes | None
    synced_embed: bytes | None
    synced_payload: bytes | None
    state: int
    held: bool

    @property
    def synced(self) -> Hashes | None:
        """The content that the point is believed to have; None: there is no such point."""
        return _hashes(self.synced_embed, self.synced_payload)

    @property
    def desired(self) -> Hashes | None:
        """The content that it should have; None: it should not be there."""
        return _hashes(self.desired_embed, self.desired_payload)


class Turnover(NamedTuple):
    """The number of items planned in a generation now, and the most within the last hour."""

    wanted: int
    most: int


class Adoption(NamedTuple):
    """A point of the collection that becomes an item; its point may hold less than is planned."""

    point: bytes
    key: str
    desired: Hashes
    synced: Hashes


def _hashes(embed: bytes | None, payload: bytes | None) -> Hashes | None:
    return None if embed is None or payload is None else Hashes(embed, payload)


@dataclass(frozen=True, slots=True)
class Change:
    """A known item whose desired hashes are to be set."""

    id: int
    source: bytes
    hashes: Hashes
    reason: Reason = Reason.EDITED


@dataclass(frozen=True, slots=True)
class LedgerItem:
    """The ledger's full record of one item.

    Attributes:
        desired_embed: What the collection should hold (16 bytes); None: gone from the catalog.
        synced_embed: What it holds; None: nothing.
        due_in: Seconds until it may be claimed, below zero when it may; of an item in flight until its lease
            ends. Tells nothing of an item without work.
        batch: The batch that holds it now.
        failed_for: Seconds since the last failed attempt.
        reason: Why it was last given work; None where that was never noted.
    """

    key: str
    state: State
    desired_embed: bytes | None
    desired_payload: bytes | None
    synced_embed: bytes | None
    synced_payload: bytes | None
    attempts: int
    due_in: float
    batch: int | None
    error_class: str | None
    error: str | None
    failed_for: float | None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of items in each condition.

    Attributes:
        pending: Wanting work, in flight or waiting for a retry included.
        retrying: Of those, the ones that wait for their next attempt.
        in_flight: Of those, the ones that a batch holds.
        failed: Given up until the operator or a change of content brings them back.
        skipped: Of the operator's choice no longer counted as failed, until a change of content.
        oldest_age: Age of the oldest pending item in seconds; None when none is pending.
    """

    synced: int = 0
    pending: int = 0
    retrying: int = 0
    in_flight: int = 0
    failed: int = 0
    oldest_age: float | None = None
    skipped: int = 0

    @property
    def total(self) -> int:
        """All items known."""
        return self.synced + self.pending + self.failed + self.skipped
