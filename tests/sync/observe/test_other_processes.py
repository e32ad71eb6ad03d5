"""What other processes tell of themselves, shown as if it were done here."""

from __future__ import annotations

from dataclasses import replace

from embedconsole.ledger.records.items import Counts
from embedconsole.ledger.records.processes import Process
from embedconsole.sync.observe.other_processes import SILENT, serving, with_others
from embedconsole.sync.observe.process_status import DependencyStatus, PipelineStatus, ProcessStatus
from embedconsole.sync.observe.snapshot import EngineState, PipelineView, Snapshot
from embedconsole.sync.resilience.gate import GateState
from embedconsole.sync.shared.control import Pause

ME = "here:1:aa"
EPOCH = 1_000_000.0
NOW = 500.0

VIEW = PipelineView(
    name="products",
    collection="collection products",
    state=EngineState.IDLE,
    workers=8,
    progress=None,
    counts=Counts(synced=60, pending=40),
    rate=None,
    eta=None,
)
IDLE = Snapshot(taken_at=NOW, state=EngineState.IDLE, run=None, pipelines=(VIEW,), worker=ME)


def other(
    name: str, status: ProcessStatus | None, *, silent_for: float = 1.0, role: str = "daemon"
) -> Process:
    """A process on another host."""
    told = None if status is None else status.as_json()
    return Process(
        name, name.split(":")[0], "there", 1, "0.1.0", silent_for=silent_for, role=role, status=told
    )


def working(state: str, *, rate: float | None = None, done: int = 0, **changes: object) -> ProcessStatus:
    """A process in a run of `products`."""
    part = PipelineStatus(name="products", state=state, found=100, done=done, rate=rate)
    status = ProcessStatus(state=state, serves=True, rate=rate, workers=4, run=7, pipelines=(part,))
    return replace(status, **changes)  # type: ignore[arg-type]


def seen(*workers: Process) -> Snapshot:
    """What is shown of them."""
    return with_others(replace(IDLE, workers=workers), EPOCH)


def test_rates_add_up_and_what_is_left_is_the_ledgers_word() -> None:
    whole = seen(
        other("web1:1:a", working("running", rate=6.0, done=30)),
        other("web2:1:b", working("running", rate=2.0, done=10)),
    )

    view = whole.pipelines[0]
    assert (whole.state, whole.run, view.state) == (EngineState.RUNNING, 7, EngineState.RUNNING)
    assert view.rate == 8.0
    assert view.eta == 40 / 8.0
    assert view.progress is not None
    assert view.progress.found - view.progress.done == 40


def test_while_one_plans_the_time_to_go_is_not_known() -> None:
    whole = seen(
        other("web1:1:a", working("planning", rate=6.0)), other("web2:1:b", working("running", rate=2.0))
    )

    assert whole.pipelines[0].state is EngineState.PLANNING
    assert whole.pipelines[0].eta is None


def test_a_dependency_that_holds_one_of_them_up_is_shown() -> None:
    def part(state: GateState) -> PipelineStatus:
        told = DependencyStatus("embedder ml", str(state), since=EPOCH + 400, until=EPOCH + 530, fault="429")
        return PipelineStatus(name="products", state="running", dependencies=(told,))

    whole = seen(
        other("web1:1:a", working("running", pipelines=(part(GateState.COOLING),))),
        other("web2:1:b", working("running", pipelines=(part(GateState.CLOSED),))),
    )

    (health,) = whole.pipelines[0].dependencies
    assert (health.state, health.since, health.until) == (GateState.COOLING, 400, 530)


def test_pause_and_schedule_are_those_of_who_serves() -> None:
    resting = ProcessStatus(
        state="paused", serves=True, next_run=EPOCH + 900, paused_since=EPOCH + 100, paused_by="anna@web1"
    )

    whole = seen(other("web1:1:a", resting))

    assert whole.state is EngineState.PAUSED
    assert whole.pause == Pause(EPOCH + 100, "anna@web1")
    assert whole.next_run == 900


def test_the_silent_and_oneself_are_not_believed() -> None:
    status = working("running", rate=6.0)

    assert seen(other("web1:1:a", status, silent_for=SILENT + 1), other(ME, status)).pipelines == (VIEW,)
    assert serving([other("web1:1:a", status, silent_for=SILENT + 1), other(ME, status)], ME) == []
    assert [one.id for one in serving([other("web1:1:a", status)], ME)] == ["web1:1:a"]


def test_what_is_done_here_is_shown_as_it_is() -> None:
    own = replace(IDLE, run=3, state=EngineState.RUNNING, workers=(other("web1:1:a", working("running")),))

    assert with_others(own, EPOCH) is own


def test_words_of_another_version_do_no_harm() -> None:
    odd = Process(
        "web1:1:a", "web1", "there", 1, "9.9", role="daemon", status={"state": "dancing", "new": [1]}
    )

    assert with_others(replace(IDLE, workers=(odd,)), EPOCH).state is EngineState.IDLE
