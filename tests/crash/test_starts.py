"""A daemon that starts while something that it needs is away waits for it, and says so."""

from __future__ import annotations

import signal
from collections import deque
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import make_url

from crash.converged import on_sqlite
from support.fixtures_shop import make_stage
from support.ports import free_port
from support.processes import running
from support.tcp_proxy import tcp_proxy
from support.troubles import Troubles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.databases import Database
    from support.embedding_service import EmbeddingService
    from support.fixtures_shop import Stage
    from support.qdrant_server import QdrantServer


@pytest.fixture
def qdrant(own_qdrant: QdrantServer) -> QdrantServer:
    """The stage's server may be stopped here."""
    return own_qdrant


@on_sqlite
def test_it_waits_for_its_ledger_and_ends_at_a_signal(stage: Stage) -> None:
    settings, port = stage.installation.settings, free_port()
    settings["ledger"] = f"postgresql://nobody@127.0.0.1:{free_port()}/ledger"
    settings["metrics"] = {"listen": f"127.0.0.1:{port}"}
    with running(stage.installation, "--headless") as daemon:
        daemon.wait_err("Not started yet. ledger: ", 2)
        live, ready = (httpx.get(f"http://127.0.0.1:{port}/{probe}") for probe in ("live", "ready"))
        daemon.send(signal.SIGTERM)
        ended = daemon.wait()

    assert ended.code == 143
    assert "Traceback" not in ended.err
    assert (live.status_code, ready.status_code) == (200, 503)
    assert ready.json()["why"][0].startswith("ledger: ")
    assert "not started yet: ledger: " in stage.installation.log


@pytest.mark.parametrize("away", ["ledger", "catalog"])
def test_it_begins_as_soon_as_a_database_is_there(
    postgresql: Database,
    embedding_process: EmbeddingService,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
    away: str,
) -> None:
    stage = make_stage(postgresql, embedding_process, qdrant, collection_name, tmp_path)
    stage.shop.add(range(1, 11))
    settings, port = stage.installation.settings, free_port()
    settings["schedule"] = {"every": "1h"}
    url = make_url(postgresql.url)
    through = url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    if away == "ledger":
        settings["ledger"] = through
    else:
        stage.pipeline["catalog"]["url"] = through
    said = "Not started yet. ledger: " if away == "ledger" else "catalog: .*Retrying in"
    with running(stage.installation, "--headless", "--json") as daemon:
        daemon.wait_err(said)
        with tcp_proxy(url.host or "", url.port or 5432, Troubles(deque()), listen=port):
            daemon.wait_out('"embedded": 10')
            daemon.send(signal.SIGTERM)
            assert daemon.wait().code == 143


@on_sqlite
@pytest.mark.parametrize("away", ["qdrant", "embedder"])
def test_it_begins_as_soon_as_a_service_is_there(stage: Stage, away: str) -> None:
    stage.shop.add(range(1, 11))
    stage.installation.settings["schedule"] = {"every": "1h"}
    service: dict[str, tuple[Callable[[], object], Callable[[], object], str]] = {
        "qdrant": (stage.qdrant.stop, stage.qdrant.start, "Qdrant|collection"),
        "embedder": (stage.service.kill, stage.service.start, "embed"),
    }
    stop, start, name = service[away]
    stop()
    with running(stage.installation, "--headless", "--json") as daemon:
        daemon.wait_err(f"({name}).*(does not answer|connect|refused|unreachable|away|breaker)")
        start()
        daemon.wait_out('"embedded": 10')
        daemon.send(signal.SIGTERM)
        assert daemon.wait().code == 143
