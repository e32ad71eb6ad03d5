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
    portions = list(RowPortions(cast("Catalog", shop), limit=3_000_000).read(keys))
    assert [key for asked, _ in portions for key in asked] == keys
    assert [key for _, rows in portions for key in rows] == keys[:-1]
    assert max(len(rows) for _, rows in portions) <= 4
    assert max(shop.asked) <= 4


@pytest.mark.anyio
async def test_what_does_not_fit_waits_and_what_is_too_large_is_alone() -> None:
    room = MemoryBudget(10)
    inside: list[int] = []
    go = anyio.Event()

    async def work(size: int) -> None:
        async with room.held(size):
            inside.append(size)
            await go.wait()

    async with anyio.create_task_group() as group:
        for size in (6, 3, 99):
            group.start_soon(work, size)
            await anyio.wait_all_tasks_blocked()
        assert inside == [6, 3]
        go.set()
    assert inside == [6, 3, 99]
