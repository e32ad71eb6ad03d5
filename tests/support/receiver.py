"""Somebody who is told: an HTTP receiver that takes messages, refuses them, or never answers."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIMIT = 30.0

Behaviour = Literal["take", "refuse", "hang"]


@dataclass
class Receiver:
    """Speaks what apprise calls `json://`.

    Attributes:
        behaviour: What it does with the next messages.
        got: The messages that came, taken or refused.
    """

    port: int = 0
    behaviour: Behaviour = "take"
    got: list[dict[str, str]] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)
    _came: threading.Condition = field(default_factory=threading.Condition)

    @property
    def address(self) -> str:
        """Its address, with a secret in it."""
        return f"json://anna:pa55word@127.0.0.1:{self.port}/s3cret-token"

    @property
    def told(self) -> list[tuple[str, str]]:
        """Title and text of each message, without who told it."""
        return [(one["title"], one["message"].rpartition("\n\n")[0]) for one in self.got]

    def wait_for(self, count: int) -> None:
        """Wait until so many have come."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.got) >= count, _LIMIT), self.got

    def take(self, message: dict[str, str]) -> int:
        """Take one; returns the status to answer with."""
        with self._came:
            self.got.append(message)
            self._came.notify_all()
        if self.behaviour == "hang":
            self.let_go.wait(_LIMIT)
        return 500 if self.behaviour == "refuse" else 200


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = receiver.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Not on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.let_go.set()
            server.shutdown()
            thread.join()
