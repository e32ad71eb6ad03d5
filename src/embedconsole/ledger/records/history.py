"""Records of runs, events, audits and throughput."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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
class AuditRecord:
    """The result of a verify; `at` in seconds since 1970 by the database's clock, `outcome` is JSON-ready."""

    at: float
    pipeline: str
    outcome: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sample:
    """The work of one process in one pipeline since its previous sample.

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
    """The work of all processes in a step of time that began at `at` (seconds since 1970)."""

    at: float
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class Pictured:
    """The snapshot of a pipeline at a moment (seconds since 1970), as `worker` saw it."""

    at: float
    picture: Mapping[str, object]
    worker: str = ""
