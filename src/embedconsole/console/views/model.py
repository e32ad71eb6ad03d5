"""Records of what the dashboard shows: equal records are drawn equally."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedconsole.console.text import Tone


@dataclass(frozen=True, slots=True)
class StatusView:
    """The first line. `position` is "2/3" where there are several pipelines."""

    pipeline: str
    collection: str
    position: str | None
    state: str
    tone: Tone
    workers: int | None
    rate: float | None
    next_run: str | None


@dataclass(frozen=True, slots=True)
class BacklogView:
    """The backlog. `known` is false before the ledger was asked; then the counts say nothing.

    Attributes:
        oldest: Age of the oldest pending item; empty when none is pending.
        wanted, done: Of the present run; None between runs.
        scanned: Items compared by a planner that is still running; None when none is.
        history: Items a second, oldest first, as many as fit a wide panel.
    """

    known: bool = False
    stale: bool = False
    pending: int = 0
    retrying: int = 0
    failed: int = 0
    synced: int = 0
    total: int = 0
    oldest: str = ""
    wanted: int | None = None
    done: int = 0
    scanned: int | None = None
    rate: float | None = None
    history: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch in flight. `where` is "here" or a host."""

    token: int
    stage: str
    items: int
    age: str
    where: str
    slot: int
    attempt: int
    expired: bool


@dataclass(frozen=True, slots=True)
class InFlightView:
    """The batches of this pipeline, of every process: our own first, by worker.

    Attributes:
        more: Batches of which only their number is known.
    """

    rows: tuple[BatchRow, ...] = ()
    items: int = 0
    hosts: int = 0
    paused: bool = False
    stale: bool = False
    more: int = 0


@dataclass(frozen=True, slots=True)
class CollectionView:
    """The collection's own figures.

    Attributes:
        asked: It has answered, or failed to, at least once.
        private: An embedded one, which tells its figures only to the process that has it open.
        exists: None while that is not known.
        vectors: "512 cosine", or a line each for named ones.
        fault: Why it does not answer; the rest is then from `as_of`.
        past: It is shown as it was, and not asked again.
        drift: What the last verify found, and when; empty before the first.
    """

    asked: bool = False
    private: bool = False
    exists: bool | None = None
    status: str = ""
    points: int = 0
    indexed: int = 0
    segments: int = 0
    queue: int | None = None
    disk: str = ""
    vectors: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    blocking: bool = False
    warnings: tuple[str, ...] = ()
    fault: str | None = None
    as_of: str = ""
    past: bool = False
    drift: str = ""
    drift_note: str = ""
    drift_tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One or more events in a row with the same cause; `key` and `time` are the latest one's."""

    time: str
    kind: str
    key: str | None
    message: str
    count: int
    grave: bool


@dataclass(frozen=True, slots=True)
class ErrorsView:
    """Warnings and errors, oldest first; where something is `sought`, those that have it."""

    rows: tuple[ErrorRow, ...] = ()
    sought: str = ""


@dataclass(frozen=True, slots=True)
class HealthRow:
    """A dependency. `since` is how long it has been so; `detail` what it said, or what it is waited for."""

    name: str
    state: str
    tone: Tone
    since: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HealthView:
    """The dependencies of the pipeline that is shown."""

    rows: tuple[HealthRow, ...] = ()


@dataclass(frozen=True, slots=True)
class HostRow:
    """A process on the ledger. `heard` is the age of its last heartbeat; `silent`: that is long ago."""

    key: str
    host: str
    role: str
    state: str
    tone: Tone
    rate: float | None
    heard: str
    silent: bool
    version: str
    me: bool = False


@dataclass(frozen=True, slots=True)
class HostsView:
    """All processes."""

    rows: tuple[HostRow, ...] = ()


@dataclass(frozen=True, slots=True)
class LatestRow:
    """A run; `changed` counts what it embedded, re-wrote and deleted in the pipeline that is shown."""

    number: int
    kind: str
    began: str
    took: str
    changed: int | None
    outcome: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class LatestView:
    """The latest runs, newest first."""

    rows: tuple[LatestRow, ...] = ()


@dataclass(frozen=True, slots=True)
class PipelineRow:
    """A pipeline among others; counts of None are not known yet."""

    name: str
    collection: str
    state: str
    tone: Tone
    pending: int | None = None
    failed: int | None = None
    synced: int | None = None
    rate: float | None = None
    last: str = ""
    last_tone: Tone = "muted"
    shown: bool = False


@dataclass(frozen=True, slots=True)
class DashboardView:
    """Everything on the dashboard, and of all pipelines and processes what the overview shows."""

    status: StatusView
    sentence: str
    backlog: BacklogView
    in_flight: InFlightView
    collection: CollectionView
    errors: ErrorsView
    alarmed: bool = False
    health: HealthView = HealthView()
    hosts: HostsView = HostsView()
    latest: LatestView = LatestView()
    pipelines: tuple[PipelineRow, ...] = ()
