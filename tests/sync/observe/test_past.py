"""Looking back: what the ledger keeps of a moment is what an engine would have told then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.history import Throughput
from embedconsole.sync.observe import past as replaying
from embedconsole.sync.observe.past import Seek, replayed
from embedconsole.sync.observe.snapshot import EngineState
from embedconsole.sync.shared.report import Progress
from support import recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.observe.past import Replayed
    from embedconsole.sync.observe.snapshot import PipelineView

NIGHT = 1_767_233_670.123
"""The first of January 2026, 02:14:30."""

COLLECTIONS = {"products": "shop", "pictures": "gallery"}

RUNNING = {
    "state": "running",
    "counts": {"synced": 900, "pending": 100},
    "rate": 12.5,
    "progress": {"waiting": 150, "embedded": 50},
    "workers": 4,
    "run": 1,
}


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """Empty."""
    with open_ledger(ledger_url) as ledger:
        yield ledger


def seen(ledger: Ledger, at: float, pipeline: str = "products") -> Replayed:
    """What the ledger has of a moment."""
    found = replayed(ledger, COLLECTIONS, pipeline, Seek(at))
    assert found is not None
    return found


def view_of(found: Replayed, name: str) -> PipelineView:
    return next(view for view in found.snapshot.pipelines if view.name == name)


def test_a_moment_is_whole(ledger: Ledger) -> None:
    recorded.picture(ledger, NIGHT, RUNNING, done=25)
    recorded.picture(ledger, NIGHT - 120, {"state": "idle", "counts": {"synced": 7}}, pipeline="pictures")
    recorded.event(ledger, NIGHT, "at that moment")
    recorded.event(ledger, NIGHT + 0.002, "later")
    recorded.run(ledger, NIGHT - 900, NIGHT - 800, embedded=3)
    recorded.run(ledger, NIGHT - 60, NIGHT + 60, embedded=150)
    recorded.run(ledger, NIGHT + 100, NIGHT + 200)

    found = seen(ledger, NIGHT + 5)

    assert (found.at, found.snapshot.taken_at) == (NIGHT, NIGHT)
    assert (found.snapshot.state, found.snapshot.run) == (EngineState.RUNNING, 1)
    products = view_of(found, "products")
    assert products.progress == Progress(waiting=150, embedded=50)
    assert (products.collection, products.rate, products.workers) == ("shop", 12.5, 4)
    pictures = view_of(found, "pictures").counts
    assert pictures is not None
    assert pictures.synced == 7
    assert [event.message for event in found.snapshot.events] == ["at that moment"]
    going_on, ended = found.snapshot.runs
    assert (going_on.ended_at, going_on.outcome, going_on.report) == (None, None, None)
    assert ended.outcome == "ok"
    assert [(step.done, NIGHT - step.at < 60) for step in found.trend] == [(25, True)]
    assert found.known


def test_steps_go_from_picture_to_picture(ledger: Ledger) -> None:
    for seconds in (0, 15, 30, 1000):
        recorded.picture(ledger, NIGHT + seconds, RUNNING)
        recorded.picture(ledger, NIGHT + seconds + 5, None)

    def at(seek: Seek) -> float | None:
        found = replayed(ledger, COLLECTIONS, "products", seek)
        return None if found is None else round(found.at - NIGHT, 3)

    assert at(Seek(NIGHT + 30)) == 30
    assert at(Seek(NIGHT + 29.999)) == 15
    assert at(Seek(NIGHT + 15, beyond=NIGHT + 15)) == 30, "the next one"
    assert at(Seek(NIGHT + 630, beyond=NIGHT + 30)) == 1000, "nothing within the ten minutes, so the next one"
    assert at(Seek(NIGHT - 3600)) == 0, "before the first it is the first"
    assert at(Seek(NIGHT + 1000, beyond=NIGHT + 1000)) is None
    assert replayed(ledger, COLLECTIONS, "pictures", Seek(NIGHT)) is None


def test_what_was_not_recorded_is_unknown(ledger: Ledger) -> None:
    recorded.picture(ledger, NIGHT, {"state": "running"})
    recorded.picture(ledger, NIGHT - 3600, RUNNING, pipeline="pictures")

    found = seen(ledger, NIGHT)

    for name in COLLECTIONS:
        view = view_of(found, name)
        assert (view.counts, view.progress, view.rate, view.eta, view.seen) == (None,) * 5
    assert view_of(found, "pictures").state is EngineState.IDLE
    assert (found.known, dict(found.batches)) == (False, {"products": 0})
    assert (found.snapshot.events, found.snapshot.runs) == ((), ())


def test_the_work_of_others_is_seen_in_the_picture_of_one_at_rest(ledger: Ledger) -> None:
    def process(name: str, pipelines: list[dict[str, object]], **status: object) -> dict[str, object]:
        host, pid, _ = name.split(":")
        told = {**status, "pipelines": pipelines}
        return {"id": name, "host": host, "place": "p", "pid": int(pid), "version": "1", "status": told}

    # What the one who took it had last said of itself is older than what it saw then.
    stale = [
        process("web1:1:aa", [{"name": "products", "state": "running", "done": 9}], state="running", run=8)
    ]
    others = [
        process("web2:2:bb", [{"name": name, "state": "running", "rate": rate}], state="running", run=9)
        for name, rate in (("products", 5.0), ("pictures", 2.0))
    ]
    resting = {"state": "idle", "counts": {"pending": 40}, "run": None}
    recorded.picture(ledger, NIGHT, {**resting, "processes": [*stale, others[0]]})
    recorded.picture(ledger, NIGHT, {**resting, "processes": [*stale, others[1]]}, pipeline="pictures")

    found = seen(ledger, NIGHT)

    assert (found.snapshot.state, found.snapshot.run) == (EngineState.RUNNING, 9)
    assert (view_of(found, "products").rate, view_of(found, "pictures").rate) == (5.0, 2.0)
    assert [worker.id for worker in found.snapshot.workers] == ["web1:1:aa", "web2:2:bb"]
    assert found.snapshot.worker == "", "nobody is here"


def test_a_pause_is_that_of_then(ledger: Ledger) -> None:
    paused = {"state": "idle", "counts": {"pending": 3}, "paused_since": NIGHT - 60, "paused_by": "anna@shop"}
    recorded.picture(ledger, NIGHT, paused)

    snapshot = seen(ledger, NIGHT).snapshot

    assert snapshot.state is EngineState.PAUSED
    assert snapshot.pause is not None
    assert (snapshot.pause.by, snapshot.pause.since) == ("anna@shop", NIGHT - 60)


def test_of_many_events_the_latest_are_shown(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "EVENTS", 2)
    recorded.picture(ledger, NIGHT, RUNNING)
    for number in range(4):
        recorded.event(ledger, NIGHT - 10 + number, str(number))

    assert [event.message for event in seen(ledger, NIGHT).snapshot.events] == ["2", "3"]


def test_the_trend_ends_with_the_moment(ledger: Ledger) -> None:
    began = NIGHT // 30 * 30
    for seconds, done in ((-700, 1), (-60, 20), (-45, 22), (0, 5)):
        recorded.picture(ledger, began + seconds, RUNNING, done=done)
    recorded.picture(ledger, began + 15, None, done=99)

    assert seen(ledger, began + 1).trend == (Throughput(began - 60, 42, 0), Throughput(began, 5, 0))
