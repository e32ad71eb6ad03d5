"""How many requests are let in, and how many of them are embedded at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Iterator


class Full(Exception):
    """There is no room for another request."""


class Admission:
    """A bounded house: `at_once` requests are embedded, `waiting` more wait or are still being received.

    So the memory that all bodies together take has a bound, too.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self._room = at_once + waiting
        self._inside = 0
        self.slots = anyio.CapacityLimiter(at_once)
        """Held while embedding."""

    @property
    def embedding(self) -> int:
        """Requests that are being embedded."""
        return self.slots.borrowed_tokens

    @property
    def queued(self) -> int:
        """Requests that are inside and not being embedded."""
        return self._inside - self.embedding

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place inside, from before the body is read to the reply.

        Raises:
            Full: All are taken.
        """
        if self._inside >= self._room:
            raise Full
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
