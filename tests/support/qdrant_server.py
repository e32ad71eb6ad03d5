"""A handle on a Qdrant test server in a process of its own.

The engine never releases the GIL, so it can't share a process with the code under test. What the server
answers follows the REST API of Qdrant 1.19; see `support.qdrant`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import httpx

if TYPE_CHECKING:
    from types import TracebackType

FaultKind = Literal["status", "drop", "truncate", "delay", "hold"]

_TESTS = Path(__file__).resolve().parents[1]
_START_SECONDS = 30.0


class QdrantServer:
    """Starts the server and controls it; a context manager.

    Args:
        data: Its data directory; kept between restarts.
        api_key: Asked for by the server when given.

    Attributes:
        url: `http://127.0.0.1:PORT`, the same after a restart.
    """

    def __init__(self, data: Path, api_key: str | None = None) -> None:
        self._data = data
        self._api_key = api_key
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._control: httpx.Client | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server is not running"
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it on the port it had before, or on a free one, and wait until it answers."""
        assert self._process is None, "the server runs already"
        command = [sys.executable, "-m", "support.qdrant", str(self._data), "--port", str(self._port)]
        if self._api_key is not None:
            command += ["--api-key", self._api_key]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(_TESTS)},
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait(_START_SECONDS)
            self._close_pipes()
            raise RuntimeError(f"the Qdrant test server ended at once with {code}")
        self._port = int(line)
        self._control = httpx.Client(base_url=self.url, timeout=_START_SECONDS)

    def stop(self) -> None:
        """End it in order: shards are closed. Without effect when it does not run."""
        if self._process is not None:
            self._process.terminate()
        self._ended()

    def kill(self) -> None:
        """kill -9: what it confirmed must still be there after `start()`."""
        if self._process is not None:
            self._process.kill()
        self._ended()

    def restart(self) -> None:
        """Stop and start on the same port with the same data; faults and counts begin anew."""
        self.stop()
        self.start()

    def _ended(self) -> None:
        if self._process is None:
            return
        self._process.wait(_START_SECONDS)
        self._close_pipes()
        if self._control is not None:
            self._control.close()
            self._control = None

    def _close_pipes(self) -> None:
        assert self._process is not None
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    def fail_next(
        self,
        kind: FaultKind = "status",
        *,
        count: int = 1,
        status: int = 500,
        headers: dict[str, str] | None = None,
        body: str | None = None,
        method: str | None = None,
        path: str | None = None,
        seconds: float = 0.0,
        applied: bool = False,
    ) -> None:
        """Make the next requests fail.

        Args:
            kind: `status` (answer `body` with `status`), `drop` (close the connection), `truncate` (close it
                in the middle of the reply), `delay` (wait `seconds`, then answer) or `hold` (until
                `release()`).
            count: How many matching requests.
            body: The reply's text; default an error as Qdrant words it.
            method: Only requests of this method.
            path: Only requests whose path with its query contains a match of this regular expression.
            applied: Carry the request out first, so that only its confirmation is lost.
        """
        fault = {
            "kind": kind,
            "count": count,
            "status": status,
            "headers": headers or {},
            "body": body,
            "method": method,
            "path": path,
            "seconds": seconds,
            "applied": applied,
        }
        self._call("POST", "/_test/faults", json=fault)

    def release(self) -> None:
        """Let all held requests go on."""
        self._call("POST", "/_test/release")

    def wait_held(self, count: int = 1, timeout: float = 10.0) -> None:
        """Wait until so many requests are held."""
        self._call("GET", "/_test/wait", params={"count": str(count), "timeout": str(timeout)})

    def wait_requests(self, match: str, count: int = 1, timeout: float = 10.0) -> None:
        """Wait until so many requests whose `METHOD path` matches have arrived since the last reset."""
        params = {"match": match, "count": str(count), "timeout": str(timeout)}
        self._call("GET", "/_test/wait", params=params)

    def requests(self, match: str | None = None) -> dict[str, int]:
        """How often each `METHOD path` was called since the last reset; this handle's own do not count."""
        counts: dict[str, int] = self._call("GET", "/_test/requests").json()
        return {name: n for name, n in counts.items() if match is None or re.search(match, name)}

    def reset(self) -> None:
        """Forget faults and counts; held requests go on."""
        self._call("POST", "/_test/reset")

    def _call(
        self, method: str, path: str, *, json: object = None, params: dict[str, str] | None = None
    ) -> httpx.Response:
        assert self._control is not None, "the server is not running"
        reply = self._control.request(method, path, json=json, params=params)
        reply.raise_for_status()
        return reply
