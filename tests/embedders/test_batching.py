"""How many requests there are: never too many at a time, never too fast, none paid for twice."""

from __future__ import annotations

import gc
import logging
from typing import TYPE_CHECKING

import aiohttp
import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from embedconsole.embedders.batching import Memo, Pacer
from embedconsole.faults import Refused, Throttled, Transient
from embedders.backends import SECRET, SINGLE, SIZE, Backend, inputs
from support.embedding_service import Behaviour, EmbeddingService

if TYPE_CHECKING:
    from embedders.conftest import Make

pytestmark = pytest.mark.anyio


async def test_never_more_in_flight_than_allowed(
    make: Make, embedding_service: EmbeddingService, backend: Backend
) -> None:
    embedder = make(backend, concurrency=3)
    embedding_service.behave(Behaviour("hold", times=3))
    async with anyio.create_task_group() as group:
        for number in range(6):
            group.start_soon(embedder.embed, backend.inputs(4, f"call {number}"))
        await anyio.to_thread.run_sync(embedding_service.wait_held, 3)
        assert embedding_service.stats().requests == 3
        embedding_service.release()
    stats = embedding_service.stats()
    assert stats.in_flight_max == 3
    assert stats.items == 24
    assert max(stats.embeds.values()) == (6 if backend.images and backend.name != "single" else 1)


async def test_a_cancelled_call_gives_its_slot_back(
    make: Make, embedding_service: EmbeddingService, backend: Backend
) -> None:
    embedder = make(backend, concurrency=1)
    embedding_service.behave(Behaviour("stall", times=1))
    with anyio.move_on_after(0.1):
        await embedder.embed(backend.inputs(2))
    with anyio.fail_after(60):
        assert (await embedder.embed(backend.inputs(2))).rejected == {}


async def test_waiting_for_a_slot_is_not_waiting_for_the_service(make: Make, backend: Backend) -> None:
    with EmbeddingService(size=SIZE, base_seconds=0.3, in_process=True) as service:
        embedder = make(backend, service=service, concurrency=1, timeout=1)
        async with anyio.create_task_group() as group:
            for number in range(5):
                group.start_soon(embedder.embed, backend.inputs(1, f"call {number}"))
        assert service.stats().items == 5


async def test_replies_go_when_nobody_holds_them(make: Make) -> None:
    """A reply in a reference cycle stays, with its megabyte, until the collector comes."""
    embedder = make()
    await embedder.embed(inputs(4))
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        await embedder.embed(inputs(4))
        gc.collect()
        assert [kept for kept in gc.garbage if isinstance(kept, (list, bytes, aiohttp.ClientResponse))] == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


async def test_single_stops_asking_when_it_is_refused(
    make: Make, embedding_service: EmbeddingService
) -> None:
    embedding_service.behave(Behaviour("status", status=401))
    with pytest.raises(Refused):
        await make(SINGLE, concurrency=2).embed(inputs(50))
    assert embedding_service.stats().requests <= 2


async def test_single_keeps_what_was_paid_for(make: Make, embedding_service: EmbeddingService) -> None:
    """A service that allows four requests in a row still gets through a batch of ten."""
    embedder = make(SINGLE, concurrency=2)
    sent = inputs(10)
    throttle = Behaviour("status", status=429, after=4)
    tries = 0
    while True:
        embedding_service.behave(throttle)
        tries += 1
        try:
            result = await embedder.embed(sent)
            break
        except Throttled:
            assert tries < 10
    assert tries == 3
    assert result.rejected == {}
    stats = embedding_service.stats()
    assert stats.items == 10
    assert set(stats.embeds.values()) == {1}
    embedding_service.behave()
    await embedder.embed(sent)
    assert embedding_service.stats().items == 20, "what has been used is forgotten"


async def test_single_reports_the_gravest_fault(make: Make, embedding_service: EmbeddingService) -> None:
    embedder = make(SINGLE, concurrency=2)
    embedding_service.behave(
        Behaviour("status", status=500, mark="text 0."), Behaviour("status", status=429, mark="text 1.")
    )
    with pytest.raises((Throttled, Transient)):
        await embedder.embed(inputs(2))


async def test_requests_per_minute_reaches_the_wire(embedding_service: EmbeddingService, make: Make) -> None:
    embedder = make(SINGLE, requests_per_minute=1200, concurrency=4)
    start = anyio.current_time()
    await embedder.embed(inputs(5))
    assert anyio.current_time() - start >= 4 * 0.05 * 0.99
    assert embedding_service.stats().requests == 5


class FakeTime:
    """A clock that a sleep moves."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await anyio.lowlevel.checkpoint()
        self.seconds = max(self.seconds, 100.0) + seconds


async def test_pacer_spreads_evenly() -> None:
    time = FakeTime()
    pacer = Pacer(60, now=time.now, sleep=time.sleep)
    sent = []
    for _ in range(5):
        await pacer.turn()
        sent.append(time.seconds)
    assert sent == [100.0, 101.0, 102.0, 103.0, 104.0]


async def test_pacer_has_no_burst_after_a_quiet_time() -> None:
    time = FakeTime()
    pacer = Pacer(120, now=time.now, sleep=time.sleep)
    await pacer.turn()
    time.seconds += 3600
    await pacer.turn()
    await pacer.turn()
    assert time.slept == [0.5]


async def test_pacer_gives_moments_in_order_to_many() -> None:
    time = FakeTime()
    pacer = Pacer(600, now=time.now, sleep=time.sleep)
    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(pacer.turn)
    assert time.slept == pytest.approx([0.1, 0.2, 0.3])


async def test_pacer_without_a_limit_never_sleeps() -> None:
    time = FakeTime()
    pacer = Pacer(None, now=time.now, sleep=time.sleep)
    for _ in range(1000):
        await pacer.turn()
    assert time.slept == []


def test_memo_forgets_the_oldest_and_what_was_taken() -> None:
    memo: Memo[int] = Memo(2)
    memo.keep({"a": 1, "b": 2, "c": 3})
    assert memo.take("a") is None
    assert memo.take("b") == 2
    assert memo.take("b") is None
    assert len(memo) == 1


async def test_nothing_secret_is_logged(
    make: Make, embedding_service: EmbeddingService, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        embedder = make(url=f"{embedding_service.url}?key={SECRET}")
        await embedder.embed(inputs(1))
    assert SECRET not in caplog.text
    assert "HTTP Request" not in caplog.text


async def test_a_process_can_be_killed_and_restarted(embedding_process: EmbeddingService, make: Make) -> None:
    embedder = make(url=embedding_process.url)
    assert (await embedder.embed(inputs(2))).vectors.shape == (2, SIZE)
    embedding_process.behave(Behaviour("hold_reply"))
    async with anyio.create_task_group() as group:
        group.start_soon(_kill_when_held, embedding_process)
        with pytest.raises(Transient):
            await embedder.embed(inputs(3))
    embedding_process.start()
    assert (await embedder.embed(inputs(2))).rejected == {}
    assert embedding_process.stats().items == 7, "what was computed before the kill is still counted"


async def _kill_when_held(service: EmbeddingService) -> None:
    await anyio.to_thread.run_sync(service.wait_held)
    service.kill()
