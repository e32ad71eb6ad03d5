"""The breaker: opens after some failures in a row, probes with one call, closes when that succeeds."""

from __future__ import annotations

import time

import anyio
import pytest

from embedconsole.config.settings import RetryConfig
from embedconsole.faults import Throttled, Transient, Unreachable
from embedconsole.retry import Pauses
from embedconsole.sync.resilience import gate as flow
from embedconsole.sync.resilience.gate import FAILURES_TO_OPEN, Gate, GateState, Interrupted, Stop
from sync.dependency import COOL, ONE_TRY, RETRY, TIMEOUT, Dependency, gate, let_others_run, state_of

pytestmark = pytest.mark.anyio


async def fail_batches(one: Gate, count: int, fault: Transient = TIMEOUT) -> None:
    """What the worker does with batches that fail as a whole."""
    for _ in range(count):
        with pytest.raises(Transient):
            await one.call(Dependency([fault]), ONE_TRY)
        one.failed(fault)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BREAKER", Pauses(first=COOL, longest=max(300.0, COOL)))


async def test_the_breaker_opens_after_some_batches_in_a_row() -> None:
    one = gate()
    await fail_batches(one, FAILURES_TO_OPEN - 1)
    await one.call(Dependency(), RETRY)
    await fail_batches(one, FAILURES_TO_OPEN - 1)
    assert state_of(one) == "ok", "not in a row"

    await fail_batches(one, 1)

    assert state_of(one) == "breaker open"
    assert one.health.fault == "ml: timeout"


async def test_an_open_breaker_lets_one_probe_through_and_closes_when_it_succeeds() -> None:
    one = gate()
    await fail_batches(one, FAILURES_TO_OPEN)
    opened = time.monotonic()
    go = anyio.Event()
    work = Dependency(go=go)
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(one.call, work, RETRY)
        await let_others_run()
        assert work.began == []
        await work.entered.wait()
        await let_others_run()
        assert len(work.began) == 1
        assert one.health.state is GateState.PROBING
        go.set()

    assert work.began[0] >= opened + COOL - 0.01
    assert len(work.began) == 5
    assert one.health.state is GateState.CLOSED


async def test_a_probe_that_fails_opens_the_breaker_again_for_longer() -> None:
    one = gate()
    await fail_batches(one, FAILURES_TO_OPEN)
    work = Dependency([TIMEOUT])
    ended: list[str] = []
    first = anyio.Event()

    async def batch() -> None:
        try:
            await one.call(work, ONE_TRY)
        except Transient as fault:
            one.failed(fault)
            ended.append("failed")
        else:
            ended.append("done")
        first.set()

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(batch)
        await first.wait()
        await let_others_run()
        assert (len(work.began), one.health.state) == (1, GateState.OPEN), "the others go on waiting"

    assert sorted(ended) == ["done", "done", "done", "failed"]
    assert work.began[1] - work.began[0] >= 2 * COOL - 0.01


async def test_after_the_probe_calls_run_side_by_side_again() -> None:
    one = gate(concurrency=4)
    await fail_batches(one, FAILURES_TO_OPEN)
    first, rest = Dependency(go=anyio.Event()), Dependency(go=anyio.Event())
    assert first.go is not None
    assert rest.go is not None
    async with anyio.create_task_group() as group:
        group.start_soon(one.call, first, RETRY)
        await first.entered.wait()
        for _ in range(4):
            group.start_soon(one.call, rest, RETRY)
        await let_others_run()
        assert rest.running == 0
        first.go.set()
        await let_others_run()
        assert rest.running == 4
        rest.go.set()


async def test_batches_that_failed_together_are_no_failed_probes() -> None:
    # Eight batches were under way when the service went away for a moment.
    one = gate(patient=False)
    await one.call(Dependency(), RETRY)

    for _ in range(8):
        one.failed(TIMEOUT)

    assert one.health.state is GateState.OPEN
    assert await one.call(Dependency(), RETRY) == "answer"


async def test_a_run_that_does_not_wait_ends_when_nobody_was_ever_there() -> None:
    away = Unreachable("ml", "connection refused")
    one = gate(patient=False)
    await fail_batches(one, FAILURES_TO_OPEN - 1, away)

    with pytest.raises(Stop) as caught:
        await fail_batches(one, 1, away)
    assert caught.value.fault is away


async def test_a_run_that_does_not_wait_ends_after_some_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BREAKER", Pauses(first=0.001, longest=max(300.0, 0.001)))
    one = gate(patient=False)
    await fail_batches(one, FAILURES_TO_OPEN + flow._PROBES_OF_ONE_RUN - 1)

    with pytest.raises(Stop):
        await fail_batches(one, 1)


async def test_a_daemon_goes_on_probing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BREAKER", Pauses(first=0.0001, longest=0.001))
    one = gate(patient=True)

    await fail_batches(one, 30, Unreachable("ml", "connection refused"))

    assert state_of(one) == "breaker open"
    assert await one.call(Dependency(), RETRY) == "answer"
    assert state_of(one) == "ok"


@pytest.mark.parametrize("state", ["cooling", "open", "retrying"])
async def test_nothing_waits_once_the_run_drains(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BREAKER", Pauses(first=3600.0, longest=max(300.0, 3600.0)))
    drained = anyio.Event()
    one = gate(drained=drained)
    work, retry = Dependency(), RETRY
    if state == "cooling":
        work = Dependency([Throttled("ml", "slow down")])
    elif state == "open":
        await fail_batches(one, FAILURES_TO_OPEN)
    else:
        work, retry = Dependency([TIMEOUT]), RetryConfig(call_delay=3600)
    interrupted = 0
    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:

            async def call() -> None:
                nonlocal interrupted
                try:
                    await one.call(work, retry)
                except Interrupted:
                    interrupted += 1

            group.start_soon(call)
            await let_others_run()
            assert interrupted == 0
            drained.set()
    assert interrupted == 1
