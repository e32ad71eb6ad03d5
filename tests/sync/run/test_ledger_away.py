"""The ledger goes away while an engine runs: since when is told, it is asked now and then, and is back."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from embedconsole.database_link import Link
from embedconsole.faults import Unreachable
from embedconsole.sync.resilience.gate import GateHealth, GateState
from embedconsole.sync.resilience.ledger_health import LedgerAccess, LedgerHealth
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from support.processes import wait_until
from sync.driving import report_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.observe.snapshot import Snapshot
    from embedconsole.sync.observe.snapshots import WatchedEngine
    from sync.rig import HeldEmbedder

SECONDS = 3.0


@dataclass
class Cut:
    """The connection to the ledger; counts what is tried while it is cut."""

    tries: int = 0
    away: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Cut:
    found = Cut()
    attempt = Link._attempt

    def through(link: Link, work: Callable[[Connection], object]) -> object:
        if found.away.is_set():
            found.tries += 1
            raise Unreachable("ledger", "connection refused")
        return attempt(link, work)

    monkeypatch.setattr(Link, "_attempt", through)
    return found


async def count(engine: WatchedEngine) -> None:
    await engine.count()


def watched(handle: EngineHandle) -> Snapshot:
    """As a console does it: have the ledger counted, and look."""
    handle.call(count).result()
    return handle.snapshot()


def test_nothing_spins_while_it_is_away(handle: EngineHandle, embedder: HeldEmbedder, cut: Cut) -> None:
    running = handle.run(RunOptions())
    assert embedder.wait_for(lambda: embedder.inside == 2)
    assert watched(handle).ledger.state is GateState.CLOSED

    cut.away.set()
    began = time.monotonic()
    looks = []
    while time.monotonic() < began + SECONDS:
        looks.append(watched(handle).ledger)
        threading.Event().wait(0.02)

    # A heartbeat, the news of the gates and a claim each second, and the counts; not once a look.
    assert len(looks) > 30
    assert 3 <= cut.tries <= 8 * SECONDS
    away = looks[-1]
    assert (away.name, away.state, away.fault) == ("ledger", GateState.OPEN, "ledger: connection refused")
    assert away.since == pytest.approx(began, abs=1.0)
    assert away.until is not None
    assert away.until > began + SECONDS - 1

    cut.away.clear()
    wait_until(lambda: watched(handle).ledger.fault is None, "it is back", 30)
    embedder.go.set()
    assert report_of(running).outcome is Outcome.OK


def test_what_can_be_read_and_not_be_written_to_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    silence, fault = LedgerHealth(), Unreachable("ledger", "database or disk is full")

    silence.failed(LedgerAccess.WRITING, fault)
    silence.answered(LedgerAccess.READING)

    assert silence.health.fault == "ledger: database or disk is full"
    assert (silence.health.since, silence.health.until) == (100.0, 101.0)
    assert silence.due(LedgerAccess.READING)
    assert not silence.due(LedgerAccess.WRITING)
    clock[0] = 104.0
    silence.answered(LedgerAccess.WRITING)
    assert silence.health == GateHealth("ledger", GateState.CLOSED, 104.0, None, None)


def test_it_is_asked_ever_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    silence = LedgerHealth()
    pauses = []
    for _ in range(7):
        silence.failed(LedgerAccess.READING, Unreachable("ledger", "connection refused"))
        assert silence.health.until is not None
        pauses.append(silence.health.until - 100.0)
    assert pauses == [1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0]
