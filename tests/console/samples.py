"""Made-up engines to look at: fixed values, no clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from embedconsole.items import CollectionState, VectorSpec
from embedconsole.ledger.records.history import Event, RunRecord, Throughput
from embedconsole.ledger.records.items import Counts
from embedconsole.ledger.records.processes import Process
from embedconsole.ledger.records.work import BatchInFlight
from embedconsole.ledger.state import State
from embedconsole.sync.observe.snapshot import CollectionSeen, EngineState, PipelineView, Snapshot
from embedconsole.sync.resilience.gate import GateHealth, GateState
from embedconsole.sync.shared.control import Pause
from embedconsole.sync.shared.report import Outcome, PipelineReport, Progress

NOW = 10_005.0
"""The engine's monotonic clock."""
OFFSET = 1_767_260_000.0 - NOW
"""From it to the time since 1970: the first of January 2026, 09:33:20."""
ZONE = UTC
WALL = NOW + OFFSET
ME = "web1:4242:aa11bb"
OTHER = "web2:77:cc22dd"

GREEN = CollectionState(
    status="green",
    points=987_655,
    indexed_vectors=980_000,
    segments=8,
    vectors={"": VectorSpec(512, "cosine")},
    indexes={"title": "text", "category": "keyword", "price": "float", "in_stock": "bool"},
    queue=0,
    disk_bytes=1_900_000_000,
)


def batch(token: int, stage: str, items: int = 100, *, worker: str = ME, age: float = 0.7) -> BatchInFlight:
    """A batch of the pipeline `products`."""
    return BatchInFlight(
        token=token,
        pipeline="products",
        worker=worker,
        slot=token % 8 + 1,
        work=State.EMBED,
        stage=stage,
        items=items,
        attempt=2 if token % 5 == 0 else 1,
        age=age,
        stage_age=age / 2,
        expired=False,
    )


def event(number: int, kind: str, message: str, *, key: str | None = None, level: str = "warning") -> Event:
    """An event some seconds after the one before."""
    return Event(number, WALL - 600 + 7 * number, "products", level, kind, key, message)


def run(number: int, **figures: int) -> RunRecord:
    """A run that ended half an hour ago."""
    report: dict[str, object] = {"pipelines": {"products": {"scanned": 1, **figures}}}
    return RunRecord(number, "sync", ME, WALL - 1900, WALL - 1800, "ok", report)


def worker(name: str, role: str, *, silent_for: float = 1.0, **status: object) -> Process:
    """A process on the ledger."""
    host, pid, _ = name.split(":")
    return Process(name, host, "here", int(pid), "0.1.0", silent_for=silent_for, role=role, status=status)


WORKERS = (
    worker(OTHER, "daemon", state="running", rate=97.5),
    worker("web3:9:dd33ee", "daemon", silent_for=400.0, state="running", rate=12.0),
    worker(ME, "console", state="running", rate=231.4),
)


def pipeline_view(**changes: object) -> PipelineView:
    """The pipeline `products`, at rest and in sync."""
    view = PipelineView(
        name="products",
        collection="collection products at http://qdrant:6333",
        state=EngineState.IDLE,
        workers=8,
        progress=None,
        counts=Counts(synced=987_655),
        rate=None,
        eta=None,
        last_report=PipelineReport(scanned=987_655, embedded=3, seconds=9.0),
        seen=CollectionSeen(NOW - 2, GREEN),
        next_run=NOW + 1800,
    )
    return replace(view, **changes)  # type: ignore[arg-type]


def snapshot(view: PipelineView | None = None, **changes: object) -> Snapshot:
    """The engine of that pipeline."""
    whole = Snapshot(
        taken_at=NOW,
        state=EngineState.IDLE,
        run=None,
        pipelines=(view or pipeline_view(),),
        counted_at=NOW - 0.5,
        next_run=NOW + 1800,
        runs=(run(6, embedded=2, deleted=1), run(5), replace(run(4, embedded=1_204), outcome="partial")),
        workers=WORKERS[-1:],
        worker=ME,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def in_sync() -> Snapshot:
    """Nothing to do."""
    return snapshot()


def nothing_yet() -> Snapshot:
    """A first start: no collection, no counts."""
    return snapshot(
        pipeline_view(counts=None, last_report=None, seen=CollectionSeen(NOW, None), next_run=None),
        next_run=None,
        runs=(),
    )


EVENTS = (
    event(1, "transient", "connection reset by peer, try 1 of 3"),
    event(2, "item", "the vector has 511 dimensions, 512 were expected", key="7", level="error"),
    event(3, "item", "the image can't be read: truncated JPEG", key="35", level="error"),
    event(4, "throttled", "429, again in 30 s"),
    *(event(5 + number, "transient", "timed out after 60 s", key=str(900 + number)) for number in range(12)),
)


PACE = (*(0 if slot <= 12 else 1_800 + slot * 37 % 11 * 90 for slot in range(60)), 950)
"""Items done in each ten seconds of the last ten minutes, the last of them not over yet."""

DONE = sum(PACE)

DAY = tuple(
    Throughput(WALL // 900 * 900 - 900 * back, 90_000 + back * 37 % 11 * 9_000, 3 if back % 17 == 0 else 0)
    for back in range(90, -1, -1)
    if back % 8 > 2
)
"""What was done in the quarters of an hour of the last day."""


def busy() -> Snapshot:
    """In the middle of a big run, with another host helping."""
    view = pipeline_view(
        state=EngineState.RUNNING,
        progress=Progress(waiting=340, scanned=1_120_000, unchanged=999_660, planned=120_000, embedded=DONE),
        counts=Counts(synced=975_312, pending=12_352, retrying=12, in_flight=1_240, failed=3, oldest_age=250),
        rate=231.4,
        eta=53.0,
        dependencies=(GateHealth("embedder ml", GateState.CLOSED, NOW - 900, None, None),),
        run=7,
        next_run=None,
    )
    batches = (
        *(batch(1042 + at, stage, age=1.3 - at / 10) for at, stage in enumerate(("embed", "write", "embed"))),
        *(batch(1045 + at, "read", 40, worker=OTHER, age=0.2) for at in range(4)),
        *(batch(1049 + at, "embed", age=0.1) for at in range(5)),
    )
    runs = (RunRecord(7, "force", ME, WALL - 590, None, None, None), *snapshot().runs)
    return snapshot(
        view,
        state=EngineState.RUNNING,
        run=7,
        next_run=None,
        in_flight=batches,
        events=EVENTS,
        runs=runs,
        workers=WORKERS,
    )


def throttled() -> Snapshot:
    """Waiting for a service that asked for a pause."""
    whole = busy()
    gate = GateHealth("embedder ml", GateState.COOLING, NOW - 2, NOW + 28, "embedder ml: 429")
    return replace(whole, pipelines=(replace(whole.pipelines[0], dependencies=(gate,), rate=None, eta=None),))


def failing() -> Snapshot:
    """A refused key: the run has stopped, nothing is lost."""
    report = PipelineReport(
        pending=4_001,
        failed=3,
        outcome=Outcome.ABORTED,
        message="embedding service ml: it refused the key (401). Set ML_TOKEN",
    )
    counts = Counts(synced=983_654, pending=4_001, failed=3, oldest_age=4_000)
    events = (
        *EVENTS,
        event(20, "refused", "stopped: embedding service ml: it refused the key (401)", level="error"),
    )
    return snapshot(pipeline_view(counts=counts, last_report=report), events=events)


def paused() -> Snapshot:
    """Held by the operator in the middle of a run."""
    whole = busy()
    view = replace(whole.pipelines[0], state=EngineState.PAUSED, rate=None, eta=None)
    return replace(whole, state=EngineState.PAUSED, pipelines=(view,), in_flight=(), pause=Pause(WALL, ""))


def disconnected() -> Snapshot:
    """The ledger has gone, and the collection with it."""
    seen = CollectionSeen(NOW - 20, GREEN, fault="Qdrant at http://qdrant:6333: connection refused")
    view = pipeline_view(seen=seen, counts=Counts(synced=975_000, pending=12_655, oldest_age=99))
    cause = "ledger: the server closed the connection"
    return snapshot(
        view, counted_at=NOW - 15, ledger=GateHealth("ledger", GateState.OPEN, NOW - 14, NOW + 3, cause)
    )


EVIL = "\x1b[31m\x1b]52;c;aGk=\x07[@click=app.quit]x[/] [bold]\u202eevil\x9b2J [/var/log]"


def hostile() -> Snapshot:
    """Every text from outside tries to be more than text."""
    whole = busy()
    seen = CollectionSeen(
        NOW,
        replace(
            GREEN, status=EVIL, indexes={EVIL: EVIL}, warnings=(EVIL,), vectors={EVIL: VectorSpec(3, "dot")}
        ),
        differences=(EVIL,),
        blocking=True,
        fault=EVIL,
    )
    gate = GateHealth(EVIL, GateState.OPEN, NOW, NOW + 9, EVIL)
    view = replace(whole.pipelines[0], seen=seen, dependencies=(gate,), counts=Counts(failed=3, pending=5))
    return replace(
        whole,
        pipelines=(view,),
        in_flight=(batch(1, EVIL, worker=f"{EVIL}:1:x"), batch(2, "embed")),
        runs=(
            RunRecord(7, EVIL, EVIL, WALL - 590, WALL, EVIL, {"pipelines": {"products": {"embedded": 1}}}),
        ),
        workers=(Process(EVIL, EVIL, EVIL, 1, EVIL, role=EVIL, status={"state": EVIL, "rate": EVIL}),),
        events=(event(1, EVIL, EVIL, key=EVIL), event(2, "item", EVIL + "\n日本語の商品名" * 9, key="1")),
    )
