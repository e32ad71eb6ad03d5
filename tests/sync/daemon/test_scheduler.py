"""The schedule with somebody at the controls, here or elsewhere, on an engine that is only played."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import anyio
import anyio.to_thread
import pytest
from sqlalchemy import update

from embedconsole import retry
from embedconsole.faults import ConfigError, FaultClass
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.processes import Process
from embedconsole.ledger.schema import orders
from embedconsole.retry import Pauses
from embedconsole.sync.daemon import order_listener as obeying
from embedconsole.sync.daemon import scheduler
from embedconsole.sync.daemon.orders import SWITCHED, OrderedRun
from embedconsole.sync.daemon.scheduler import Schedulers
from embedconsole.sync.shared.control import Control, Halt, RunControl
from embedconsole.sync.shared.report import Outcome, PipelineReport, RunReport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.processes import Order
    from embedconsole.sync.run.engine import Engine
    from embedconsole.sync.shared.options import RunOptions

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class PlayedPipeline:
    name: str


@dataclass(frozen=True)
class PlayedAssembly:
    pipeline: PlayedPipeline
    intake: None = None


@dataclass
class PlayedEngine:
    """Runs for as long as it is told to.

    Attributes:
        ran: The options of each run that began, as it comes.
        held: The pipelines whose runs last until `go_on`.
        faults: Pipeline to the class of the fault that ends its runs.
    """

    ledger: Ledger
    me: Process
    names: tuple[str, ...] = ("products",)
    control: Control = field(default_factory=Control)
    next_runs: dict[str, float] = field(default_factory=dict)
    serves: bool = False
    halted: dict[str, Halt] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    ran: list[RunOptions] = field(default_factory=list)
    running: frozenset[str] = frozenset()
    error: ConfigError | None = None
    outcome: Outcome = Outcome.OK
    faults: dict[str, FaultClass] = field(default_factory=dict)
    held: frozenset[str] = frozenset({"products"})
    go_on: anyio.Event = field(default_factory=anyio.Event)
    changed: anyio.Condition = field(default_factory=anyio.Condition)

    @property
    def all_components(self) -> tuple[PlayedAssembly, ...]:
        return tuple(PlayedAssembly(PlayedPipeline(name)) for name in self.names)

    @property
    def busy(self) -> bool:
        return bool(self.running)

    @property
    def next_run(self) -> float | None:
        return self.next_runs.get("products")

    def runs_of(self, pipeline: str) -> int:
        return sum(options.pipelines == frozenset({pipeline}) for options in self.ran)

    async def run(self, options: RunOptions, *, kind: str = "sync") -> RunReport:
        assert options.pipelines is not None
        (name,) = options.pipelines
        with self.control.running([name]) as control:
            self.running |= {name}
            async with self.changed:
                self.kinds.append(kind)
                self.ran.append(options)
                self.changed.notify_all()
            try:
                if self.error is not None:
                    raise self.error
                if name in self.held:
                    await self._held(control)
            finally:
                self.running -= {name}
            fault = self.faults.get(name)
            outcome = Outcome.ABORTED if fault else self.outcome
            outcome = Outcome.INTERRUPTED if control.cancelled else outcome
            message = "a word" if outcome is not Outcome.OK else None
            report = PipelineReport(outcome=outcome, message=message, fault=fault)
            return RunReport(len(self.kinds), {name: report})

    async def _held(self, control: RunControl) -> None:
        async with anyio.create_task_group() as group:
            for event in (self.go_on, control.ending):
                group.start_soon(self._wait, event, group.cancel_scope)

    async def _wait(self, event: anyio.Event, scope: anyio.CancelScope) -> None:
        await event.wait()
        scope.cancel()

    async def bury_the_dead(self) -> None:
        """Nobody is dead."""

    async def began(self, *kinds: str) -> None:
        """Wait until these runs have begun."""
        with anyio.fail_after(30):
            async with self.changed:
                while tuple(self.kinds) != kinds:
                    await self.changed.wait()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders are looked for a hundred times as often."""
    monkeypatch.setattr(obeying, "LOOK_BUSY", 0.01)
    monkeypatch.setattr(obeying, "LOOK_IDLE", 0.01)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        yield ledger


@pytest.fixture
async def engine(ledger: Ledger) -> PlayedEngine:
    """An engine."""
    return PlayedEngine(ledger, Process("host:1:aaaaaa", "host", "place", 1, "0.1"))


@pytest.fixture
async def attendance(engine: PlayedEngine) -> AsyncIterator[Schedulers]:
    """At work until the test ends."""
    attendance = Schedulers(cast("Engine", engine), 3600.0)
    async with anyio.create_task_group() as group:
        group.start_soon(attendance.attend)
        yield attendance
        engine.go_on.set()
        engine.control.drain()


def calm_until(attendance: Schedulers) -> float:
    """Until when what is due in the only pipeline is left alone."""
    (only,) = attendance._schedulers
    return only._calm_until


async def order(ledger: Ledger, verb: str, **arguments: object) -> int:
    return await anyio.to_thread.run_sync(ledger.orders.give, verb, arguments, "anna@shop")


async def becomes(ledger: Ledger, number: int, expected: Callable[[Order], bool]) -> Order:
    """The order, once it is as expected."""
    with anyio.fail_after(30):
        while True:
            found = await anyio.to_thread.run_sync(ledger.orders.get, number)
            assert found is not None
            if expected(found):
                return found
            await anyio.sleep(0.01)


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(30):
        while not condition():  # noqa: ASYNC110 - nothing tells of every change
            await anyio.sleep(0.01)


async def order_until(ledger: Ledger, condition: Callable[[], bool], verb: str, **arguments: object) -> None:
    """Give an order until it is heard: one given before somebody was there is not meant for them."""
    with anyio.fail_after(30):
        while not condition():
            await order(ledger, verb, **arguments)
            with anyio.move_on_after(0.2):
                await until(condition)


async def there(ledger: Ledger) -> None:
    """Wait until somebody hears what is ordered, and what was ordered before."""
    with anyio.fail_after(30):
        while True:
            number = await order(ledger, "resume")
            with anyio.move_on_after(0.2):
                await becomes(ledger, number, lambda found: found.taken_by is not None)
                return


async def test_a_run_asked_for_follows_the_one_that_is_going_on(
    engine: PlayedEngine, attendance: Schedulers
) -> None:
    await engine.began("sync")
    attendance.ask(OrderedRun(force=True))
    attendance.ask(OrderedRun())
    await anyio.wait_all_tasks_blocked()
    assert engine.kinds == ["sync"]

    engine.go_on.set()
    await engine.began("sync", "force", "sync")
    assert engine.serves


async def test_after_a_run_of_some_items_the_schedule_goes_on_as_before(
    engine: PlayedEngine, attendance: Schedulers
) -> None:
    engine.go_on.set()
    await until(lambda: engine.next_run is not None)
    scheduled = engine.next_run

    attendance.ask(OrderedRun(force=True, pipelines=("products",), only=("35",)))
    await engine.began("sync", "force")
    await until(lambda: engine.next_run is not None)
    assert engine.next_run == scheduled
    attendance.ask(OrderedRun())
    await engine.began("sync", "force", "sync")
    await until(lambda: engine.next_run not in (None, scheduled))


async def test_a_configuration_that_cant_run_waits_for_the_operator(engine: PlayedEngine) -> None:
    engine.error = ConfigError("no column 'nope'")
    told: list[RunReport] = []
    attendance = Schedulers(cast("Engine", engine), 3600.0, told.append)
    async with anyio.create_task_group() as group:
        group.start_soon(attendance.attend)
        await until(lambda: engine.halted == {"products": Halt("no column 'nope'", None)})
        await anyio.wait_all_tasks_blocked()
        assert engine.kinds == ["sync"]
        assert engine.next_run is None
        assert [(one.outcome, one.messages) for one in told] == [
            (Outcome.ABORTED, {"products": "no column 'nope'"})
        ]

        engine.error = None
        engine.go_on.set()
        attendance.ask(OrderedRun())
        await engine.began("sync", "sync")
        await until(lambda: not engine.halted)
        engine.control.drain()


async def test_an_order_is_a_run_with_what_it_says(
    engine: PlayedEngine, attendance: Schedulers, ledger: Ledger
) -> None:
    engine.go_on.set()
    await until(lambda: engine.next_run is not None)
    wish = OrderedRun(force=True, pipelines=("products",), only=("category=shoes", "35"))
    number = await order(ledger, "sync", **wish.as_arguments())

    await engine.began("sync", "force")
    options = engine.ran[-1]
    assert options.pipelines == frozenset({"products"})
    assert options.only is not None
    assert (options.only.keys, options.only.values) == (
        frozenset({"35"}),
        (("category", "shoes"),),
    )
    assert options.patient
    taken = await becomes(ledger, number, lambda found: found.taken_by is not None)
    assert (taken.taken_by, taken.answer) == (engine.me.id, None)
    told = await anyio.to_thread.run_sync(ledger.history.events)
    assert told[-1].message.startswith("anna@shop ordered: sync force=True")


async def test_an_order_for_other_pipelines_is_left_to_others(
    engine: PlayedEngine, attendance: Schedulers, ledger: Ledger
) -> None:
    engine.go_on.set()
    await until(lambda: engine.next_run is not None)
    theirs = await order(ledger, "sync", pipelines=["products", "pictures"])
    ours = await order(ledger, "sync")

    await becomes(ledger, ours, lambda found: found.taken_by is not None)
    assert (await becomes(ledger, theirs, lambda found: True)).taken_by is None


async def test_what_came_of_an_order_is_its_answer(
    engine: PlayedEngine, attendance: Schedulers, ledger: Ledger
) -> None:
    engine.go_on.set()
    await until(lambda: engine.next_run is not None)
    engine.outcome = Outcome.SKIPPED
    skipped = await order(ledger, "sync")
    assert (await becomes(ledger, skipped, lambda found: found.answer is not None)).answer == "a word"

    scheduled = engine.next_run
    engine.error = ConfigError("no column 'nope'")
    refused = await order(ledger, "sync", force=True, only=["nope=1"])
    assert (await becomes(ledger, refused, lambda found: bool(found.answer))).answer == "no column 'nope'"
    await until(lambda: engine.next_run is not None)
    assert (engine.halted, engine.next_run) == ({}, scheduled), "no reason to stop the schedule"
    for strange in ({"only": "35"}, {"pipelines": [1]}, {"force": "yes"}):
        number = await order(ledger, "sync", **strange)
        found = await becomes(ledger, number, lambda found: bool(found.answer))
        assert found.answer == "this version does not understand the order"


async def test_a_cancel_ends_the_run_and_lets_it_rest(
    engine: PlayedEngine, attendance: Schedulers, ledger: Ledger
) -> None:
    await engine.began("sync")
    await there(ledger)
    number = await order(ledger, "cancel")

    await until(lambda: engine.next_run is not None)
    assert not engine.busy
    assert (await becomes(ledger, number, lambda found: found.taken_by is not None)).taken_by == engine.me.id
    assert calm_until(attendance) > 1e9


async def test_a_cancel_between_runs_is_taken_by_nobody(
    engine: PlayedEngine, attendance: Schedulers, ledger: Ledger
) -> None:
    engine.go_on.set()
    await until(lambda: engine.next_run is not None)
    await there(ledger)
    cancel = await order(ledger, "cancel")
    await there(ledger)

    assert (await becomes(ledger, cancel, lambda found: True)).taken_by is None
    assert calm_until(attendance) == 0.0, "there is nothing to leave alone"

    assert await anyio.to_thread.run_sync(ledger.orders.take, cancel, "who ran it")
    # What another process was working on is not taken up here.
    await until(lambda: calm_until(attendance) > 1e9)


async def test_a_cancel_is_for_the_run_that_is_going_on_when_it_is_given(
    engine: PlayedEngine, ledger: Ledger
) -> None:
    await order(ledger, "cancel")
    async with anyio.create_task_group() as group:
        group.start_soon(Schedulers(cast("Engine", engine), 3600.0).attend)
        await engine.began("sync")
        await there(ledger)
        assert engine.busy
        engine.control.drain()


async def test_pause_workers_and_resume_are_for_all_who_are_there(
    engine: PlayedEngine, attendance: Schedulers, ledger: Ledger
) -> None:
    await engine.began("sync")
    other = PlayedEngine(ledger, Process("host:2:bbbbbb", "host", "place", 2, "0.1"))
    async with anyio.create_task_group() as group:
        group.start_soon(Schedulers(cast("Engine", other), 3600.0).attend)
        await until(lambda: other.busy)
        both = (engine.control, other.control)
        await order_until(ledger, lambda: all(one.paused for one in both), "pause")
        await order(ledger, "workers", count=3)
        await until(lambda: all(one.workers == 3 for one in both))
        assert [one.paused_by and one.paused_by.by for one in both] == ["anna@shop"] * 2

        late = PlayedEngine(ledger, Process("host:3:cccccc", "host", "place", 3, "0.1"))
        group.start_soon(Schedulers(cast("Engine", late), 3600.0).attend)
        await until(lambda: late.busy)
        number = await order(ledger, "resume")
        await until(lambda: not any(one.paused for one in both))
        taken = await becomes(ledger, number, lambda found: found.taken_by is not None)
        assert taken.taken_by in {one.me.id for one in (engine, other, late)}
        assert late.control.workers is None, "that was said before it came"
        other.control.drain()
        late.control.drain()


async def test_a_count_of_workers_that_is_none_is_answered(
    engine: PlayedEngine, attendance: Schedulers, ledger: Ledger
) -> None:
    await engine.began("sync")
    await order_until(ledger, lambda: engine.control.paused, "pause")
    for strange in ("3", 0, True):
        number = await order(ledger, "workers", count=strange)
        found = await becomes(ledger, number, lambda found: bool(found.answer))
        assert found.answer == "the order does not say how many workers"
    assert engine.control.workers is None


@pytest.fixture
async def pair(ledger: Ledger) -> AsyncIterator[PlayedEngine]:
    """An engine with two pipelines, of which the run of `products` lasts."""
    engine = PlayedEngine(
        ledger, Process("host:1:aaaaaa", "host", "place", 1, "0.1"), names=("products", "pictures")
    )
    async with anyio.create_task_group() as group:
        group.start_soon(Schedulers(cast("Engine", engine), 0.05).attend)
        yield engine
        engine.go_on.set()
        engine.control.drain()


async def test_the_schedule_of_one_pipeline_does_not_wait_for_a_run_of_another(pair: PlayedEngine) -> None:
    await until(lambda: pair.runs_of("pictures") >= 3)
    assert (pair.runs_of("products"), "products" in pair.running) == (1, True)


async def test_a_pipeline_whose_configuration_cant_run_leaves_the_others_alone(pair: PlayedEngine) -> None:
    await until(lambda: pair.running == {"products"} and pair.runs_of("pictures") >= 1)
    pair.error = ConfigError("no column 'nope'")
    await until(lambda: "pictures" in pair.halted)
    pair.error = None
    pair.go_on.set()
    before = pair.runs_of("products"), pair.runs_of("pictures")

    await until(lambda: pair.runs_of("products") >= before[0] + 2)
    assert pair.runs_of("pictures") == before[1]
    assert set(pair.halted) == {"pictures"}


async def test_a_cancel_of_one_pipeline_leaves_the_run_of_another_alone(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = ("products", "pictures")
    me = Process("host:1:aaaaaa", "host", "place", 1, "0.1")
    engine = PlayedEngine(ledger, me, names=both, held=frozenset(both))
    async with anyio.create_task_group() as group:
        group.start_soon(Schedulers(cast("Engine", engine), 3600.0).attend)
        await until(lambda: engine.running == set(both))
        await there(ledger)
        await order(ledger, "cancel", pipelines=["pictures"])
        await until(lambda: engine.running == {"products"})
        engine.control.drain()


async def nothing_due(*_: object) -> bool:
    return False


@pytest.mark.parametrize(
    ("fault", "least", "most"), [(FaultClass.TRANSIENT, 1.0, 60.0), (FaultClass.REFUSED, 15.0, 300.0)]
)
async def test_a_run_that_a_fault_ended_is_tried_again_after_a_pause_that_grows(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, fault: FaultClass, least: float, most: float
) -> None:
    # A second lasts a millisecond.
    quick = {
        kind: Pauses(first=one.first / 1000, longest=one.longest / 1000) for kind, one in retry.RUN.items()
    }
    monkeypatch.setattr(retry, "RUN", quick)
    monkeypatch.setattr(scheduler, "LOOK_EVERY", 0.0005)
    monkeypatch.setattr(scheduler, "something_due", nothing_due)
    me = Process("host:1:aaaaaa", "host", "place", 1, "0.1")
    engine = PlayedEngine(ledger, me, held=frozenset(), faults={"products": fault})
    told: list[RunReport] = []
    async with anyio.create_task_group() as group:
        group.start_soon(Schedulers(cast("Engine", engine), 3600.0, told.append).attend)
        await until(lambda: len(told) >= 8)
        halt = engine.halted["products"]
        assert (halt.reason, halt.until is None) == ("a word", False)
        engine.faults.clear()
        await until(lambda: not engine.halted)
        assert engine.next_runs["products"] > anyio.current_time() + 3000
        engine.control.drain()

    said = [report.messages["products"] for report in told[:8]]
    pauses = [min(least * 2**tries, most) / 1000 for tries in range(8)]
    assert said == [f"a word. Retrying in {pause:.0f} s" for pause in pauses]


async def test_a_pause_survives_the_process_that_took_it(ledger: Ledger) -> None:
    """Also when it was given long ago: the order itself has lapsed."""
    await order(ledger, "pause", **SWITCHED)
    lapse(ledger)
    engine = PlayedEngine(ledger, Process("host:1:aaaaaa", "host", "place", 1, "0.1"))
    async with anyio.create_task_group() as group:
        group.start_soon(Schedulers(cast("Engine", engine), 3600.0).attend)
        await engine.began("sync")
        pause = engine.control.paused_by
        assert pause is not None
        assert pause.by == "anna@shop"

        await order(ledger, "resume", **SWITCHED)
        await until(lambda: not engine.control.paused)
        engine.control.drain()


async def test_after_a_resume_no_pause_is_in_force(ledger: Ledger) -> None:
    await order(ledger, "pause", **SWITCHED)
    await order(ledger, "resume", **SWITCHED)
    engine = PlayedEngine(ledger, Process("host:1:aaaaaa", "host", "place", 1, "0.1"))
    async with anyio.create_task_group() as group:
        group.start_soon(Schedulers(cast("Engine", engine), 3600.0).attend)
        await engine.began("sync")
        assert not engine.control.paused
        engine.control.drain()


def lapse(ledger: Ledger) -> None:
    """What was ordered, was so two days ago."""
    earlier = update(orders).values(at=orders.c.at - 2 * 86_400_000)
    ledger.database.execute(earlier)
