"""The daemon's port: it answers whatever goes on, and its marker stops nothing."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from embedconsole.config.sections.metrics import MetricsConfig
from embedconsole.faults import Refused
from embedconsole.ledger.items.counts import Overview
from embedconsole.ops import monitor as monitoring
from embedconsole.ops import probes as listener
from embedconsole.ops import watcher
from embedconsole.ops.monitor import Monitor
from embedconsole.ops.probes import Answer, listening
from embedconsole.ops.watcher import Watcher
from embedconsole.sync.daemon.engine_thread import EngineHandle, engine_in_thread
from embedconsole.sync.run import components as components
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from ops.scenes import values
from support.shop import QUERY, Shop
from sync.makers import make_pipeline
from sync.rig import HeldEmbedder, MemoryCollection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.ledger.records.work import BatchInFlight
    from support.databases import Database

LIMIT = 30.0


def get(port: int | None, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=LIMIT)


def hello() -> Answer:
    return Answer(200, "text/plain", b"hello")


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < until
        threading.Event().wait(0.01)


def test_it_answers_on_its_paths_and_names_them_on_others() -> None:
    with listening("127.0.0.1:0", {"/hello": hello}, pytest.fail) as found:
        assert get(found.port, "/hello?x=1").text == "hello"
        missed = get(found.port, "/../etc/passwd")
        head = httpx.head(f"http://127.0.0.1:{found.port}/hello")
        posted = httpx.post(f"http://127.0.0.1:{found.port}/hello", content=b"x")

    assert (missed.status_code, missed.text) == (404, "Not found. Paths: /hello\n")
    assert (head.status_code, head.text, head.headers["content-length"]) == (200, "", "5")
    assert posted.status_code == 501


def test_a_port_that_is_taken_is_said_and_tried_again_until_it_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr(listener, "AGAIN_SECONDS", 0.01)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with listening(f"127.0.0.1:{port}", {"/hello": hello}, said.append) as found:
            assert found.port is None
            taken.close()
            wait_until(lambda: found.port is not None)
            assert get(port, "/hello").text == "hello"

    assert said == [
        f"No metrics yet on 127.0.0.1:{port}: Address already in use. "
        "Retrying; the sync continues without it."
    ]


@pytest.mark.parametrize("said", [b"", b"GET /hello HTTP/1.1\r\nX-Slow: "])
def test_slow_clients_keep_nobody_out(said: bytes) -> None:
    """As many as there is room for, and more: the oldest of them makes way."""
    with listening("127.0.0.1:0", {"/hello": hello}, pytest.fail) as found, contextlib.ExitStack() as stack:
        assert found.port is not None
        slow = []
        for _ in range(2 * listener._AT_ONCE):
            slow.append(stack.enter_context(socket.create_connection(("127.0.0.1", found.port), LIMIT)))
            slow[-1].sendall(said)
        assert [get(found.port, "/hello").text for _ in range(3)] == ["hello"] * 3
        assert slow[0].recv(1) == b""


def test_a_client_that_says_nothing_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener._Handler, "timeout", 0.1)
    with listening("127.0.0.1:0", {"/hello": hello}, pytest.fail) as found:
        assert found.port is not None
        with socket.create_connection(("127.0.0.1", found.port), timeout=LIMIT) as silent:
            assert silent.recv(1) == b""


# With an engine behind it


@pytest.fixture
def embedder() -> Iterator[HeldEmbedder]:
    embedder = HeldEmbedder(price_per_1000=2.0)
    yield embedder
    embedder.go.set()


@pytest.fixture
def pipeline(sqlite: Database, tmp_path: Path) -> Pipeline:
    """20 products in batches of 2."""
    shop = Shop(sqlite)
    shop.create()
    shop.add(range(1, 21))
    return make_pipeline(
        catalog={"url": sqlite.url, "query": QUERY, "key": "id", "changed": "updated_at"},
        embed={"embedder": "ml", "text": "{title}"},
        collection={"path": str(tmp_path / "qdrant"), "name": "products", "payload": {"title": "title"}},
        chunk_size=2,
        workers=2,
    )


@pytest.fixture
def ledger_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def handle(
    pipeline: Pipeline, ledger_url: str, embedder: HeldEmbedder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EngineHandle]:
    monkeypatch.setattr("embedconsole.embedders.pool.build_embedder", lambda name, config, **_: embedder)
    monkeypatch.setattr(components, "build_itself", lambda config, name: MemoryCollection())
    with engine_in_thread([pipeline], ledger_url) as handle:
        yield handle
        embedder.go.set()
        handle.drain()


@pytest.fixture
def monitor(pipeline: Pipeline, ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Monitor:
    monkeypatch.setattr(watcher, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(monitoring, "PUBLISH_EVERY", 0.02)
    metrics = MetricsConfig.model_validate({"listen": "127.0.0.1:0"})
    return Monitor(Watcher([pipeline], ledger_url), metrics, pytest.fail)


def shown(monitor: Monitor) -> dict[tuple[str, ...], float]:
    text = monitor.answers()["/metrics"]().body.decode()
    return values(list(text_string_to_metric_families(text)))


def answered(monitor: Monitor, path: str) -> tuple[int, dict[str, object]]:
    answer = monitor.answers()[path]()
    content: dict[str, object] = json.loads(answer.body)
    return answer.status, content


def test_a_run_is_seen_while_it_goes_on_and_afterwards(
    handle: EngineHandle, monitor: Monitor, embedder: HeldEmbedder
) -> None:
    with monitor.keeping(), monitor.following(handle):
        running = handle.run(RunOptions())
        assert embedder.wait_for(lambda: embedder.inside == 2)
        wait_until(lambda: shown(monitor).get(("embedconsole_batches_in_flight", "products"), 0) >= 2)
        during = shown(monitor)
        embedder.go.set()
        monitor.ran(running.result(LIMIT))
        wait_until(lambda: shown(monitor).get(("embedconsole_items", "products", "synced")) == 20)
        wait_until(lambda: shown(monitor)["embedconsole_engine_state", "idle"] == 1)
        after = shown(monitor)
        second = handle.run(RunOptions())
        monitor.ran(second.result(LIMIT))
        wait_until(lambda: shown(monitor)["embedconsole_engine_state", "idle"] == 1)
        again = shown(monitor)

    assert (
        during[("embedconsole_engine_state", "planning")] + during[("embedconsole_engine_state", "running")]
    )
    assert during[("embedconsole_items_embedded_total", "products")] == 0
    assert after[("embedconsole_items_embedded_total", "products")] == 20
    assert after[("embedconsole_embed_requests_total", "products")] == embedder.requests
    assert after[("embedconsole_cost_total", "products")] == pytest.approx(0.04)
    assert after[("embedconsole_runs_total", "ok", "products")] == 1
    assert after[("embedconsole_last_success_timestamp_seconds", "products")] == pytest.approx(
        time.time(), abs=LIMIT
    )
    assert again[("embedconsole_items_embedded_total", "products")] == 20, "counters outlive their run"
    assert again[("embedconsole_runs_total", "ok", "products")] == 2


def test_it_answers_while_the_ledger_hangs_and_says_so(
    handle: EngineHandle, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedconsole.ops.probes._PATIENCE", 0.2)
    let_go = threading.Event()

    def hang(_: Overview) -> list[BatchInFlight]:
        let_go.wait(LIMIT)
        return []

    with monitor.keeping(), monitor.following(handle):
        wait_until(lambda: shown(monitor).get(("embedconsole_ledger_up",)) == 1)
        wait_until(lambda: answered(monitor, "/ready")[0] == 200)
        with monkeypatch.context() as hanging:
            hanging.setattr(Overview, "in_flight", hang)
            wait_until(lambda: answered(monitor, "/ready")[0] == 503)
            status, content = answered(monitor, "/ready")
            live = answered(monitor, "/live")[0]
            figures = shown(monitor)
        let_go.set()
        wait_until(lambda: answered(monitor, "/ready")[0] == 200)

    assert (status, live) == (503, 200)
    assert "the ledger has not answered for" in str(content["why"])
    assert ("embedconsole_ledger_seen_timestamp_seconds",) in figures


def test_a_loop_that_does_not_turn_is_not_alive(
    handle: EngineHandle, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "STILL", 0.2)
    let_go = threading.Event()

    async def block(_: object) -> None:
        let_go.wait(LIMIT)

    with monitor.keeping(), monitor.following(handle):
        wait_until(lambda: answered(monitor, "/live")[0] == 200)
        blocked = handle.call(block)
        wait_until(lambda: answered(monitor, "/live")[0] == 503)
        status, content = answered(monitor, "/live")
        figures = shown(monitor)
        let_go.set()
        blocked.result(LIMIT)
        wait_until(lambda: answered(monitor, "/live")[0] == 200)

    assert (status, content["why"]) == (503, ["the engine's loop does not respond"])
    assert ("embedconsole_ledger_up",) in figures, "what the ledger says is shown without the engine"


def test_a_request_that_is_refused_adds_no_cost(
    handle: EngineHandle, monitor: Monitor, embedder: HeldEmbedder
) -> None:
    with monitor.keeping(), monitor.following(handle):
        running = handle.run(RunOptions(limit=2))
        assert embedder.wait_for(lambda: embedder.inside == 1)
        embedder.fault = Refused("embedding service ml", "it refused the key (401)")
        embedder.go.set()
        report = running.result(LIMIT)
        monitor.ran(report)
        wait_until(lambda: shown(monitor)["embedconsole_engine_state", "idle"] == 1)
        afterwards = shown(monitor)

    assert report.pipelines["products"].outcome is Outcome.ABORTED
    assert not afterwards.get(("embedconsole_cost_total", "products"))
    assert afterwards[("embedconsole_runs_total", "aborted", "products")] == 1
