"""A running program: its output as it comes, signals, and its end. Nothing here sleeps blindly."""

from __future__ import annotations

import re
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from support.installation import Ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from support.installation import Installation
    from support.starting import Program

PATIENCE = 60.0
"""Seconds after which a test takes it that something will never happen; a busy machine is slow."""

_POLL = 0.02


class _Lines:
    """A pipe, read by a thread of its own so that the program never waits for us."""

    def __init__(self, pipe: IO[str]) -> None:
        self._pipe = pipe
        self._lines: list[str] = []
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._pipe:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait(self, pattern: str, count: int) -> list[str]:
        """The lines that match, once there are `count` of them."""

        def matching() -> list[str]:
            return [line for line in self._lines if re.search(pattern, line)]

        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(matching()) >= count, PATIENCE)
            found = matching()
            assert len(found) >= count, f"{count} x {pattern!r} not in:\n{''.join(self._lines)}"
            return found

    def close(self) -> str:
        """All of the text; the program must have ended."""
        self._thread.join()
        self._pipe.close()
        return "".join(self._lines)


class Running:
    """A program that runs, started with pipes for stdout and stderr."""

    def __init__(self, process: Program) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._out = _Lines(process.stdout)
        self._err = _Lines(process.stderr)
        self._ended: Ended | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def wait_out(self, pattern: str, count: int = 1) -> list[str]:
        """The lines of stdout that match a pattern, once there are `count` of them."""
        return self._out.wait(pattern, count)

    def wait_err(self, pattern: str, count: int = 1) -> list[str]:
        """The same for stderr."""
        return self._err.wait(pattern, count)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def freeze(self) -> None:
        """Stop it where it is (SIGSTOP); SIGCONT lets it go on."""
        self.send(signal.SIGSTOP)
        wait_until(lambda: self._state == "T", "the process is stopped")

    @property
    def _state(self) -> str:
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[0]

    def wait(self, timeout: float = PATIENCE) -> Ended:
        """How it ended."""
        if self._ended is None:
            code = self._process.wait(timeout)
            self._ended = Ended(code, self._out.close(), self._err.close())
        return self._ended

    def kill(self) -> Ended:
        """kill -9, and wait until it is gone."""
        self._process.kill()
        return self.wait()

    def interrupt(self, number: signal.Signals) -> None:
        """Ask it to drain, and return once it says that it does."""
        self.send(number)
        self.wait_err("Finishing what is in flight")


@contextmanager
def running(installation: Installation, *arguments: str) -> Iterator[Running]:
    """The program in a process of its own; killed at the end if it still runs, even when it is stopped."""
    program = Running(installation.start(*arguments))
    try:
        yield program
    finally:
        program.kill()


def once(installation: Installation, *arguments: str) -> AbstractContextManager[Running]:
    """`--headless --once --json`, running."""
    return running(installation, "--headless", "--once", "--json", *arguments)


def wait_until(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Poll until something holds that nobody tells us of."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"not within {patience:g} s: {what}"
        time.sleep(_POLL)
