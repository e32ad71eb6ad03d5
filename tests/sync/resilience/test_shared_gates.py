"""Two processes on one ledger: what one of them meets at a dependency holds for both."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from embedconsole.config.sections.embedders.http import HttpConfig
from embedconsole.faults import Overloaded, Throttled, Transient
from embedconsole.ledger.database import Database
from embedconsole.ledger.ledger import open_ledger
from embedconsole.retry import Pauses
from embedconsole.sync.resilience import gate as flow
from embedconsole.sync.resilience import shared_gates as gates
from embedconsole.sync.resilience.gate import FAILURES_TO_OPEN, Gate, GateState, Stop
from embedconsole.sync.resilience.shared_gates import Gates
from embedconsole.sync.shared.control import Control, RunControl
from sync.dependency import COOL, ONE_TRY, RETRY, TIMEOUT, Dependency

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from embedconsole.ledger.ledger import Ledger

pytestmark = pytest.mark.anyio

CONFIG = HttpConfig(type="http", url="http://ml:8000/embed", concurrency=4)


@dataclass
class Process:
    """One process on the ledger."""

    ledger: Ledger
    me: str
    patient: bool = True
    control: RunControl = field(default_factory=lambda: RunControl(Control(), frozenset({"products"})))
    gates: Gates = field(init=False)
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.gates = Gates(self.ledger, self.me, self.control, self.patient)
        self.gate = self.gates.embedder("ml", CONFIG)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        yield ledger


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BREAKER", Pauses(first=COOL, longest=max(300.0, COOL)))
    monkeypatch.setattr(flow, "_ASK_AGAIN", 0.02)
    monkeypatch.setattr(gates, "EXCHANGE_EVERY", 0.02)


@asynccontextmanager
async def processes(ledger: Ledger, *, patient: bool = True) -> AsyncIterator[tuple[Process, Process]]:
    one, two = Process(ledger, "one", patient), Process(ledger, "two", patient)
    with anyio.fail_after(30):
        async with one.gates.shared(), two.gates.shared():
            yield one, two


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  (the gates tell the screen, and screens look)
        await anyio.sleep(0.005)


async def open_breaker(gate: Gate) -> None:
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(Transient):
            await gate.call(Dependency([TIMEOUT]), ONE_TRY)
        gate.failed(TIMEOUT)


async def test_a_429_in_one_process_makes_the_other_wait(ledger: Ledger) -> None:
    async with processes(ledger) as (one, two), anyio.create_task_group() as group:
        throttled = Dependency([Throttled("ml", "slow down", retry_after=0.5)])
        group.start_soon(one.gate.call, throttled, RETRY)
        await until(lambda: two.gate.health.state is GateState.COOLING)
        health = two.gate.health
        other = Dependency()
        await two.gate.call(other, RETRY)

        assert other.began[0] >= throttled.began[0] + 0.45
        assert health.fault is not None
        assert "slow down" in health.fault
        assert two.gate.health.state is GateState.CLOSED


async def test_the_pace_steps_down_in_every_process(ledger: Ledger) -> None:
    async with processes(ledger) as (one, two):
        async with anyio.create_task_group() as group:
            throttled = Dependency([Throttled("ml", "slow down", retry_after=0.3)])
            group.start_soon(one.gate.call, throttled, RETRY)
            await until(lambda: two.gate.health.state is GateState.COOLING)

        work = Dependency(go=anyio.Event())
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(two.gate.call, work, RETRY)
            await work.entered.wait()
            await anyio.sleep(0.05)  # for those that should not come
            assert work.go is not None
            work.go.set()
        assert work.most == 2


async def test_a_breaker_is_open_for_both_and_one_of_them_probes(ledger: Ledger) -> None:
    async with processes(ledger) as (one, two):
        await open_breaker(one.gate)
        await until(lambda: two.gate.health.state is GateState.OPEN)
        since = two.gate.health
        assert since.fault is not None
        assert since.until is not None

        go = anyio.Event()
        work = Dependency(go=go)
        async with anyio.create_task_group() as group:
            for process in (one, two, one, two):
                group.start_soon(process.gate.call, work, RETRY)
            await work.entered.wait()
            await anyio.sleep(0.2)  # for those that should not come
            assert len(work.began) == 1
            (row,) = ledger.gates.shut_now()
            assert row.state == "probing"
            go.set()

        assert work.most <= 4
        assert len(work.began) == 4
        assert (one.gate.health.state, two.gate.health.state) == (GateState.CLOSED, GateState.CLOSED)
        assert ledger.gates.shut_now() == []


async def test_a_probe_of_a_process_that_is_gone_is_taken_over(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedconsole.ledger.hosts.shared_gates.PROBE_SECONDS", 0.1)
    async with processes(ledger) as (one, two):
        key = one.gates._of(one.gate).key
        ledger.gates.shut(key, "embedder ml", gates._MARKS[GateState.OPEN], wait=0, failures=3, fault="503")
        assert ledger.gates.take_probe(key, "three")
        await until(lambda: two.gate.health.state is GateState.OPEN)

        assert await two.gate.call(Dependency(), RETRY) == "answer"
        await until(lambda: one.gate.health.state is GateState.CLOSED)


async def test_a_cron_run_does_not_wait_for_a_breaker_that_others_hold_open(ledger: Ledger) -> None:
    async with processes(ledger, patient=False) as (one, two):
        key = one.gates._of(one.gate).key
        ledger.gates.shut(key, "embedder ml", gates._MARKS[GateState.OPEN], wait=200, failures=9, fault="503")
        await until(lambda: two.gate.health.state is GateState.OPEN)
        work = Dependency()

        with pytest.raises(Stop) as caught:
            await two.gate.call(work, RETRY)

        assert work.began == []
        assert "503" in str(caught.value.fault)


async def test_without_the_ledger_each_process_goes_by_what_it_meets(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def away(self: Database, *args: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        raise Transient("ledger", "connection refused")

    async with processes(ledger) as (one, two):
        monkeypatch.setattr(Database, "read", away)
        monkeypatch.setattr(Database, "write", away)
        await open_breaker(one.gate)
        assert await one.gate.call(Dependency(), RETRY) == "answer"
        assert await two.gate.call(Dependency(), RETRY) == "answer"
        await open_breaker(one.gate)
        began, before = time.monotonic(), calls
        await anyio.sleep(0.3)
        assert calls - before <= (time.monotonic() - began) / gates.EXCHANGE_EVERY * 2 + 2, "nothing spins"

        monkeypatch.undo()
        # What could not be told meanwhile is told when it is back.
        await until(lambda: bool(ledger.gates.shut_now()))


async def test_a_call_that_goes_well_asks_the_ledger_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "EXCHANGE_EVERY", 3600.0)
    async with processes(ledger) as (one, _):
        await anyio.sleep(0.05)

        def asked(self: Database, *args: object, **options: object) -> object:
            raise AssertionError("the ledger was asked")

        monkeypatch.setattr(Database, "read", asked)
        monkeypatch.setattr(Database, "write", asked)
        for _ in range(100):
            await one.gate.call(Dependency(), RETRY)
        monkeypatch.undo()


def test_gates_go_by_the_address_and_not_by_the_name(ledger: Ledger) -> None:
    made = Gates(ledger, "one", RunControl(Control(), frozenset()), patient=True)
    other = HttpConfig(type="http", url="http://ml:8001/embed")

    assert made.embedder("ml", CONFIG) is made.embedder("another", CONFIG)
    assert made.embedder("ml", CONFIG) is not made.embedder("ml", other)


async def test_the_runs_of_a_process_share_the_turns_of_a_dependency(ledger: Ledger) -> None:
    turns: dict[str, anyio.CapacityLimiter] = {}
    control = RunControl(Control(), frozenset())
    runs = [Gates(ledger, "one", control, patient=True, turns=turns) for _ in range(2)]
    work = Dependency(go=anyio.Event())
    async with anyio.create_task_group() as group:
        for made in runs:
            for _ in range(CONFIG.concurrency):
                group.start_soon(made.embedder("ml", CONFIG).call, work, RETRY)
        await work.entered.wait()
        await anyio.wait_all_tasks_blocked()
        assert work.running == CONFIG.concurrency
        assert work.go is not None
        work.go.set()


async def test_a_success_of_before_does_not_end_a_pause() -> None:
    one = Gate("ml", concurrency=4, patient=True, drained=anyio.Event())
    go = anyio.Event()
    slow = Dependency(go=go)
    async with anyio.create_task_group() as group:
        group.start_soon(one.call, slow, RETRY)
        await slow.entered.wait()
        throttled = Dependency([Throttled("ml", "slow down", retry_after=0.2)])
        group.start_soon(one.call, throttled, RETRY)
        await until(lambda: one.health.state is GateState.COOLING)
        go.set()
        await until(lambda: slow.running == 0)
        await anyio.lowlevel.checkpoint()
        assert one.health.state is GateState.COOLING

    assert throttled.began[1] >= throttled.began[0] + 0.2


async def test_a_503_steps_the_pace_down_and_it_grows_by_one() -> None:
    one = Gate("ml", concurrency=8, patient=True, drained=anyio.Event())
    await one.call(Dependency([Overloaded("ml", "answered 503")]), RETRY)

    async def at_once() -> int:
        work = Dependency(go=anyio.Event())
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(one.call, work, ONE_TRY)
            await anyio.sleep(0.02)
            running = work.running
            assert work.go is not None
            work.go.set()
        return running

    assert await at_once() == 4
    assert 4 < await at_once() <= 6
