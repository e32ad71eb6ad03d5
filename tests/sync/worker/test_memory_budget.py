"""What workers have in hand is bounded by its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import anyio
import pytest

from embedconsole.items import CatalogRow
from embedconsole.pieces import Estimate, pieces
from embedconsole.sync.content.row_reader import RowPortions
from embedconsole.sync.worker.memory_budget import MemoryBudget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.catalog.base import Catalog


def test_pieces_are_bounded_by_bytes_and_by_count() -> None:
    texts = ["a", "bb", "cccccc", "d", "e", "f"]
    assert list(pieces(texts, 4, len)) == [["a", "bb"], ["cccccc"], ["d", "e", "f"]]
    assert list(pieces(texts, 4, len, count=2)) == [["a", "bb"], ["cccccc"], ["d", "e"], ["f"]]
    assert list(pieces([], 4, len)) == []


def test_an_estimate_grows_by_steps_and_follows_the_weight() -> None:
    estimate = Estimate()
    counts = []
    for _ in range(4):
        counts.append(estimate.count(1000))
        estimate.saw(counts[-1], counts[-1] * 10)
    assert counts == [1, 4, 16, 64]
    estimate.saw(1, 500)
    assert estimate.count(1000) == 2


class Shop:
    """Rows of 1 MB."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def read(self, keys: Sequence[str]) -> dict[str, CatalogRow]:
        self.asked.append(len(keys))
        return {key: CatalogRow(key, {"text": "x" * 1_000_000}) for key in keys if key != "gone"}


def test_rows_are_read_in_portions_of_a_weight_and_none_is_lost() -> None:
    shop = Shop()
    keys = [*map(str, range(20)), "gone"]
    read = RowPortions(cast("Catalog", shop), limit=3_000_000)
    assert read.expected(100) is None
    portions = list(read.read(keys))
    assert [key for portion in portions for key in portion.keys] == keys
    assert [key for portion in portions for key in portion.rows] == keys[:-1]
    assert max(len(portion.rows) for portion in portions) <= 4
    assert all(portion.weight >= len(portion.rows) * 1_000_000 for portion in portions)
    assert read.expected(100) == 3_000_000
    assert max(shop.asked) <= 4


@pytest.mark.anyio
async def test_what_does_not_fit_waits_and_what_is_too_large_is_alone() -> None:
    room = MemoryBudget(10)
    inside: list[int] = []
    go = anyio.Event()

    async def work(size: int) -> None:
        async with room.held(lambda: size):
            inside.append(size)
            await go.wait()

    async with anyio.create_task_group() as group:
        for size in (6, 3, 99):
            group.start_soon(work, size)
            await anyio.wait_all_tasks_blocked()
        assert inside == [6, 3]
        go.set()
    assert inside == [6, 3, 99]


@pytest.mark.anyio
async def test_the_first_reads_alone_and_holds_what_it_read_from_then_on() -> None:
    """Else every worker begins with a row of unknown size at once."""
    room = MemoryBudget(10)
    inside: list[str] = []
    read, go = anyio.Event(), anyio.Event()
    expected: list[int] = []

    async def work(name: str) -> None:
        async with room.held(lambda: expected[-1] if expected else None) as held:
            inside.append(name)
            await read.wait()
            expected.append(4)
            await held.resize(4)
            await go.wait()

    async with anyio.create_task_group() as group:
        for name in ("first", "second", "third"):
            group.start_soon(work, name)
            await anyio.wait_all_tasks_blocked()
        assert inside == ["first"]
        read.set()
        await anyio.wait_all_tasks_blocked()
        assert inside == ["first", "second"]
        go.set()
    assert inside == ["first", "second", "third"]
