"""The daemon's HTTP port: metrics for Prometheus, and probes.

Its own threads answer from what was observed already: a scrape never waits for the ledger or another service.
A port in use is retried until it is free, and never delays a sync.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from embedconsole.config.sections.metrics import parse_listen
from embedconsole.redact import redacted_value
from embedconsole.sync.observe.alert_rules import span_of
from embedconsole.sync.observe.snapshot import EngineState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from embedconsole.ops.watcher import LedgerView
    from embedconsole.sync.observe.snapshot import Snapshot


AGAIN_SECONDS = 15.0
_IDLE_SECONDS = 10.0
"""A connection on which nothing comes for so long is closed."""

_AT_ONCE = 16
"""Connections that are open at the same time; a further one takes the place of the oldest, because an honest
request takes a moment and the oldest is one that does not come to an end."""

log = logging.getLogger("embedconsole")


@dataclass(frozen=True, slots=True)
class Answer:
    """The response for a path."""

    status: int
    kind: str
    body: bytes


def json_answer(content: object, *, fine: bool) -> Answer:
    """200 or 503 with a JSON document."""
    return Answer(
        200 if fine else 503, "application/json", json.dumps(redacted_value(content)).encode() + b"\n"
    )


@dataclass(slots=True)
class Listener:
    """Answers GET on some paths.

    Args:
        listen: Host and port, as `config.sections.metrics.parse_listen` reads them.
        answers: Path to what gives its answer; called in a thread, and may block for a moment.
        say: Shows the operator a line.

    Attributes:
        port: Where it listens; None while it does not.
    """

    listen: str
    answers: Mapping[str, Callable[[], Answer]]
    say: Callable[[str], None]
    port: int | None = None
    _server: _Server | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    def open(self) -> None:
        """Take the port; where it can't be had now, say so."""
        problem = self._taken()
        if problem is not None:
            text = f"No metrics yet on {self.listen}: {problem}. Retrying; the sync continues without it."
            self.say(text)
            log.warning("%s", text, extra={"event": "metrics"})

    def serve(self) -> None:
        """Answer until closed."""
        while self._server is None:
            if self._ended.wait(AGAIN_SECONDS):
                return
            if self._taken() is None:
                log.info("metrics on %s", self.listen, extra={"event": "metrics"})
        self._server.serve_forever(poll_interval=0.2)

    def _taken(self) -> str | None:
        """Take the port; returns why it can't be had."""
        host, port = parse_listen(self.listen)
        try:
            self._server = _Server(host, port, self.answers)
        except OSError as error:
            return error.strerror or str(error)
        self.port = int(self._server.server_address[1])
        return None

    def close(self) -> None:
        """Give the port back; call it from another thread than `serve`."""
        self._ended.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


@contextmanager
def listening(
    listen: str, answers: Mapping[str, Callable[[], Answer]], say: Callable[[str], None]
) -> Iterator[Listener]:
    """Answer while the block runs."""
    listener = Listener(listen, answers, say)
    listener.open()
    threading.Thread(target=listener.serve, name="metrics", daemon=True).start()
    try:
        yield listener
    finally:
        listener.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, answers: Mapping[str, Callable[[], Answer]]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.answers = answers
        self._open: dict[int, socket.socket] = {}
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Take the port; not as HTTPServer does, which asks the name server who we are."""
        TCPServer.server_bind(self)

    def process_request_thread(self, request: object, client_address: object) -> None:
        """Answer one connection; the oldest gives way when there are too many."""
        assert isinstance(request, socket.socket)
        with self._lock:
            self._open[id(request)] = request
            oldest = self._open.pop(next(iter(self._open))) if len(self._open) > _AT_ONCE else None
        if oldest is not None:
            with suppress(OSError):
                oldest.shutdown(socket.SHUT_RDWR)  # its thread reads the end, and closes it
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.pop(id(request), None)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news, and the terminal is not ours."""
        log.debug("a request for metrics failed", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    timeout = _IDLE_SECONDS
    server_version = "embedconsole"
    sys_version = ""
    server: _Server

    def do_GET(self) -> None:
        """Answer."""
        answer = self.server.answers.get(urlsplit(self.path).path)
        known = ", ".join(self.server.answers)
        found = (
            Answer(404, "text/plain; charset=utf-8", f"Not found. Paths: {known}\n".encode())
            if answer is None
            else answer()
        )
        self.send_response(found.status)
        self.send_header("Content-Type", found.kind)
        self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(found.body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Not on the terminal."""


_PATIENCE = 20.0
"""Seconds that the ledger may take to answer before it counts as silent."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The answer to a probe: fine when nothing is wrong."""

    wrong: tuple[str, ...]
    state: str | None

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong

    def as_json(self) -> dict[str, object]:
        """The body of the answer."""
        return {"ok": self.fine, "why": list(self.wrong), "state": self.state}


def liveness(snapshot: Snapshot | None, waits: str | None = None) -> ProbeResult:
    """Whether the engine's loop responds; its snapshot is None when it gave none in time.

    Args:
        waits: Why the engine can't be opened yet; a process that waits for that lives.
    """
    if waits is not None:
        return ProbeResult((), str(EngineState.STARTING))
    if snapshot is None:
        return ProbeResult(("the engine's loop does not respond",), None)
    return ProbeResult((), str(snapshot.state))


def readiness(
    snapshot: Snapshot | None, ledger_view: LedgerView, now: float, waits: str | None = None
) -> ProbeResult:
    """Whether the engine can work as configured; `now` on the monotonic clock, `waits` as in `liveness`."""
    if waits is not None:
        return ProbeResult((waits,), str(EngineState.STARTING))
    if snapshot is None:
        return liveness(snapshot)
    wrong: list[str] = []
    if snapshot.state is EngineState.DRAINING:
        wrong.append("the process is ending")
    wrong += [f"{name} does not run: {reason}" for name, reason in snapshot.halted.items()]
    fault = snapshot.ledger.fault or ledger_view.fault
    if fault is not None:
        wrong.append(f"the ledger does not answer: {fault}")
    elif _silent_for(ledger_view, now) > _PATIENCE:
        wrong.append(f"the ledger has not answered for {span_of(_silent_for(ledger_view, now))}")
    return ProbeResult(tuple(wrong), str(snapshot.state))


def _silent_for(ledger_view: LedgerView, now: float) -> float:
    """Seconds for which the ledger has owed an answer."""
    answered = ledger_view.at is not None and ledger_view.at >= ledger_view.began
    return 0.0 if answered else now - ledger_view.began
