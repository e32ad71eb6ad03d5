"""What a gate tells the gates of other processes, and hears from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from embedconsole.sync.resilience.gate import Gate, GateState


@dataclass(frozen=True, slots=True)
class Hearsay:
    """What another process says of a dependency.

    Attributes:
        age: Seconds since it is so.
        left: Seconds until it is tried again.
        failures: In a row.
    """

    state: GateState
    age: float
    left: float
    failures: int
    fault: str | None


class Board(Protocol):
    """Where processes tell each other of dependencies that throttle or fail."""

    def tell(self, gate: Gate) -> None:
        """The gate has shut, or its breaker has closed."""
        ...

    async def may_probe(self, gate: Gate) -> bool:
        """Whether this process may see if the dependency is back; one at a time does."""
        ...


class Alone:
    """The board of a process that shares its gates with nobody."""

    def tell(self, gate: Gate) -> None:
        pass

    async def may_probe(self, gate: Gate) -> bool:
        return True
