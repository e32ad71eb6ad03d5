"""Flow control: quick retries, and cool-downs that all calls share."""

from __future__ import annotations

import anyio
import pytest
from anyio.lowlevel import checkpoint

from embedconsole.faults import BadInput, Fault, Refused, RefusesEverything, Throttled, Transient
from embedconsole.retry import Pauses
from embedconsole.sync.resilience import gate as flow
from embedconsole.sync.resilience.gate import Gate, GateState, Interrupted, Stop
from sync.dependency import COOL, ONE_TRY, RETRY, TIMEOUT, Dependency, gate, let_others_run

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BREAKER", Pauses(first=COOL, longest=300.0))


async def test_a_call_that_fails_in_passing_is_made_again() -> None:
    work = Dependency([TIMEOUT, TIMEOUT])

    assert await gate().call(work, RETRY) == "answer"
    assert len(work.began) == 3


async def test_a_call_that_fails_as_often_as_it_may_raises_the_fault() -> None:
    work = Dependency([TIMEOUT] * 5)

    with pytest.raises(Transient):
        await gate().call(work, RETRY)
    assert len(work.began) == RETRY.call_attempts


async def test_a_dependency_is_seen_to_be_away_before_the_breaker_opens() -> None:
    one = gate()
    with pytest.raises(Transient):
        await one.call(Dependency([TIMEOUT]), ONE_TRY)
    away = one.seen
    await one.call(Dependency(), ONE_TRY)

    assert (one.health.state, away.state, away.fault) == (GateState.CLOSED, GateState.PROBING, str(TIMEOUT))
    assert (one.seen.state, one.seen.fault) == (GateState.CLOSED, None)


@pytest.mark.parametrize("fault", [BadInput("ml", "no"), Refused("ml", "no")])
async def test_what_another_try_does_not_mend_is_not_tried_again(fault: Fault) -> None:
    work = Dependency([fault])

    with pytest.raises(type(fault)):
        await gate().call(work, RETRY)
    assert len(work.began) == 1


async def test_throttling_costs_no_attempt() -> None:
    work = Dependency([Throttled("ml", "slow down", retry_after=0.001)] * 10)

    assert await gate().call(work, ONE_TRY) == "answer"
    assert len(work.began) == 11


async def test_retry_after_is_honoured_by_all_calls() -> None:
    one = gate()
    throttled = Dependency([Throttled("ml", "slow down", retry_after=0.2)])
    other = Dependency()
    async with anyio.create_task_group() as group:
        group.start_soon(one.call, throttled, RETRY)
        while one.health.state is not GateState.COOLING:
            await checkpoint()
        health = one.health
        group.start_soon(one.call, other, RETRY)

    until = throttled.began[0] + 0.2
    assert throttled.began[1] >= until
    assert other.began[0] >= until
    assert health.until is not None
    assert health.until >= until
    assert health.fault is not None
    assert "slow down" in health.fault
    assert one.health.state is GateState.CLOSED
    assert one.health.fault is None


async def test_cool_downs_without_a_time_grow() -> None:
    work = Dependency([Throttled("ml", "slow down")] * 3)
    await gate().call(work, RETRY)

    waits = [later - before for before, later in zip(work.began, work.began[1:], strict=False)]
    assert [wait >= COOL * factor for wait, factor in zip(waits, (1, 2, 4), strict=True)] == [True] * 3


@pytest.mark.parametrize("asked", [0.0, 0.001])
async def test_however_short_a_pause_is_asked_for_they_grow(asked: float) -> None:
    work = Dependency([Throttled("ml", "slow down", retry_after=asked)] * 6)
    await gate().call(work, RETRY)

    waits = [later - before for before, later in zip(work.began, work.began[1:], strict=False)]
    assert all(wait >= COOL / 8 * 2**number for number, wait in enumerate(waits))


async def test_a_run_waits_for_its_patience_since_the_last_success() -> None:
    one = gate(patient=False)
    throttled = Throttled("ml", "slow down", retry_after=0.05)
    retry = RETRY.model_copy(update={"patience": 0.4})
    for _ in range(4):
        await one.call(Dependency([throttled] * 2), retry)
    work = Dependency([throttled] * 1000)

    with pytest.raises(Stop) as caught:
        await one.call(work, retry)

    assert caught.value.fault is throttled
    assert len(work.began) <= 10


async def test_a_daemon_has_patience_without_end() -> None:
    retry = RETRY.model_copy(update={"patience": 0.0})
    work = Dependency([Throttled("ml", "slow down", retry_after=0.001)] * 3)
    assert await gate().call(work, retry) == "answer"


async def test_a_refusal_is_no_success() -> None:
    one = gate()
    for _ in range(flow.FAILURES_TO_OPEN):
        with pytest.raises(BadInput):
            await one.call(Dependency([BadInput("ml", "no")]), RETRY)
        one.failed(TIMEOUT)

    assert one.health.state is GateState.OPEN


async def test_one_that_refuses_everything_is_shut_at_once_and_ends_a_run() -> None:
    refuses = RefusesEverything("ml", "no to all")
    patient = gate()
    patient.failed(refuses)
    assert patient.health.state is GateState.OPEN

    with pytest.raises(Stop) as caught:
        gate(patient=False).failed(refuses)
    assert caught.value.fault is refuses


@pytest.mark.parametrize("works", [True, False])
async def test_an_input_that_a_probe_fails_of_is_told_from_the_dependency(*, works: bool) -> None:
    one = gate()
    one.failed(RefusesEverything("ml", "no to all"))

    async def vouch(fault: Fault) -> None:
        if not works:
            raise RefusesEverything("ml", fault.message)

    with pytest.raises(BadInput if works else RefusesEverything):
        await one.call(Dependency([BadInput("ml", "no")]), RETRY, vouch)
    assert one.health.state is (GateState.CLOSED if works else GateState.PROBING)


async def test_calls_that_wait_for_their_turn_wait_for_the_cool_down_too() -> None:
    one = gate(concurrency=2)
    go = anyio.Event()
    work = Dependency([Throttled("ml", "slow down", retry_after=0.2)] * 2, go)
    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(one.call, work, RETRY)
        await let_others_run()
        assert work.running == 2
        go.set()

    first, second, *rest = work.began
    assert len(rest) == 6, "two were throttled and came again"
    assert min(rest) >= min(first, second) + 0.2


async def how_many_at_once(one: Gate, calls: int) -> int:
    go = anyio.Event()
    work = Dependency(go=go)
    async with anyio.create_task_group() as group:
        for _ in range(calls):
            group.start_soon(one.call, work, RETRY)
        await let_others_run()
        running = work.running
        go.set()
    return running


async def test_concurrency_halves_when_throttled_and_recovers() -> None:
    one = gate(concurrency=8)
    assert await how_many_at_once(one, 20) == 8

    # Eight calls that are under way together are one event.
    throttled = Dependency([Throttled("ml", "slow down", retry_after=0.01)] * 8, anyio.Event())
    again = Dependency(go=anyio.Event(), crowd=4)
    assert throttled.go is not None
    assert again.go is not None

    async def work() -> str:
        return await (throttled if len(throttled.began) < 8 else again)()

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(one.call, work, RETRY)
            await let_others_run()
            throttled.go.set()
            await again.crowded.wait()
            await anyio.sleep(0.05)  # for those that should not come
            assert again.running == 4
            assert one.health.state is GateState.CLOSED, "a 429 is no breaker: nothing to probe"
            again.go.set()

    for _ in range(40):
        await one.call(Dependency(), RETRY)
    assert await how_many_at_once(one, 20) == 8


async def test_concurrency_never_falls_to_nothing() -> None:
    one = gate(concurrency=2)
    with anyio.fail_after(30):
        await one.call(Dependency([Throttled("ml", "slow down", retry_after=0.001)] * 6), RETRY)

    assert await how_many_at_once(one, 3) >= 1


async def test_a_run_that_does_not_wait_stops_at_a_very_long_retry_after() -> None:
    hours = Throttled("ml", "come back tomorrow", retry_after=7200)

    with pytest.raises(Stop) as caught:
        await gate(patient=False).call(Dependency([hours]), RETRY)
    assert caught.value.fault is hours

    drained = anyio.Event()
    patient = gate(drained=drained)
    async with anyio.create_task_group() as group:

        async def call() -> None:
            with pytest.raises(Interrupted):
                await patient.call(Dependency([hours]), RETRY)

        group.start_soon(call)
        await let_others_run()
        assert patient.health.state is GateState.COOLING
        drained.set()
