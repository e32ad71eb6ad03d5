"""The sources of log entries: this machine's log file, and the ledger's events."""

from __future__ import annotations

import asyncio
import json
import os
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

import regex

from embedconsole.console.views.log import LogEntry
from embedconsole.faults import ConfigError
from embedconsole.sync.observe.run_history import newer_events, older_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from io import FileIO
    from pathlib import Path

    from embedconsole.console.screens.base import ScreenHost
    from embedconsole.ledger.records.history import Event


LEVELS = ("debug", "info", "warning", "error")
"""From the least to the gravest."""

_TEXT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) ([A-Z]+) (.*)", re.DOTALL)
_NAMES = {"critical": "error", "warn": "warning"}


def entry_of_line(key: str, line: str) -> LogEntry:
    """A line of the log file, in either of its formats or in none."""
    if line.startswith("{"):
        entry = _of_json(key, line)
        if entry is not None:
            return entry
    found = _TEXT.fullmatch(line)
    if found is None:
        return LogEntry(key, None, "", line, line)
    return LogEntry(key, _moment(found[1]), _level(found[2]), found[3], line)


def entry_of_event(event: Event) -> LogEntry:
    """An event of the ledger."""
    what = event.kind if event.key is None else f"{event.kind} {event.key}"
    message = f"{'' if event.pipeline is None else event.pipeline + ' '}{what}: {event.message}"
    moment = datetime.fromtimestamp(event.at, UTC)
    fields = {"pipeline": event.pipeline, "kind": event.kind, "key": event.key, "event": str(event.id)}
    return LogEntry(
        key=str(event.id),
        at=event.at,
        level=_level(event.level),
        message=message,
        raw=f"{moment:%Y-%m-%dT%H:%M:%SZ} {event.level.upper()} {message}".replace("\n", "\\n"),
        fields=tuple((name, value) for name, value in fields.items() if value is not None),
    )


def _of_json(key: str, line: str) -> LogEntry | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    fields = {name: value for name, value in found.items() if name not in ("time", "level", "message")}
    return LogEntry(
        key=key,
        at=_moment(str(found.get("time", ""))),
        level=_level(str(found.get("level", ""))),
        message=str(found.get("message", line)),
        raw=line,
        fields=tuple((name, _pretty(value)) for name, value in fields.items()),
    )


def _pretty(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _level(word: str) -> str:
    level = _NAMES.get(word.lower(), word.lower())
    return level if level in LEVELS else ""


def _moment(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


_SECONDS = 0.1
"""Seconds that a pattern may take for one entry."""

_CYCLE = ("info", "warning", "error")
_WORDS = {"info": "", "warning": "warnings and errors", "error": "errors"}


@dataclass(frozen=True, slots=True)
class Sieve:
    """Lets through entries of a level or graver that have the pattern; at "info" all levels pass."""

    level: str = "info"
    pattern: regex.Pattern[str] | None = None

    @property
    def words(self) -> str:
        """The filter in words; empty when everything passes."""
        pattern = "" if self.pattern is None else f"/{self.pattern.pattern}/"
        return " ".join(part for part in (_WORDS[self.level], pattern) if part)

    def passes(self, entry: LogEntry) -> bool:
        """Whether the entry passes; may be called in any thread.

        Raises:
            ConfigError: the pattern takes too long.
        """
        if self.level != "info" and LEVELS.index(entry.level or "info") < LEVELS.index(self.level):
            return False
        if self.pattern is None:
            return True
        try:
            # Concurrent: it does not keep the engine's thread from working.
            return self.pattern.search(entry.raw, timeout=_SECONDS, concurrent=True) is not None
        except TimeoutError as error:
            raise ConfigError("this pattern takes too long; try a simpler one") from error

    def next_level(self) -> Sieve:
        """The next level of the cycle."""
        return replace(self, level=_CYCLE[(_CYCLE.index(self.level) + 1) % len(_CYCLE)])

    def with_pattern(self, text: str) -> Sieve:
        """Another pattern; empty for none. Upper and lower case are the same.

        Raises:
            ConfigError: it is no regular expression.
        """
        if not text:
            return replace(self, pattern=None)
        try:
            return replace(self, pattern=regex.compile(text, regex.IGNORECASE))
        except regex.error as error:
            raise ConfigError(f"not a pattern yet: {error}") from error


EVERYTHING = Sieve()


KEEP = 20_000
"""Entries; more are dropped while they are not on the screen, and read again when they are."""


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
        """Whether the oldest entry has been read."""
        return self.source.complete

    async def read_back(self) -> None:
        """Another piece at the old end, of which nothing may pass."""
        self.entries = [*await self.source.older(self.sieve), *self.entries]

    async def read_on(self) -> bool:
        """Read what was added; False when that is too much, and a new book should be started."""
        newer = await self.source.newer(self.sieve)
        if newer:
            self.entries = [*self.entries, *newer]
        return newer is not None

    def drop_old(self) -> None:
        """Keep the newest entries."""
        if len(self.entries) > KEEP:
            self.entries = self.entries[-KEEP * 3 // 4 :]
            self.source.forget_before(self.entries[0])


PIECE = 256 * 1024
"""Bytes that are read at once; a longer line comes in pieces."""

_ROTATIONS = 100


@dataclass(frozen=True, slots=True)
class FilePosition:
    """The beginning of a line: which of the opened files, and which byte in it."""

    file: int
    offset: int


@dataclass(slots=True)
class LogFile:
    """See the module. All methods block; one thread at a time.

    A line without an end is still being written: it comes once it is whole.
    """

    path: Path
    _files: list[FileIO] = field(default_factory=list)
    _back: int = 0
    _low: int = 0
    _front: int = 0
    _high: int = 0
    _began: bool = False

    def close(self) -> None:
        """Close what is open."""
        for file in self._files:
            file.close()

    def older(self) -> list[tuple[FilePosition, str]]:
        """The lines before all that were read so far, oldest first; empty at the beginning of the log."""
        if not self._files and not self._begin():
            return []
        if self._low == 0 and not self._go_back():
            self._began = True
            return []
        start = max(0, self._low - PIECE)
        block = self._read(self._back, start, self._low - start)
        cut = block.find(b"\n") + 1 if start > 0 else 0
        # Without an end of a line in all of it, it is a piece of one that is longer still.
        cut = 0 if cut == len(block) else cut
        self._low = start + cut
        return list(_lines(block[cut:], FilePosition(self._back, self._low)))

    @property
    def complete(self) -> bool:
        """Whether the oldest entry has been read."""
        return self._began

    def newer(self) -> list[tuple[FilePosition, str]]:
        """The next piece that has been written since, oldest first."""
        if not self._files:
            return self._first_piece()
        self._follow()
        # Asked before reading: what is written to a file that was rotated away was written before that.
        following = self._following()
        block = self._read(self._front, self._high, PIECE)
        end = block.rfind(b"\n") + 1
        if end == 0 and len(block) == PIECE:
            end = PIECE
        if end == 0:
            return self._go_on(following)
        place = FilePosition(self._front, self._high)
        self._high += end
        return list(_lines(block[:end], place))

    @property
    def behind(self) -> int:
        """Bytes that have been written and not read."""
        return max(0, self._size(self._front) - self._high) if self._files else 0

    def reread_from(self, place: FilePosition) -> None:
        """Have `older` go on before this place: what lies before it was dropped."""
        self._back, self._low, self._began = place.file, place.offset, False

    # Opening and following

    def _begin(self) -> bool:
        if not self._open(self.path):
            self._began = True
            return False
        size = self._size(0)
        last = self._read(0, max(0, size - PIECE), min(size, PIECE))
        # The line that is still being written is left for later.
        self._low = self._high = size - len(last) + last.rfind(b"\n") + 1
        return True

    def _first_piece(self) -> list[tuple[FilePosition, str]]:
        """There was no file; now there may be."""
        if not self._open(self.path):
            return []
        self._began = True
        return self.newer()

    def _follow(self) -> None:
        if self._size(self._front) < self._high:
            # Cut short: what it has now is new, and what was before that is gone.
            self._files.append(self._files[self._front])
            self._front = self._back = len(self._files) - 1
            self._high = self._low = 0

    def _following(self) -> Path | None:
        """The file that was begun when the one in front was rotated away; None as long as it was not."""
        for number in range(_ROTATIONS):
            if self._same(_rotation(self.path, number), self._front):
                return None if number == 0 else _rotation(self.path, number - 1)
        return self.path

    def _go_on(self, following: Path | None) -> list[tuple[FilePosition, str]]:
        """All of the file in front is read."""
        if following is None or not self._open(following):
            return []
        self._front, self._high = len(self._files) - 1, 0
        return self.newer()

    def _go_back(self) -> bool:
        """Go on with the file that was rotated away before the one that is read to its beginning."""
        for number in range(_ROTATIONS):
            if self._same(_rotation(self.path, number), self._back):
                if not self._open(_rotation(self.path, number + 1)):
                    return False
                self._back = len(self._files) - 1
                self._low = self._size(self._back)
                return self._low > 0
        return False

    def _same(self, path: Path, file: int) -> bool:
        try:
            return os.path.samestat(path.stat(), os.fstat(self._files[file].fileno()))
        except OSError:
            return False

    def _open(self, path: Path) -> bool:
        try:
            # Unbuffered: what is read is what is there now.
            self._files.append(path.open("rb", buffering=0))
        except OSError:
            return False
        return True

    def _size(self, file: int) -> int:
        return os.fstat(self._files[file].fileno()).st_size

    def _read(self, file: int, offset: int, count: int) -> bytes:
        self._files[file].seek(offset)
        return self._files[file].read(count)


def whole_log(path: Path) -> Iterator[str]:
    """Every line of the log and of the files it was rotated into, oldest first."""
    numbers = [number for number in range(_ROTATIONS) if _rotation(path, number).exists()]
    for number in reversed(numbers):
        with _rotation(path, number).open(encoding="utf-8", errors="replace", newline="\n") as file:
            yield from (line.rstrip("\r\n") for line in file)


def _rotation(path: Path, number: int) -> Path:
    return path if number == 0 else path.with_name(f"{path.name}.{number}")


def _lines(block: bytes, place: FilePosition) -> Iterator[tuple[FilePosition, str]]:
    offset = place.offset
    for line in block.split(b"\n"):
        if line:
            yield FilePosition(place.file, offset), line.rstrip(b"\r").decode("utf-8", "replace")
        offset += len(line) + 1


_EVENTS = 1000

_FAR_BEHIND = 16 * 1024 * 1024
"""Bytes to catch up with that are better restarted at the end."""


class LogSource(Protocol):
    """Entries of a log, read backwards from the newest. Raises `Fault`, `ConfigError` and `OSError`."""

    @property
    def complete(self) -> bool:
        """Whether the oldest entry has been read."""
        ...

    async def older(self, sieve: Sieve) -> Sequence[LogEntry]:
        """Read the next older piece and return its entries that pass the filter; may be empty."""
        ...

    async def newer(self, sieve: Sieve) -> Sequence[LogEntry] | None:
        """Return the new entries that pass the filter; None when so many that a restart is cheaper."""
        ...

    def forget_before(self, entry: LogEntry) -> None:
        """Have `older` continue before this entry."""
        ...

    async def export(self, sieve: Sieve, path: Path) -> int:
        """Write every entry that passes to a file only its owner can read, a line each; returns how many."""
        ...

    def close(self) -> None:
        """Release the files it has open."""
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
        """Whether the oldest entry has been read."""
        return self._file.complete

    async def older(self, sieve: Sieve) -> Sequence[LogEntry]:
        """Read the next older entries that pass the filter."""
        return await asyncio.to_thread(lambda: _passing(self._file.older(), sieve))

    async def newer(self, sieve: Sieve) -> Sequence[LogEntry] | None:
        """Read the entries that were added; None when a restart is cheaper."""
        return await asyncio.to_thread(self._newer, sieve)

    def _newer(self, sieve: Sieve) -> Sequence[LogEntry] | None:
        if self._file.behind > _FAR_BEHIND:
            return None
        entries: list[LogEntry] = []
        while lines := self._file.newer():
            entries += _passing(lines, sieve)
        return entries

    def forget_before(self, entry: LogEntry) -> None:
        """Have `older` continue before this entry."""
        file, _, offset = entry.key.partition(":")
        self._file.reread_from(FilePosition(int(file), int(offset)))

    async def export(self, sieve: Sieve, path: Path) -> int:
        """Write every entry that passes the filter to a file; returns how many."""
        passing = (line for line in whole_log(self.path) if sieve.passes(entry_of_line("", line)))
        return await asyncio.to_thread(write_lines, path, passing)

    def close(self) -> None:
        """Release the files it has open."""
        self._file.close()


@dataclass(slots=True)
class EventSource:
    """The ledger's events, of all processes."""

    host: ScreenHost
    _oldest: int | None = None
    _newest: int = 0
    _complete: bool = False

    @property
    def complete(self) -> bool:
        """Whether the oldest entry has been read."""
        return self._complete

    async def older(self, sieve: Sieve) -> Sequence[LogEntry]:
        """Read the next older entries that pass the filter."""
        events = await self.host.ask(partial(older_events, before=self._oldest, limit=_EVENTS))
        if events:
            self._oldest, self._newest = events[0].id, max(self._newest, events[-1].id)
        self._complete = len(events) < _EVENTS
        return _told(events, sieve)

    async def newer(self, sieve: Sieve) -> Sequence[LogEntry] | None:
        """Read the entries that were added; None when a restart is cheaper."""
        events = await self.host.ask(partial(newer_events, after=self._newest, limit=_EVENTS))
        if len(events) == _EVENTS:
            # These are the latest; between them and those before there may be more.
            return None
        if events:
            self._newest = events[-1].id
        return _told(events, sieve)

    def forget_before(self, entry: LogEntry) -> None:
        """Have `older` continue before this entry."""
        self._oldest, self._complete = int(entry.key), False

    async def export(self, sieve: Sieve, path: Path) -> int:
        """Write every entry that passes the filter to a file; returns how many."""
        source, lines = EventSource(self.host), list[str]()
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
