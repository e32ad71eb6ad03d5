"""The retry policy: every pause, its growth and its longest, and the number of attempts. Pure.

What the operator sets (`retry:`, for items and single requests) comes in as arguments; the rest is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.faults import FaultClass, Transient, Unreachable

if TYPE_CHECKING:
    from collections.abc import Sequence

_JITTER = 0.1
_MOST_GROWTH = 64
"""Pauses that grow further have reached their longest; what fails for weeks does not overflow."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """The pauses before each further try, in seconds.

    Attributes:
        first: Before the second try.
        longest: No pause is longer.
        factor: By which each is longer than the one before.
        step: What each is longer by, in addition.
    """

    first: float
    longest: float
    factor: float = 2.0
    step: float = 0.0

    def after(self, failures: int) -> float:
        """The pause after so many failures in a row, from 1."""
        grown = min(failures - 1, _MOST_GROWTH)
        return min(self.first * self.factor**grown + self.step * grown, self.longest)


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """How a call that blocks is made again, by the layer that makes it.

    Attributes:
        tries: In all.
        on: The faults that are worth another try; all others are raised at once.
    """

    pauses: Pauses
    tries: int
    on: type[Transient]


# Databases: at once, since a new connection is often all it takes, then for ten seconds in all. A server that
# does not answer takes as long as connecting may take in addition.
_DATABASE = Pauses(first=0.0, step=1.0, longest=4.0)
LEDGER_CALL = CallPolicy(_DATABASE, tries=6, on=Transient)
DATABASE_CALL = CallPolicy(_DATABASE, tries=6, on=Unreachable)
CATALOG_CALL = CallPolicy(_DATABASE, tries=4, on=Unreachable)
"""Fewer: the catalog's gate tries its calls again, too."""
WATCHER_CALL = CallPolicy(_DATABASE, tries=2, on=Transient)
"""For screens: they show that the ledger is away instead of waiting for it."""

LEDGER_LOOK = Pauses(first=1.0, step=1.0, factor=1.0, longest=5.0)
"""Between looks of a screen at a ledger that is away."""

LEDGER_OPEN = Pauses(first=1.0, longest=60.0)
"""Pauses of a daemon whose ledger is unreachable when it starts."""

RUN = {
    FaultClass.TRANSIENT: Pauses(first=1.0, longest=60.0),
    FaultClass.THROTTLED: Pauses(first=1.0, longest=60.0),
    FaultClass.ITEM: Pauses(first=15.0, longest=300.0),
    FaultClass.REFUSED: Pauses(first=15.0, longest=300.0),
}
"""Pauses after a daemon's run that a fault ended, by its class: a refusal waits for the operator, an
outage passes.
"""

BREAKER = Pauses(first=2.0, longest=300.0)
"""Pauses of an open circuit breaker, and of requests throttled without a given pause."""

LISTEN = Pauses(first=1.0, longest=30.0)
"""Between connections that listen for the change feed."""

PREDICTION_LOOK = Pauses(first=0.25, factor=1.5, longest=5.0)
"""Between looks at a prediction that is being made."""


def call_delay(failures: int, delay: float) -> float:
    """Seconds before one request is sent again, a little longer each time."""
    return delay * failures


def item_delay(attempts: int, pauses: Sequence[float], *, most: int, luck: float) -> float | None:
    """Seconds until the next attempt at an item; None when it has had all of them.

    Args:
        attempts: Attempts that the item has had, the one that just failed included.
        luck: A number from 0 to 1 that spreads the delay by 10 %, so that items do not come back together.
    """
    if attempts >= most:
        return None
    return pauses[min(attempts, len(pauses)) - 1] * (1 - _JITTER + 2 * _JITTER * luck)


def longest_item_delay(pauses: Sequence[float]) -> float:
    """Seconds that an item is put off at most."""
    return max(pauses, default=0.0) * (1 + _JITTER)
