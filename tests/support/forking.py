"""The program in processes that are forked from one that has imported it: a start takes milliseconds.

Importing is most of what a short run costs, and tests start the program hundreds of times. So a nursery, one
for each test process, imports it once and forks for each start. What runs then is the program's own `main()`
in a process of its own, with its own pipes, environment, signals and exit code, which can be stopped and
killed. What importing does, and costs, is looked at by tests that start it cold.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

AVAILABLE: Final = hasattr(os, "pidfd_open")
"""Linux only; elsewhere programs are started cold."""

_TESTS = Path(__file__).resolve().parents[1]
_LARGEST_REQUEST = 1 << 20
_NUMBER = struct.Struct("=i")


@dataclass(frozen=True, slots=True)
class Start:
    """What to run: the arguments behind the program's name, and all of its environment."""

    arguments: Sequence[str]
    environment: Mapping[str, str]


class Forked:
    """A running program; as much of `subprocess.Popen` as tests use.

    Attributes:
        returncode: As in `Popen`: negative for the signal that ended it, None while it runs.
    """

    def __init__(self, start: Start) -> None:
        out, out_there = os.pipe()
        err, err_there = os.pipe()
        self._line, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with there:
            request = json.dumps([list(start.arguments), dict(start.environment)]).encode()
            socket.send_fds(_nursery().requests, [request], [there.fileno(), out_there, err_there])
        os.close(out_there)
        os.close(err_there)
        self.stdout: IO[str] = os.fdopen(out, encoding="utf-8")
        self.stderr: IO[str] = os.fdopen(err, encoding="utf-8")
        self.returncode: int | None = None
        self.pid = self._number()

    def _number(self) -> int:
        data = self._line.recv(_NUMBER.size)
        assert data, "the nursery is gone"
        number: int = _NUMBER.unpack(data)[0]
        return number

    def poll(self) -> int | None:
        """Its exit code if it has ended."""
        if self.returncode is None:
            self._line.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                self._ended()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended; `subprocess.TimeoutExpired` when it does not."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                self._ended()
            except TimeoutError:
                raise subprocess.TimeoutExpired("embedconsole", timeout or 0.0) from None
        assert self.returncode is not None
        return self.returncode

    def _ended(self) -> None:
        self.returncode = os.waitstatus_to_exitcode(self._number())
        self._line.close()

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """All of its output, once it has ended."""
        texts: dict[IO[str], str] = {}
        readers = [
            threading.Thread(target=lambda pipe=pipe: texts.update({pipe: _all_of(pipe)}), daemon=True)
            for pipe in (self.stdout, self.stderr)
        ]
        for reader in readers:
            reader.start()
        self.wait(timeout)
        for reader in readers:
            reader.join()
        return texts[self.stdout], texts[self.stderr]


def _all_of(pipe: IO[str]) -> str:
    # Who has read it before us has closed it.
    if pipe.closed:
        return ""
    with pipe:
        return pipe.read()


class _Nursery:
    """The process that forks, started by this one and ended with it."""

    def __init__(self) -> None:
        self.requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        paths = [str(_TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "support.forking", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # Only a process with a single thread can be forked and be as new.
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"},
            )
        atexit.register(self._end)

    def _end(self) -> None:
        self.requests.close()
        self._process.wait()


@cache
def _nursery() -> _Nursery:
    return _Nursery()


# The nursery's side


def _next_child(requests: socket.socket) -> Start:
    """Serve requests; returns only in a forked child, with what it is to run."""
    parents: dict[int, tuple[int, socket.socket]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(requests, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd != requests.fileno():
                    selector.unregister(key.fd)
                    pid, parent = parents.pop(key.fd)
                    os.close(key.fd)
                    _, status = os.waitpid(pid, 0)
                    _tell(parent, status)
                    parent.close()
                    continue
                message, pipes, _, _ = socket.recv_fds(requests, _LARGEST_REQUEST, 3)
                if not message:
                    os._exit(0)
                pid = os.fork()
                if pid == 0:
                    arguments, environment = json.loads(message)
                    _settle_in(*pipes)
                    requests.close()
                    return Start(arguments, environment)
                parent = socket.socket(fileno=pipes[0])
                os.close(pipes[1])
                os.close(pipes[2])
                _tell(parent, pid)
                ended = os.pidfd_open(pid)
                parents[ended] = pid, parent
                selector.register(ended, selectors.EVENT_READ)


def _tell(parent: socket.socket, number: int) -> None:
    # Who started it may not wait for it any more.
    with contextlib.suppress(OSError):
        parent.send(_NUMBER.pack(number))


def _settle_in(parent: int, out: int, err: int) -> None:
    os.close(parent)
    for ours, number in ((out, 1), (err, 2)):
        os.dup2(ours, number)
        os.close(ours)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _main() -> NoReturn:
    from support.program import import_all, main

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import_all()
    # A collection would touch, and so copy, every page that is shared with the nursery.
    gc.freeze()
    start = _next_child(socket.socket(fileno=int(sys.argv[1])))
    os.environ.clear()
    os.environ.update(start.environment)
    time.tzset()
    sys.argv = ["embedconsole", *start.arguments]
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  (so does the interpreter)
        traceback.print_exc()
        code = 1
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End as the interpreter does, but for taking all modules apart, which takes longer than most runs."""
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    if not sys.stderr.closed:
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _main()
