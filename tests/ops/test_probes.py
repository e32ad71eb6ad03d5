"""Live and ready, and why not."""

from __future__ import annotations

from dataclasses import replace

from embedconsole.ops.probes import liveness, readiness
from embedconsole.ops.watcher import LedgerView
from embedconsole.sync.observe.ledger_overview import LedgerOverview
from embedconsole.sync.observe.snapshot import EngineState, Snapshot
from embedconsole.sync.resilience.gate import GateHealth, GateState
from embedconsole.sync.shared.control import Halt
from ops.scenes import a_snapshot


def halted(reason: str) -> Snapshot:
    """The only pipeline does not run."""
    whole = a_snapshot()
    (view,) = whole.pipelines
    return replace(whole, pipelines=(replace(view, halted=Halt(reason, None)),))


SEEN = LedgerView(began=100.0, at=100.5, observed=LedgerOverview())
NOW = 105.0


def test_an_engine_that_turns_lives() -> None:
    assert liveness(a_snapshot()).as_json() == {"ok": True, "why": [], "state": "running"}
    assert liveness(None).as_json() == {
        "ok": False,
        "why": ["the engine's loop does not respond"],
        "state": None,
    }


def test_it_is_ready_while_the_ledger_answers_though_the_embedder_is_away() -> None:
    assert readiness(a_snapshot(), SEEN, NOW).fine


def test_it_is_not_ready_without_a_loop_a_ledger_or_a_configuration() -> None:
    away = GateHealth("ledger", GateState.OPEN, 0.0, 9.0, "ledger: connection refused")
    found = [
        readiness(None, SEEN, NOW),
        readiness(replace(a_snapshot(), ledger=away), SEEN, NOW),
        readiness(a_snapshot(), replace(SEEN, fault="ledger: disk full"), NOW),
        readiness(halted("the query has no column 'titel'"), SEEN, NOW),
        readiness(replace(a_snapshot(), state=EngineState.DRAINING), SEEN, NOW),
    ]

    assert [probed.wrong for probed in found] == [
        ("the engine's loop does not respond",),
        ("the ledger does not answer: ledger: connection refused",),
        ("the ledger does not answer: ledger: disk full",),
        ("products does not run: the query has no column 'titel'",),
        ("the process is ending",),
    ]
    assert not any(probed.fine for probed in found)


def test_a_ledger_that_hangs_is_noticed_by_its_silence() -> None:
    hanging = LedgerView(began=100.0, at=95.0)

    assert readiness(a_snapshot(), hanging, 115.0).fine
    assert readiness(a_snapshot(), hanging, 161.0).wrong == ("the ledger has not answered for 1 min",)


def test_a_look_that_is_long_ago_is_no_silence() -> None:
    """Counting takes long, so it is done seldom; or a target of notifications takes its time."""
    assert readiness(a_snapshot(), SEEN, 900.0).fine
