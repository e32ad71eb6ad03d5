"""The log file read from its end: backwards as far as somebody looks, and forwards as it grows.

Never more than a piece at once, so a file of a gigabyte costs as much as a small one. Reading backwards
goes on in the files it was rotated into (`.1`, `.2`, ...); one that is cut short or replaced is followed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

PIECE = 256 * 1024
"""Bytes that are read at once; a longer line comes in pieces."""

_ROTATIONS = 100


@dataclass(frozen=True, slots=True)
class FilePosition:
    """Where a line begins: in which of the files that have been opened, and at which byte."""

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
        """The piece before all that has been read so far, oldest first; see `complete`."""
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
        """Whether there is nothing older any more."""
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
