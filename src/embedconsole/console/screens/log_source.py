"""Where entries come from: this machine's log file, and the ledger's events."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from embedconsole.console.logs.entry import entry_of_event, entry_of_line
from embedconsole.console.logs.reading import FilePosition, LogFile, whole_log
from embedconsole.sync.observe.run_history import newer_events, older_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from embedconsole.console.desk import ScreenHost
    from embedconsole.console.logs.entry import LogEntry
    from embedconsole.console.logs.sieve import Sieve
    from embedconsole.ledger.records.history import Event

_EVENTS = 1000

_FAR_BEHIND = 16 * 1024 * 1024
"""Bytes to catch up with that are better begun anew at the end."""


class LogSource(Protocol):
    """Entries in pieces, oldest first; begins at the newest. Raises `Fault`, `ConfigError` and `OSError`."""

    @property
    def complete(self) -> bool:
        """Whether there is nothing older any more."""
        ...

    async def older(self, sieve: Sieve) -> Sequence[LogEntry]:
        """Of the piece before all others what passes; may be none of it."""
        ...

    async def newer(self, sieve: Sieve) -> Sequence[LogEntry] | None:
        """Of what came since what passes; None when that is too much to read, and better begun anew."""
        ...

    def forget_before(self, entry: LogEntry) -> None:
        """Have `older` go on before this entry."""
        ...

    async def export(self, sieve: Sieve, path: Path) -> int:
        """Write all there is that passes to a file for its owner, a line each; returns how many."""
        ...

    def close(self) -> None:
        """Nothing more is wanted of it."""
        ...


@dataclass(slots=True)
class LogFileSource:
    """The log file, read in threads: a disk may be slow."""

    path: Path
    _file: LogFile = field(init=False)

    def __post_init__(self) -> None:
        self._file = LogFile(self.path)

    @property
    def complete(self) -> bool:
        """See `LogSource`."""
        return self._file.complete

    async def older(self, sieve: Sieve) -> Sequence[LogEntry]:
        """See `LogSource`."""
        return await asyncio.to_thread(lambda: _passing(self._file.older(), sieve))

    async def newer(self, sieve: Sieve) -> Sequence[LogEntry] | None:
        """See `LogSource`."""
        return await asyncio.to_thread(self._newer, sieve)

    def _newer(self, sieve: Sieve) -> Sequence[LogEntry] | None:
        if self._file.behind > _FAR_BEHIND:
            return None
        entries: list[LogEntry] = []
        while lines := self._file.newer():
            entries += _passing(lines, sieve)
        return entries

    def forget_before(self, entry: LogEntry) -> None:
        """See `LogSource`."""
        file, _, offset = entry.key.partition(":")
        self._file.reread_from(FilePosition(int(file), int(offset)))

    async def export(self, sieve: Sieve, path: Path) -> int:
        """See `LogSource`."""
        passing = (line for line in whole_log(self.path) if sieve.passes(entry_of_line("", line)))
        return await asyncio.to_thread(write_lines, path, passing)

    def close(self) -> None:
        """See `LogSource`."""
        self._file.close()


@dataclass(slots=True)
class EventSource:
    """The ledger's events, of all processes."""

    desk: ScreenHost
    _oldest: int | None = None
    _newest: int = 0
    _complete: bool = False

    @property
    def complete(self) -> bool:
        """See `LogSource`."""
        return self._complete

    async def older(self, sieve: Sieve) -> Sequence[LogEntry]:
        """See `LogSource`."""
        events = await self.desk.ask(partial(older_events, before=self._oldest, limit=_EVENTS))
        if events:
            self._oldest, self._newest = events[0].id, max(self._newest, events[-1].id)
        self._complete = len(events) < _EVENTS
        return _told(events, sieve)

    async def newer(self, sieve: Sieve) -> Sequence[LogEntry] | None:
        """See `LogSource`."""
        events = await self.desk.ask(partial(newer_events, after=self._newest, limit=_EVENTS))
        if len(events) == _EVENTS:
            # These are the latest; between them and those before there may be more.
            return None
        if events:
            self._newest = events[-1].id
        return _told(events, sieve)

    def forget_before(self, entry: LogEntry) -> None:
        """See `LogSource`."""
        self._oldest, self._complete = int(entry.key), False

    async def export(self, sieve: Sieve, path: Path) -> int:
        """See `LogSource`."""
        source, lines = EventSource(self.desk), list[str]()
        while not source.complete:
            lines = [entry.raw for entry in await source.older(sieve)] + lines
        return await asyncio.to_thread(write_lines, path, lines)

    def close(self) -> None:
        """Nothing of it is open."""


def _passing(lines: Sequence[tuple[FilePosition, str]], sieve: Sieve) -> list[LogEntry]:
    entries = (entry_of_line(f"{place.file}:{place.offset}", line) for place, line in lines)
    return [entry for entry in entries if sieve.passes(entry)]


def _told(events: Sequence[Event], sieve: Sieve) -> list[LogEntry]:
    return [entry for entry in map(entry_of_event, events) if sieve.passes(entry)]


def write_lines(path: Path, lines: Iterable[str]) -> int:
    """Write a file that only its owner can read; returns the number of lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    count = 0
    with path.open("w", encoding="utf-8", errors="replace") as file:
        for line in lines:
            file.write(line + "\n")
            count += 1
    return count
