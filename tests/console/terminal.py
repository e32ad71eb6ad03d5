"""A program in a terminal of its own: what it writes is read as a terminal would, or not at all."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

_PATIENCE = 60.0
_SEQUENCE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]")


@dataclass
class Terminal:
    """A terminal with a program in it; closed at the end of its `with`.

    Attributes:
        written: All that the program wrote.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    columns: int = 80
    lines: int = 24
    written: bytearray = field(default_factory=bytearray)

    def __enter__(self) -> Self:
        self._master, slave = pty.openpty()
        self.resize(self.columns, self.lines)
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "embedconsole", *self.arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**self.environment, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
            # A session of its own, with the terminal as its controlling one: hanging up reaches it.
            preexec_fn=_take_terminal,
        )
        os.close(slave)
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    @property
    def text(self) -> str:
        """What was written, without its escape sequences."""
        return _SEQUENCE.sub(b"", bytes(self.written)).decode("utf-8", "replace")

    def resize(self, columns: int, lines: int) -> None:
        """Be as large; the program is told by a signal."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def read(self, seconds: float) -> int:
        """Read what comes within so many seconds; returns how many bytes it was."""
        count, end = 0, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self._master], [], [], left)
            if not ready:
                break
            try:
                read = os.read(self._master, 65_536)
            except OSError:
                # The program has closed its side.
                break
            if not read:
                break
            self.written += read
            count += len(read)
        return count

    def read_until(self, pattern: str) -> float:
        """Read until a text has been written; returns the seconds since the start."""
        while re.search(pattern, self.text) is None:
            waited = time.monotonic() - self.began
            assert waited < _PATIENCE, f"no {pattern!r} in:\n{self.text}"
            assert self.process.poll() is None or self.read(0.2), f"it ended:\n{self.text}"
            self.read(0.02)
        return time.monotonic() - self.began

    def unread_until(self, reached: Callable[[], bool]) -> bool:
        """Read nothing at all until something is the case; False when that takes too long."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if reached():
                return True
            time.sleep(0.1)
        return False

    @property
    def cpu(self) -> float:
        """Seconds of a processor that the program has used so far, all its threads together."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def settle(self) -> None:
        """Read until nothing comes for a moment longer than the console looks at its engine."""
        end = time.monotonic() + _PATIENCE
        while self.read(2.5):
            assert time.monotonic() < end, "it never comes to rest"

    def ended(self) -> int:
        """Read until the program has ended; returns its exit code."""
        end = time.monotonic() + _PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it does not end:\n{self.text}"
            self.read(0.05)
        self.read(0.05)
        return self.process.returncode

    def hang_up(self) -> None:
        """Close the terminal."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1


def _take_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
