"""What a bad network and a bad day do to requests: schedules from a seed, which come to an end."""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Trouble = Literal[
    "delay",  # the answer comes late
    "reset",  # the connection is reset before the request gets there
    "reset after",  # it gets there, and then the connection is reset
    "truncate",  # half of the answer, then the connection is reset
    "500",
    "503",
    "429",
    "page",  # a page of somebody in between, with status 200
]
HTTP: Sequence[Trouble] = ("delay", "reset", "reset after", "truncate", "500", "503", "429", "page")
TCP: Sequence[Trouble] = ("delay", "reset", "reset after", "truncate")
DELAY = 0.05


@dataclass
class Troubles:
    """One trouble, or none, for each request in turn; none once they have come to their end.

    Attributes:
        met: How often each trouble was met.
    """

    waiting: deque[Trouble | None]
    met: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def from_seed(cls, seed: int, kinds: Sequence[Trouble], count: int, *, share: float) -> Troubles:
        """`share` of `count` requests meet a trouble."""
        chance = random.Random(seed)
        return cls(deque(chance.choice(kinds) if chance.random() < share else None for _ in range(count)))

    def take(self) -> Trouble | None:
        """What happens to the next request."""
        with self._lock:
            trouble = self.waiting.popleft() if self.waiting else None
            if trouble is not None:
                self.met[trouble] += 1
            return trouble

    def end(self) -> None:
        """From now on all is well."""
        with self._lock:
            self.waiting.clear()
