"""A catalog query that does not come back must not hold up who wants to stop at once. Scenario 19."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

import pytest

from embedconsole.catalog.sql_catalog import SqlCatalog
from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.observe.snapshot import EngineState
from embedconsole.sync.shared.options import RunOptions
from sync.driving import LIMIT, snapshot_when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from sync.rig import HeldEmbedder


@pytest.fixture
def blocked(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[threading.Event]:
    """The catalog answers nothing until this is set; gives the event that says that it was asked."""
    asked, go = threading.Event(), threading.Event()
    method: str = request.param
    real = getattr(SqlCatalog, method)

    def wait(self: SqlCatalog, *args: object, **options: object) -> object:
        asked.set()
        go.wait(LIMIT)
        return real(self, *args, **options)

    monkeypatch.setattr(SqlCatalog, method, wait)
    yield asked
    go.set()
    monkeypatch.undo()


@pytest.mark.parametrize("blocked", ["read", "scan"], indirect=True)
def test_a_run_is_stopped_at_once_while_the_catalog_is_asked(
    blocked: threading.Event, handle: EngineHandle, embedder: HeldEmbedder, ledger_url: str
) -> None:
    embedder.go.set()
    future = handle.run(RunOptions(full=True))
    assert blocked.wait(LIMIT)

    handle.drain()
    assert future.cancel()

    with pytest.raises(CancelledError):
        future.result(timeout=LIMIT)
    snapshot_when(handle, EngineState.DRAINING)
    with open_ledger(ledger_url) as ledger:
        for _ in range(1000):
            if ledger.processes.holder("run:products") is None:
                break
            threading.Event().wait(0.01)
        assert ledger.processes.holder("run:products") is None
        # A claim that was under way at that moment is a stray, which the next run of this process gives back,
        # or any other once this one has ended; nothing of it was begun.
        assert {batch.stage for batch in ledger.overview.in_flight()} <= {"read"}
