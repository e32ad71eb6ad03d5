"""Standard output and standard error: data goes to stdout, messages for the operator to stderr.

Text of others is cleaned, secrets are masked. A reader that has gone, a full disk or a descriptor that was
closed before the start costs the output meant for it and nothing else. Rich, click and logging write to these
streams too, so `open_streams` replaces them as a whole instead of guarding every call.
"""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import select
import sys
import threading
from contextlib import contextmanager, suppress
from shutil import get_terminal_size
from typing import TYPE_CHECKING, ClassVar, TextIO

from embedconsole.foreign_text import harmless
from embedconsole.redact import redacted, redacted_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from _typeshed import ReadableBuffer


class LineInPlace:
    """A line on a terminal that is overwritten, and is cleared before another message is written."""

    _shown: ClassVar[LineInPlace | None] = None

    def __init__(self) -> None:
        self._width = 0

    def show(self, text: str) -> None:
        """Replace the text of the line."""
        text = harmless(text).replace("\n", " ")[: get_terminal_size().columns - 1]
        sys.stderr.write(f"\r{text:<{self._width}}")
        sys.stderr.flush()
        self._width = len(text)
        LineInPlace._shown = self

    def clear(self) -> None:
        """Clear the line."""
        sys.stderr.write(f"\r{'':<{self._width}}\r")
        sys.stderr.flush()
        self._width = 0
        LineInPlace._shown = None

    @classmethod
    def make_way(cls) -> None:
        """Clear the line that is shown, if any; its owner shows it again."""
        if cls._shown is not None:
            cls._shown.clear()


def say(text: str) -> None:
    """Write a line for the operator to stderr; quoted text can't break it into two."""
    say_text(harmless(text).replace("\n", "\\n"))


def say_text(text: str) -> None:
    """Write several lines for the operator to stderr; text they quote is one line already."""
    LineInPlace.make_way()
    _write(sys.stderr, harmless(text))


def note(text: str) -> None:
    """Write a line about progress or the next step to stderr; `quiet` suppresses it."""
    if not is_quiet():
        say(text)


_QUIET = threading.Event()


def is_quiet() -> bool:
    """Whether only results and problems are written."""
    return _QUIET.is_set()


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress progress and hints of all threads."""
    _QUIET.set()
    try:
        yield
    finally:
        _QUIET.clear()


class _Lines(logging.Handler):
    """Writes log records to stderr; the line in place is cleared first."""

    def emit(self, record: logging.LogRecord) -> None:
        say(self.format(record).replace("\n", "\\n"))


@contextmanager
def log_on_stderr() -> Iterator[None]:
    """Write the log to stderr as well, all of it."""
    lines = _Lines(logging.DEBUG)
    lines.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    log = logging.getLogger("embedconsole")
    before = log.level
    log.addHandler(lines)
    log.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        log.removeHandler(lines)
        log.setLevel(before)


def put(text: str) -> None:
    """Write a line of data to stdout; foreign text can't break it into two."""
    _write(sys.stdout, harmless(text).replace("\n", "\\n"))


def put_text(text: str) -> None:
    """Write several lines of data to stdout."""
    _write(sys.stdout, harmless(text))


def put_drawn(text: str) -> None:
    """Write data with escape sequences for a terminal; its foreign text is cleaned already."""
    _write(sys.stdout, text.rstrip("\n"))


def put_json(value: object) -> None:
    """Write a JSON document on a line of its own."""
    _write(sys.stdout, json.dumps(redacted_value(value), ensure_ascii=True, default=_as_text))


def put_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> None:
    """Write aligned columns; `right` names those (by index) that are aligned right. No boxes, no colours."""
    lines = [list(headings), *([harmless(cell).replace("\n", " ") for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    to_right = set(right)
    for line in lines:
        cells = [
            cell.rjust(width) if column in to_right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        put("  ".join(cells).rstrip())


def _as_text(value: object) -> str:
    return redacted(str(value))


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, errors="replace").decode(encoding) + "\n")
    stream.flush()


def items_word(count: int) -> str:
    """ "1 item", "2,345 items"."""
    return f"{count:,} item{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds as words: 0.4 s, 12 s, 4 m 05 s, 1 h 10 m."""
    if round(seconds, 1) < 10:
        return f"{seconds:.1f} s"
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} m"


_GONE = frozenset({errno.EPIPE, errno.EBADF})
"""The reader closed the stream: no problem to report."""


class _Output(io.FileIO):
    """A file descriptor that drops what can't be written.

    Attributes:
        problem: Why the first of it was dropped; None where all was written or the reader is gone.
    """

    problem: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            while (written := super().write(data)) is None:  # another process made it non-blocking
                select.select([], [self], [])
        except OSError as error:
            if error.errno not in _GONE and self.problem is None:
                self.problem = error
            return memoryview(data).nbytes
        return written


def open_streams() -> None:
    """Make stdin, stdout and stderr usable, whatever the process was started with."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # Takes the lowest free number, which is this one: else it would be that of the ledger's file.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  (a descriptor)
    sys.stdout = _replaced(sys.stdout, 1, "strict")
    sys.stderr = _replaced(sys.stderr, 2, "backslashreplace")


def stdout_problem() -> str | None:
    """Why some output could not be written to stdout; None when nothing is missing."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(raw, _Output) and raw.problem is not None:
        return raw.problem.strerror
    return None


def _replaced(stream: TextIO | None, number: int, errors: str) -> TextIO:
    """The same stream over an `_Output`, after what was written to it before."""
    if stream is not None:
        with suppress(OSError):
            stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Output(number, "w", closefd=False)),
        encoding="utf-8" if stream is None else stream.encoding,
        errors=errors if stream is None else stream.errors,
        line_buffering=getattr(stream, "line_buffering", False),
        write_through=getattr(stream, "write_through", False),
    )
