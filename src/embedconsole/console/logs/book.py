"""What of a source has been read and passes: it grows at both ends, and is dropped at the old one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedconsole.console.logs.entry import LogEntry
    from embedconsole.console.logs.sieve import Sieve
    from embedconsole.console.screens.log_source import LogSource

KEEP = 20_000
"""Entries; more are dropped while nobody looks at them, and read again when somebody does."""


@dataclass(slots=True)
class Book:
    """See the module.

    Attributes:
        sieve: Stays the same: another one is another book.
        entries: Oldest first.
    """

    source: LogSource
    sieve: Sieve
    entries: list[LogEntry] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether there is nothing older any more."""
        return self.source.complete

    async def read_back(self) -> None:
        """Another piece at the old end, of which nothing may pass."""
        self.entries = [*await self.source.older(self.sieve), *self.entries]

    async def read_on(self) -> bool:
        """What came since; False when that is too much, and a new book is to be begun."""
        newer = await self.source.newer(self.sieve)
        if newer:
            self.entries = [*self.entries, *newer]
        return newer is not None

    def drop_old(self) -> None:
        """Keep the newest entries."""
        if len(self.entries) > KEEP:
            self.entries = self.entries[-KEEP * 3 // 4 :]
            self.source.forget_before(self.entries[0])
