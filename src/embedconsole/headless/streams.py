"""The standard streams of the process: whatever becomes of them, the work goes on.

A reader that has gone, a full disk or a descriptor that was closed before the start costs the output that was
meant for it, and nothing else. Rich, click and logging write to these streams too, so they are replaced as a
whole instead of guarding every call.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_GONE = frozenset({errno.EPIPE, errno.EBADF})
"""Nobody reads: that is their decision, and no news for anybody."""


class _Output(io.FileIO):
    """A descriptor; what can't be written to it is dropped.

    Attributes:
        problem: Why the first of it was dropped; None where all was written or nobody reads.
    """

    problem: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            while (written := super().write(data)) is None:  # somebody made it non-blocking
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
    """Why something that belonged on stdout could not be written; None when nothing is missing."""
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
