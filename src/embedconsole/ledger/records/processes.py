"""The processes on a ledger, and what they report and ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.ledger.state import GateMark


LASTS = "lasts"
"""The argument of an order that also holds for processes that start later."""


@dataclass(frozen=True, slots=True)
class Process:
    """A running process.

    Attributes:
        place: Where its pid means something: the same text on the same boot of the same machine and in the
            same pid namespace.
        silent_for: Seconds since it was last heard of, by the database's clock.
        up_for: Seconds since it was first heard of.
        role: What it was started as: "console", "daemon", "once"; empty when it did not say.
        status: What it said it does when it was last heard of (`sync.observe.process_status`); None when it
            did not say.
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
class Lease:
    """The right to run a pipeline, until a moment of the database's clock; fenced by `term`."""

    name: str
    owner: str
    term: int


@dataclass(frozen=True, slots=True)
class Order:
    """A request of an operator to the daemon on a ledger.

    Attributes:
        at: Seconds since 1970 by the database's clock.
        age: Seconds since then.
        taken_by: The worker that obeyed it, or obeyed it first; None while no process has.
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
class SharedGate:
    """The shared state of the way to a dependency.

    Attributes:
        key: Which dependency it is.
        name: The dependency in the operator's words.
        age: Seconds since it is so.
        left: Seconds until it is retried, or until its probe counts as lost; below 0 when that is over.
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
