"""What the ledger hands out and takes in: plain frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedconsole.ledger.states import GateMark, State


@dataclass(frozen=True, slots=True)
class Generation:
    """One filling of one collection by one pipeline.

    Attributes:
        space: What makes its vectors comparable, as canonical JSON text.
        watermark: Where the next scan for changes starts; None before the first full scan has ended.
        scan_age: Seconds since the last full scan ended; None before the first.
    """

    id: int
    pipeline: str
    collection: str
    space: str
    watermark: str | None
    scan_age: float | None


class Hashes(NamedTuple):
    """What an item's content comes to; 16 bytes each."""

    embed: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the catalog wants one item to be; `source` is the hash of its row."""

    key: str
    point: bytes
    source: bytes
    hashes: Hashes


class Known(NamedTuple):
    """What the ledger knows of one item; desired hashes of None mean that it is gone from the catalog.

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


@dataclass(frozen=True, slots=True)
class Change:
    """A known item whose desired hashes, and the state that follows from them, are to be set."""

    id: int
    source: bytes
    hashes: Hashes
    state: State


class ClaimedItem(NamedTuple):
    """An item in a batch. `synced_embed` of None: the collection has no point of it that we know of."""

    id: int
    key: str
    desired_embed: bytes | None
    desired_payload: bytes | None
    synced_embed: bytes | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Items that one worker has claimed together; `token` fences everything it does with them.

    Attributes:
        kept: Vectors are kept in this generation, maybe of these items: worth a look.
        suspect: Its one item was in several crashes: nothing else that was shall be in flight beside it.
    """

    token: int
    generation_id: int
    work: State
    items: Sequence[ClaimedItem]
    kept: bool = False
    suspect: bool = False

    @property
    def attempt(self) -> int:
        """Which attempt this is for the item that has had most, from 1."""
        return 1 + max(item.attempts for item in self.items)


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
    """What came of the items of a batch; every item stands in one of these.

    Attributes:
        written: The collection confirmed this content.
        deleted: The collection confirmed that it holds no such point.
        gone: Found missing in the catalog: the point is to be deleted.
        back: To be deleted, but found in the catalog with this content.
        unsynced: The point to update was missing in the collection: to be embedded again.
        failed: To be charged an attempt.
        released: Given back as they were, due at once.
    """

    written: Sequence[tuple[ClaimedItem, Hashes]] = ()
    deleted: Sequence[ClaimedItem] = ()
    gone: Sequence[ClaimedItem] = ()
    back: Sequence[tuple[ClaimedItem, Hashes]] = ()
    unsynced: Sequence[ClaimedItem] = ()
    failed: Sequence[Failure] = ()
    released: Sequence[ClaimedItem] = ()


class FailureKind(StrEnum):
    """What becomes of an item that failed: it needs a look, waits for its next attempt, or is let be."""

    FAILED = "failed"
    WAITING = "waiting"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Among:
    """Which of the items that failed are meant.

    Attributes:
        cause: Only those that failed of it, see `FailureGroup`; it is known of those that need a look.
        text: Only those whose key or error has it in it, in whatever case.
    """

    kind: FailureKind = FailureKind.FAILED
    cause: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class FailedItem:
    """An item that failed; `age` in seconds since then.

    Attributes:
        next_try: Seconds until it is tried again; None when that takes somebody's word.
    """

    key: str
    error_class: str
    error: str
    attempts: int
    age: float
    next_try: float | None = None


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Items that failed of the same cause, or that all wait or are let be.

    Attributes:
        error_class, error, example: Those of one of them; the example is its key.
        cause: What to ask for them by: eight bytes in hexadecimal; empty for those that wait or are let be.
        newest, oldest: Seconds since the last and the first of them failed.
        next_try: Seconds until the first of them is tried again; None when that takes somebody's word.
    """

    error_class: str
    error: str
    count: int
    example: str
    cause: str
    newest: float
    oldest: float
    kind: FailureKind = FailureKind.FAILED
    next_try: float | None = None

    @property
    def among(self) -> Among:
        """What to ask for its items by."""
        return self.among_with("")

    def among_with(self, text: str) -> Among:
        """What to ask for those of its items by that have a text in them."""
        return Among(self.kind, self.cause or None, text)


@dataclass(frozen=True, slots=True)
class LedgerItem:
    """All that the ledger knows of one item.

    Attributes:
        desired_embed: What the collection should hold (16 bytes); None: gone from the catalog.
        synced_embed: What it holds; None: nothing.
        due_in: Seconds until it may be claimed, below zero when it may; of an item in flight until its lease
            ends. Tells nothing of an item without work.
        batch: The batch that holds it now.
        failed_for: Seconds since the last failed attempt.
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


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items are in which condition.

    Attributes:
        pending: Wanting work, in flight or waiting for a retry included.
        retrying: Of those, the ones that wait for their next attempt.
        in_flight: Of those, the ones that a batch holds.
        failed: Given up until the operator or a change of content brings them back.
        skipped: Of the operator's choice no longer counted as failed, until a change of content.
        oldest_age: Seconds for which the oldest due item has been waiting; None when nothing is due.
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
class Lease:
    """The right to run a pipeline, until a moment of the database's clock; fenced by `term`."""

    name: str
    owner: str
    term: int


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run; `started_at` and `ended_at` in seconds since 1970 by the database's clock."""

    id: int
    kind: str
    worker: str
    started_at: float
    ended_at: float | None
    outcome: str | None
    report: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `at` in seconds since 1970 by the database's clock."""

    id: int
    at: float
    pipeline: str | None
    level: str
    kind: str
    key: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Worker:
    """A process at work.

    Attributes:
        place: Where its pid means something: the same text on the same boot of the same machine and in the
            same pid namespace.
        silent_for: Seconds since it was last heard of, by the database's clock.
        up_for: Seconds since it was first heard of.
        role: What it was started as: "console", "daemon", "once"; empty when it did not say.
        status: What it said it does when it was last heard of, see `sync.status`; None when it did not say.
    """

    id: str
    host: str
    place: str
    pid: int
    version: str
    silent_for: float = 0.0
    up_for: float = 0.0
    role: str = ""
    status: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator asks of whoever serves the ledger.

    Attributes:
        at: Seconds since 1970 by the database's clock.
        age: Seconds since then.
        taken_by: The worker that obeyed it, or obeyed it first; None while nobody has.
        answer: Why it could not be done; None when nothing went wrong.
    """

    id: int
    at: float
    verb: str
    arguments: Mapping[str, object]
    sender: str
    age: float = 0.0
    taken_by: str | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What one process did in one pipeline since its last sample.

    Attributes:
        done: Items that are done with, the failed ones included.
        failed: Those that were given up.
        picture: What the pipeline looked like as a whole (JSON-ready); None when another process shows it.
    """

    pipeline: str
    done: int
    failed: int
    picture: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Throughput:
    """What all processes did in a step of time that began at `at` (seconds since 1970)."""

    at: float
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class Pictured:
    """What a pipeline looked like at a moment (seconds since 1970), as `worker` saw it."""

    at: float
    picture: Mapping[str, object]
    worker: str = ""


@dataclass(frozen=True, slots=True)
class SharedGate:
    """What all processes know of the way to a dependency.

    Attributes:
        key: Which dependency it is.
        name: The dependency in the operator's words.
        age: Seconds since it is so.
        left: Seconds until it is tried again, or until its probe counts as lost; below 0 when that is over.
        failures: In a row, batches of a breaker or pauses asked for.
        holder: Who probes.
        change: Grows with every change.
    """

    key: str
    name: str
    state: GateMark
    age: float
    left: float
    failures: int
    fault: str | None
    holder: str | None
    change: int


class Doubt(NamedTuple):
    """An item whose point is to be looked at again."""

    id: int
    key: str
