"""What an open engine tells of itself in the ledger, run or no run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import anyio
import pytest

from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.daemon import heartbeat as pulse
from embedconsole.sync.daemon import sampler as sampling
from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.daemon.sampler import Sampler
from embedconsole.sync.observe.process_status import ProcessStatus, read_status, status_of
from embedconsole.sync.observe.snapshot import EngineState, PipelineView, Snapshot
from embedconsole.sync.resilience.gate import GateHealth, GateState
from embedconsole.sync.shared.control import Pause
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Progress
from sync.driving import LIMIT, report_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.observe.snapshots import WatchedEngine
    from sync.rig import HeldEmbedder, MemoryCollection


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything happens twenty times as fast."""
    for name, value in {"TICK": 0.02, "BEAT_BUSY": 0.1, "SAMPLE_BUSY": 0.1, "SAMPLE_TURN": 0.1}.items():
        monkeypatch.setattr(pulse, name, value)


def told(ledger: Ledger, expected: Callable[[ProcessStatus], bool]) -> ProcessStatus:
    """The status of the only process, once it is as expected."""
    pause = threading.Event()
    for _ in range(int(LIMIT / 0.02)):
        for worker in ledger.processes.workers():
            status = read_status(worker.status)
            if status is not None and expected(status):
                return status
        pause.wait(0.02)
    raise AssertionError("never told")


def test_an_idle_engine_is_seen_and_leaves_when_it_is_closed(pipeline: Pipeline, ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger:
        with engine_in_thread([pipeline], ledger_url, "daemon"):
            told(ledger, lambda status: status.state == "idle")
            assert [worker.role for worker in ledger.processes.workers()] == ["daemon"]
        assert ledger.processes.workers() == []


def test_a_run_and_a_pause_are_told_while_they_last(
    handle: EngineHandle, embedder: HeldEmbedder, ledger_url: str
) -> None:
    future = handle.run(RunOptions())
    with open_ledger(ledger_url) as ledger:
        running = told(ledger, lambda status: status.state == "running" and status.pipelines[0].found == 20)
        assert running.run is not None
        assert running.workers == 2
        assert {one.name for one in running.pipelines[0].dependencies} == {
            "catalog",
            "embedder ml",
            "collection products",
        }

        handle.pause("anna@shop")
        paused = told(ledger, lambda status: status.paused_since is not None)
        assert (paused.state, paused.paused_by) == ("paused", "anna@shop")
        assert paused.paused_since == pytest.approx(running.pipelines[0].dependencies[0].since, abs=60)

        handle.resume()
        embedder.go.set()
        report_of(future)
        idle = told(ledger, lambda status: status.state == "idle")
        assert (idle.run, idle.paused_since) == (None, None)


def test_samples_tell_what_was_done_and_now_and_then_what_it_looked_like(
    handle: EngineHandle, embedder: HeldEmbedder, ledger_url: str
) -> None:
    embedder.go.set()
    report_of(handle.run(RunOptions()))
    with open_ledger(ledger_url) as ledger:
        pause = threading.Event()
        for _ in range(int(LIMIT / 0.02)):
            steps = ledger.samples.throughput("products", seconds=600, step=600)
            if sum(step.done for step in steps) == 20 and ledger.samples.picture_ages(["products"]):
                break
            pause.wait(0.02)
        assert sum(step.done for step in steps) == 20
        taken = ledger.samples.picture_at("products", 1e11)
        assert taken is not None
        counts = taken.picture["counts"]
        assert isinstance(counts, dict)
        assert counts["synced"] + counts["pending"] == 20
        assert set(taken.picture) >= {"state", "rate", "eta", "in_flight", "dependencies", "collection"}


def test_a_pause_is_in_a_picture_however_recent_the_last_one(
    handle: EngineHandle, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "SAMPLE_BUSY", 3600.0)
    monkeypatch.setattr(pulse, "SAMPLE_IDLE", 3600.0)

    async def serve(engine: WatchedEngine) -> None:
        engine.serves = True
        await Sampler(engine).take(0.0)

    handle.call(serve).result(timeout=LIMIT)
    handle.pause("anna@shop")
    with open_ledger(ledger_url) as ledger:
        pause = threading.Event()
        for _ in range(int(LIMIT / 0.02)):
            taken = ledger.samples.picture_at("products", 1e11)
            if taken is not None and taken.picture["paused_since"] is not None:
                break
            pause.wait(0.02)
        assert taken is not None
        assert taken.picture["paused_by"] == "anna@shop"


def test_what_a_short_run_did_is_told_when_the_engine_is_closed(
    pipeline: Pipeline,
    handle: EngineHandle,
    embedder: HeldEmbedder,
    ledger_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pulse, "TICK", 3600.0)
    embedder.go.set()
    with engine_in_thread([pipeline], ledger_url, "once") as once:
        report_of(once.run(RunOptions()))
    with open_ledger(ledger_url) as ledger:
        (step,) = ledger.samples.throughput("products", seconds=600, step=600)
        assert (step.done, step.failed) == (20, 0)


def test_a_collection_that_does_not_answer_holds_up_no_sample(
    handle: EngineHandle, collection: MemoryCollection, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "_PATIENCE", 0.05)
    asked = 0

    async def silence() -> None:
        nonlocal asked
        asked += 1
        await anyio.sleep_forever()

    monkeypatch.setattr(collection, "describe", silence)

    async def sample(engine: WatchedEngine) -> None:
        engine.serves = True
        await Sampler(engine).take(0.0)
        assert asked == 0, "nothing was written to the embedded one, so it is not opened"
        engine._tally.add("products", Progress(embedded=1))
        await Sampler(engine).take(0.0)

    handle.call(sample).result(timeout=LIMIT)
    assert asked == 1
    with open_ledger(ledger_url) as ledger:
        taken = ledger.samples.picture_at("products", 1e11)
        assert taken is not None
        assert taken.picture["collection"] is None


def test_who_did_nothing_takes_no_sample_and_asks_no_collection(
    pipeline: Pipeline, handle: EngineHandle, ledger_url: str
) -> None:
    async def sample(engine: WatchedEngine) -> None:
        await Sampler(engine).take(0.0)
        assert engine._watch.collections == {}

    with engine_in_thread([pipeline], ledger_url, "watch") as watch:
        watch.call(sample).result(timeout=LIMIT)
    with open_ledger(ledger_url) as ledger:
        assert ledger.samples.picture_ages(["products"]) == {}


def test_a_status_is_read_as_it_was_told_and_by_other_versions_too() -> None:
    health = GateHealth("embedder ml", GateState.COOLING, 90.0, 130.0, "429")
    view = PipelineView(
        "products",
        "c",
        EngineState.RUNNING,
        workers=8,
        progress=Progress(waiting=5, embedded=2),
        counts=None,
        rate=2.5,
        eta=3.0,
        dependencies=(health,),
    )
    snapshot = Snapshot(100.0, EngineState.RUNNING, 7, (view, view), pause=Pause(5.0, "anna"))

    status = status_of(snapshot, serves=True)

    assert read_status(status.as_json()) == status
    assert (status.rate, status.workers, status.run, status.paused_by) == (5.0, 16, 7, "anna")
    (dependency,) = status.pipelines[0].dependencies
    assert dependency.until is not None
    assert dependency.until - dependency.since == pytest.approx(40.0)
    assert dependency.since > 1e9
    newer = {**status.as_json(), "mood": "fine"}
    assert read_status(newer) == status
    assert read_status({"state": "idle"}) == ProcessStatus("idle")
    assert read_status(None) is None
