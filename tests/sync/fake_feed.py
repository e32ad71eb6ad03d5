"""A change feed in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.catalog.feed.base import FeedEntry
from embedconsole.faults import Transient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from embedconsole.catalog.feed.base import EntryId
    from embedconsole.faults import Fault


@dataclass
class FakeFeed:
    """An outbox in memory.

    Attributes:
        fault: Raised by whatever touches the outbox while it is set.
        wrong: What its triggers suffer from.
        on_acknowledge: Called before anything is taken out.
        asked: How often it was asked whether something waits.
    """

    entries: dict[int, FeedEntry] = field(default_factory=dict)
    fault: Fault | None = None
    wrong: tuple[str, ...] = ()
    on_acknowledge: Callable[[], None] = lambda: None
    asked: int = 0
    _newest: int = 0

    def note(self, *keys: str | None) -> None:
        for key in keys:
            self._newest += 1
            self.entries[self._newest] = FeedEntry(self._newest, "products", key)

    def waiting(self) -> bool:
        self.asked += 1
        self._check()
        return bool(self.entries)

    def read(self, limit: int, after: EntryId | None = None) -> Sequence[FeedEntry]:
        self._check()
        ids = sorted(number for number in self.entries if after is None or number > int(after))
        return [self.entries[number] for number in ids[:limit]]

    def keys(self, entries: Sequence[FeedEntry]) -> Iterator[Sequence[str]]:
        self._check()
        yield list(dict.fromkeys(entry.key for entry in entries if entry.key is not None))

    def acknowledge(self, entries: Sequence[FeedEntry]) -> None:
        self._check()
        self.on_acknowledge()
        for entry in entries:
            del self.entries[int(entry.id)]

    def problems(self) -> Sequence[str]:
        if isinstance(self.fault, Transient):
            raise self.fault
        return self.wrong

    async def listen(self, wake: Callable[[], None]) -> None:
        """Nobody tells."""

    def close(self) -> None:
        pass

    def _check(self) -> None:
        if self.fault is not None:
            raise self.fault
