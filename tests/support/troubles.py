"""What a bad network and a bad day do to requests: schedules from a seed, which come to an end."""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Trouble = Literal[
    "delay",  # the answer comes late
    "reset",  # the connection is reset before the request gets there
    "reset after",  # it gets there, and then the connection is reset
    "truncate",  # half of the answer, then the connection is reset
    "500",
    "503",
    "429",
    "page",  # a page of somebody in between, with status 200
    "400",
    "422",
    "nulls",  # status 200, and every vector is null
    "error object",  # status 200, and the body is an error
    "freeze",  # nothing passes on any connection for a while
]
HTTP: Sequence[Trouble] = ("delay", "reset", "reset after", "truncate", "500", "503", "429", "page")
TCP: Sequence[Trouble] = ("delay", "reset", "reset after", "truncate")
REFUSALS: Sequence[Trouble] = ("400", "error object", "422", "429")
"""What a service answers to everything until it is repaired."""
DELAY = 0.05
FREEZE = 2.0
"""Seconds."""


@dataclass
class Troubles:
    """One trouble, or none, for each request in turn; none once they have come to their end.

    Attributes:
        met: How often each trouble was met.
    """

    waiting: deque[Trouble | None]
    met: Counter[str] = field(default_factory=Counter)
    _refusal: Trouble | None = None
    _answered_before: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def from_seed(cls, seed: int, kinds: Sequence[Trouble], count: int, *, share: float) -> Troubles:
        """`share` of `count` requests meet a trouble."""
        chance = random.Random(seed)
        return cls(deque(chance.choice(kinds) if chance.random() < share else None for _ in range(count)))

    def take(self) -> Trouble | None:
        """What happens to the next request."""
        with self._lock:
            if self._refusal is not None and self._answered_before:
                self._answered_before -= 1
                return None
            trouble = self._refusal or (self.waiting.popleft() if self.waiting else None)
            if trouble is not None:
                self.met[trouble] += 1
            return trouble

    @contextmanager
    def refusing(self, refusal: Trouble, *, after: int = 0) -> Iterator[None]:
        """While the block runs, every request meets the refusal, but for the first few."""
        with self._lock:
            self._refusal, self._answered_before = refusal, after
        try:
            yield
        finally:
            with self._lock:
                self._refusal = None

    def end(self) -> None:
        """From now on all is well."""
        with self._lock:
            self.waiting.clear()
