"""Pictures: what goes into the ledger comes out of it, and what was never put in is unknown."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from embedconsole.items import CollectionState, VectorSpec
from embedconsole.ledger.records.items import Counts
from embedconsole.ledger.records.processes import Process
from embedconsole.ledger.records.work import BatchInFlight
from embedconsole.ledger.state import State
from embedconsole.sync.observe.snapshot import CollectionSeen, EngineState, PipelineView, Snapshot
from embedconsole.sync.observe.snapshot_json import BATCHES_IN_PICTURE, picture_of, read_picture
from embedconsole.sync.resilience.gate import GateHealth, GateState
from embedconsole.sync.shared.control import Pause
from embedconsole.sync.shared.report import Outcome, PipelineReport, Progress

if TYPE_CHECKING:
    import pytest

STATE = CollectionState(
    "green", 20, 18, 2, {"": VectorSpec(512, "cosine")}, {"title": "text"}, queue=3, warnings=("slow",)
)
VIEW = PipelineView(
    name="products",
    collection="shop",
    state=EngineState.RUNNING,
    workers=8,
    progress=Progress(waiting=5, scanned=20, embedded=2),
    counts=Counts(synced=9, pending=5, retrying=1, failed=2, oldest_age=4.0),
    rate=2.5,
    eta=3.0,
    dependencies=(GateHealth("embedder ml", GateState.OPEN, 90.0, 130.0, "connection refused"),),
    last_report=PipelineReport(embedded=7, outcome=Outcome.ABORTED, message="embedder ml: 401"),
    seen=CollectionSeen(95.0, STATE, ("size is 512, expected 768",), blocking=True, fault="timeout"),
    run=3,
    next_run=160.0,
)
BATCH = BatchInFlight(7, "products", "web2:1:ab", 1, State.EMBED, "embed", 100, 1, 2.0, 1.0, expired=False)
WORKER = Process(
    *("web2:1:ab", "web2", "place", 1, "1.0"),
    role="daemon",
    status={"state": "running", "pipelines": [{"name": "products", "found": 5}, {"name": "pictures"}]},
)
SNAPSHOT = Snapshot(
    taken_at=100.0,
    state=EngineState.RUNNING,
    run=3,
    pipelines=(VIEW,),
    in_flight=(BATCH, replace(BATCH, pipeline="pictures")),
    counted_at=99.0,
    next_run=160.0,
    workers=(WORKER,),
    pause=Pause(1.7e9, "anna@shop"),
)


def kept(snapshot: Snapshot) -> dict[str, object]:
    """The picture of its pipeline, as the ledger gives it back."""
    told = json.loads(json.dumps(picture_of(snapshot.pipelines[0], snapshot)))
    assert isinstance(told, dict)
    return told


def test_a_picture_is_read_as_it_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_700_000_100.0)

    read = read_picture(kept(SNAPSHOT), "products", "shop", 1_700_000_100.0)

    epoch = 1_700_000_000.0
    assert VIEW.seen is not None
    assert read.view == replace(
        VIEW,
        dependencies=(
            GateHealth("embedder ml", GateState.OPEN, epoch + 90, epoch + 130, "connection refused"),
        ),
        last_report=PipelineReport(outcome=Outcome.ABORTED, message="embedder ml: 401"),
        seen=replace(VIEW.seen, at=epoch + 95),
        next_run=epoch + 160,
    )
    assert (read.in_flight, read.batches) == ((BATCH,), 1)
    assert (read.run, read.counted_at, read.next_run) == (3, epoch + 99, epoch + 160)
    assert read.pause == SNAPSHOT.pause
    (process,) = read.processes
    told = {"state": "running", "pipelines": [{"name": "products", "found": 5}]}
    assert process == replace(WORKER, status=told), "what it says of other pipelines is in their pictures"


def test_a_picture_of_many_batches_says_how_many_there_were() -> None:
    many = replace(SNAPSHOT, in_flight=tuple(replace(BATCH, token=token) for token in range(140)))
    read = read_picture(kept(many), "products", "shop", 1.7e9)
    assert (len(read.in_flight), read.batches) == (BATCHES_IN_PICTURE, 140)


def test_what_another_version_did_not_tell_is_unknown() -> None:
    read = read_picture({"state": "dreaming", "counts": None, "mood": "fine"}, "products", "shop", 1.7e9)
    assert read.view == PipelineView("products", "shop", EngineState.IDLE, 0, None, None, None, None)
    assert (read.run, read.batches, read.in_flight, read.next_run) == (None, None, (), None)
    assert (read.pause, read.processes, read.counted_at) == (None, (), None)

    newer = kept(SNAPSHOT)
    for part in ("counts", "progress"):
        told = newer[part]
        assert isinstance(told, dict)
        told["mood"] = "fine"
    assert read_picture(newer, "products", "shop", 1.7e9).view.counts == VIEW.counts
