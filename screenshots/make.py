"""Makes the pictures in this folder, the console on the demo shop: `python screenshots/make.py [working]`."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from unittest.mock import patch

from embedconsole.config.load import Loaded, load
from embedconsole.config.paths import ledger_url
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.console.app import Console
from embedconsole.console.launch import Launch
from embedconsole.console.local_engine import open_local_engine
from embedconsole.console.text import UNICODE
from embedconsole.demo.setup import prepare_demo
from embedconsole.sync.resilience.gate import GateState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from textual.pilot import Pilot

_HERE = Path(__file__).parent
_SMALL, _WIDE = (80, 24), (120, 40)
_PATIENCE = 120.0
_PICTURES = {
    _SMALL: {
        "dashboard": "1",
        "failures": "2",
        "item": "enter enter",
        "collection": "escape escape 3",
        "runs": "4",
        "search": "5 r e d space s h o e s enter",
        "log": "escape 6",
        "pipelines": "0",
        "force": "f",
    },
    _WIDE: {"dashboard": "1"},
}
"""Size to name to the keys that lead there from the picture before."""


_SERVICE = 8000
"""The port of the embedding service, which the pictures name."""
_ANSWERED = 150
"""Requests after which it throttles."""


async def pictures(columns: int, rows: int) -> None:
    """The pictures of a size: a first sync that has just ended, with what needs a look."""
    async with _console(prepare_demo(_folder(), 3000).loaded, columns, rows) as pilot:
        await _until(pilot, _at_rest)
        await pilot.pause(3.0)
        for name, keys in _PICTURES[columns, rows].items():
            for key in keys.split():
                await pilot.press(key)
                await pilot.pause(0.5)
            _save(pilot, f"{name}-{columns}x{rows}")


async def at_work() -> None:
    """The first picture of the README: a run in flight, a service that throttles it, items that failed."""
    folder = _folder()
    prepare_demo(folder, 24_000)
    configuration = folder / "embedconsole.yaml"
    text = configuration.read_text()
    words = text[text.index("  words:") : text.index("pipelines:")]
    service = f"  ml: {{type: http, url: 'http://127.0.0.1:{_SERVICE}/embed', concurrency: 6}}\n"
    configuration.write_text(text.replace(words, service).replace("embedder: words", "embedder: ml"))
    with _service():
        async with _console(load(configuration, environ={}), *_WIDE) as pilot:
            await _until(pilot, _is_throttled)
            await pilot.pause(2.0)
            _save(pilot, "working-120x40")


@contextmanager
def _service() -> Iterator[None]:
    """An embedding service that answers for a while, and then asks for a pause."""
    numbers = count()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if next(numbers) >= _ANSWERED:
                self._answer(429, {"error": "slow down"}, {"Retry-After": "20"})
                return
            time.sleep(2.0)
            self._answer(200, {"embeddings": [_entry(item) for item in body["items"]]})

        def _answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_request(self, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", _SERVICE), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


def _entry(item: dict[str, str]) -> object:
    """A vector, or what the service says of a picture that it can't read."""
    if int(item["product_id"]) % 701 == 0:
        return {"error": "image unreadable"}
    return [float(len(item["name"]) + place) for place in range(512)]


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / "shop"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@asynccontextmanager
async def _console(loaded: Loaded, columns: int, rows: int) -> AsyncIterator[Pilot[int]]:
    """The console on a shop, with the same host in every picture, wherever they are made."""
    settings = loaded.settings
    with patch("socket.gethostname", return_value="web1"):
        launch = Launch(resolve_pipelines(settings, ()), ledger_url(settings), every=3600.0)
        app = Console(launch, partial(open_local_engine, launch), glyphs=UNICODE)
        async with app.run_test(size=(columns, rows)) as pilot:
            yield pilot
            await pilot.press("escape", "q")


async def _until(pilot: Pilot[int], done: Callable[[Console], bool]) -> None:
    app = pilot.app
    assert isinstance(app, Console)
    async with asyncio.timeout(_PATIENCE):
        while not done(app):
            await pilot.pause(0.5)


def _save(pilot: Pilot[int], name: str) -> None:
    pilot.app.save_screenshot(f"{name}.svg", path=str(_HERE))


def _is_throttled(app: Console) -> bool:
    snapshot = app.state.snapshot
    return snapshot is not None and any(
        gate.state is GateState.COOLING for gate in snapshot.pipelines[0].dependencies
    )


def _at_rest(app: Console) -> bool:
    snapshot = app.state.snapshot
    if snapshot is None or snapshot.run is not None or not snapshot.runs:
        return False
    counts = snapshot.pipelines[0].counts
    return counts is not None and counts.synced > 0 and counts.pending == 0


if __name__ == "__main__":
    wanted = sys.argv[1:]
    if not wanted or "working" in wanted:
        asyncio.run(at_work())
    if not wanted:
        for size in _PICTURES:
            asyncio.run(pictures(*size))
