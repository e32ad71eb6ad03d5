"""A loopback embedding service that misbehaves on demand.

    with EmbeddingService(size=8) as service:
        service.behave(Behaviour("status", times=2, status=429, headers={"Retry-After": "1"}))
        ...                                  # requests to service.url
        assert service.stats().requests == 3

It runs in a process of its own (so that it can be killed, and takes no time of the tested loop), or with
`in_process=True` in a thread, which starts in milliseconds. From a shell
`python -m support.embedding_service --size 512 --base-seconds 0.05` prints its port and serves until
interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import orjson

from support.embedding_behaviour import Behaviour
from support.embedding_server import ServiceOptions, serve
from support.embedding_vectors import expected_vector

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

__all__ = ["Behaviour", "EmbeddingService", "ServiceStats", "expected_vector"]

_TESTS = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class ServiceStats:
    """What the service has seen, over all its restarts.

    Attributes:
        requests: Embedding requests that reached it.
        items: Vectors it computed, also those whose reply was then spoiled: what a customer pays for.
        embeds: The same for each product id (for `single`: each text, or image when there is no text).
        repeated: Those of a product whose very content it had embedded before: what was paid for twice.
        statuses: How many replies of each HTTP status it finished.
        in_flight_max: Requests inside at the same time, at most.
        held: Requests that wait for `release()` now.
        predictions: Predictions that Replicate's door has created.
        cancelled: Ids of those that somebody cancelled.
        looks: GETs of predictions.
        bodies, headers: The last 20 requests, newest last; header names in lower case.
    """

    requests: int
    items: int
    embeds: Mapping[str, int]
    repeated: int
    statuses: Mapping[str, int]
    in_flight: int
    in_flight_max: int
    held: int
    bodies: list[dict[str, object]]
    headers: list[dict[str, str]]
    predictions: int = 0
    cancelled: list[str] = field(default_factory=list)
    looks: int = 0


class EmbeddingService:
    """The handle. Its methods block for a moment; none of them needs an event loop."""

    def __init__(
        self,
        *,
        size: int = 512,
        base_seconds: float = 0.0,
        item_seconds: float = 0.0,
        slots: int | None = None,
        overflow: Literal["queue", "429"] = "queue",
        token: str | None = None,
        in_process: bool = False,
    ) -> None:
        self.options = ServiceOptions(size, base_seconds, item_seconds, slots, overflow, token)
        self.port = 0
        self._in_process = in_process
        self._running: _Process | _Thread | None = None
        self._before: ServiceStats | None = None

    @property
    def url(self) -> str:
        """Where both shapes are posted to; the same after a restart."""
        return f"http://127.0.0.1:{self.port}/embed"

    @property
    def openai_url(self) -> str:
        """The base address of OpenAI's door."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def replicate_url(self) -> str:
        """The base address of Replicate's door."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """Whether it is started."""
        return self._running is not None

    def start(self) -> Self:
        """Start it, on the port it had before if it had one."""
        assert self._running is None
        start = _Thread if self._in_process else _Process
        self._running = start(self.options, self.port)
        self.port = self._running.port
        return self

    def stop(self) -> None:
        """Stop it; requests inside are cut off. Nothing happens when it is not running."""
        self._leave(kill=False)

    def kill(self) -> None:
        """As `stop`, but by SIGKILL when it has a process of its own."""
        self._leave(kill=True)

    def restart(self) -> None:
        """Stop, and start on the same port with the same options and no misbehaviour."""
        self.stop()
        self.start()

    def behave(self, *schedule: Behaviour) -> None:
        """Replace the schedule; without arguments it behaves well again."""
        self._control("POST", "behave", orjson.dumps([asdict(entry) for entry in schedule]))

    def release(self) -> None:
        """Let the held requests go, and hold no more."""
        self._control("POST", "release")

    def wait_held(self, count: int = 1, *, timeout: float = 30.0) -> None:
        """Return as soon as `count` requests are held; TimeoutError after `timeout` seconds."""
        self._control("POST", f"held?count={count}", timeout=timeout)

    def stats(self) -> ServiceStats:
        """What it has seen since it was first started, or since `reset`."""
        if self._running is None:
            assert self._before is not None
            return self._before
        return _sum(self._before, ServiceStats(**orjson.loads(self._control("GET", "stats"))))

    def reset(self) -> None:
        """Zero the statistics."""
        self._before = None
        self._control("POST", "reset")

    def _leave(self, *, kill: bool) -> None:
        running = self._running
        if running is None:
            return
        self._before = self.stats()
        self._running = None
        running.stop(kill=kill)

    def _control(self, method: str, door: str, body: bytes | None = None, timeout: float = 30.0) -> bytes:
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        ) as door_to:
            door_to.request(method, f"/control/{door}", body)
            reply = door_to.getresponse()
            data = reply.read()
        assert reply.status == 200, data
        return data

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _sum(before: ServiceStats | None, now: ServiceStats) -> ServiceStats:
    if before is None:
        return now
    return ServiceStats(
        requests=before.requests + now.requests,
        items=before.items + now.items,
        embeds=Counter(before.embeds) + Counter(now.embeds),
        # A restarted service remembers nothing, so what it embeds again then is not counted.
        repeated=before.repeated + now.repeated,
        statuses=Counter(before.statuses) + Counter(now.statuses),
        in_flight=now.in_flight,
        in_flight_max=max(before.in_flight_max, now.in_flight_max),
        held=now.held,
        bodies=(before.bodies + now.bodies)[-20:],
        headers=(before.headers + now.headers)[-20:],
        predictions=before.predictions + now.predictions,
        cancelled=before.cancelled + now.cancelled,
        looks=before.looks + now.looks,
    )


class _Process:
    """The service in a child process, which ends with its parent (its standard input closes)."""

    def __init__(self, options: ServiceOptions, port: int) -> None:
        paths = [str(_TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
        arguments = [
            f"--{name.replace('_', '-')}={value}"
            for name, value in {"port": port, **asdict(options)}.items()
            if value is not None
        ]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "support.embedding_service", "--with-parent", *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            self.stop(kill=True)
            raise RuntimeError("the embedding service did not start")
        self.port = int(line)

    def stop(self, *, kill: bool) -> None:
        if kill:
            self._child.kill()
        with self._child:  # closes its input, at which it ends; reaps it; closes its output
            pass


class _Thread:
    """The service in a thread with a loop of its own."""

    def __init__(self, options: ServiceOptions, port: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        started: asyncio.Future[int] = self._loop.create_future()
        ready = threading.Event()
        started.add_done_callback(lambda _: ready.set())
        self._thread = threading.Thread(target=self._run, args=(options, port, started), daemon=True)
        self._thread.start()
        ready.wait()
        self.port = started.result()

    def _run(self, options: ServiceOptions, port: int, started: asyncio.Future[int]) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(serve(options, port, started, self._stop))

    def stop(self, *, kill: bool) -> None:
        del kill  # a thread has only one way to go
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


def _options() -> tuple[ServiceOptions, int, bool]:
    parser = argparse.ArgumentParser(prog="embedding_service")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--base-seconds", type=float, default=0.0)
    parser.add_argument("--item-seconds", type=float, default=0.0)
    parser.add_argument("--slots", type=int)
    parser.add_argument("--overflow", choices=["queue", "429"], default="queue")
    parser.add_argument("--token")
    given = parser.parse_args()
    options = ServiceOptions(**{item.name: getattr(given, item.name) for item in fields(ServiceOptions)})
    return options, given.port, given.with_parent


async def _main() -> None:
    options, port, with_parent = _options()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    started: asyncio.Future[int] = loop.create_future()
    started.add_done_callback(lambda future: _say(future.result()))
    for name in ("SIGTERM", "SIGINT"):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(getattr(signal, name), stop.set)
    if with_parent:
        threading.Thread(target=_watch_parent, args=(loop, stop), daemon=True).start()
    await serve(options, port, started, stop)


def _say(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


def _watch_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    sys.stdin.buffer.read()
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    asyncio.run(_main())
