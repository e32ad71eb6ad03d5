"""Deletions count together for an hour, over all runs and processes, and a mass delete is refused whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from embedconsole.ledger.items.deletions import WINDOW_SECONDS
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.schema import deletions
from embedconsole.ledger.state import State
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from sync.desk import Desk
from sync.driving import report_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embedconsole.items import EmbedInput
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.plan.planner import PlanResult
    from support.databases import Database
    from support.shop import Shop
    from sync.rig import HeldEmbedder, MemoryCollection


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    """Twenty products in sync, on each database."""
    with open_ledger(database.url) as ledger:
        desk = Desk(ledger)
        for number in range(20):
            desk.catalog.put(str(number))
        desk.plan()
        desk.work()
        yield desk


def scan(desk: Desk, *, allowed: bool = False) -> PlanResult:
    """A scan as another process makes it: nothing is remembered but what the ledger has."""
    result = desk.plan(full=True, fraction=0.2, allowed=allowed)
    desk.work()
    return result


def remove(desk: Desk, *numbers: int) -> None:
    for number in numbers:
        desk.catalog.remove(str(number))


def test_what_several_scans_delete_counts_together_for_an_hour(desk: Desk) -> None:
    remove(desk, 0, 1)
    assert scan(desk).refusal is None
    remove(desk, 2, 3)
    assert scan(desk).refusal is None
    remove(desk, 4)

    refusal = scan(desk).refusal

    assert refusal is not None
    assert refusal.startswith("1 of 20 items are gone from the catalog after 4 within the hour")
    assert len(desk.collection) == 16
    earlier = {"at": deletions.c.at - (WINDOW_SECONDS + 1) * 1000}
    desk.ledger.database.execute(update(deletions).values(earlier))
    assert scan(desk).refusal is None
    assert len(desk.collection) == 15


def test_what_is_replaced_may_go_on(desk: Desk) -> None:
    for number in range(10):
        remove(desk, number)
        desk.catalog.put(f"{number} again")
        assert scan(desk).refusal is None

    assert len(desk.collection) == 20


def test_what_the_operator_allowed_does_not_count(desk: Desk) -> None:
    remove(desk, *range(10))
    assert scan(desk).refusal is not None
    assert scan(desk, allowed=True).refusal is None
    assert len(desk.collection) == 10
    remove(desk, 10, 11)

    assert scan(desk).refusal is None


def test_a_mass_delete_that_the_workers_find_is_refused_whole(
    handle: EngineHandle, shop: Shop, embedder: HeldEmbedder, collection: MemoryCollection
) -> None:
    """All rows were planned to be embedded again, and are gone when the workers read them."""
    embedder.go.set()
    report_of(handle.run(RunOptions()))
    shop.edit(range(1, 21), title="Edited")
    embedder.go.clear()

    def delete_the_rest(inputs: Sequence[EmbedInput]) -> None:
        embedder.on_call = lambda inputs: None
        shop.delete(range(8, 21))
        embedder.go.set()

    embedder.on_call = delete_the_rest

    report = report_of(handle.run(RunOptions()))

    assert report.outcome is Outcome.ABORTED
    assert report.message is not None
    assert "of 20 items are gone from the catalog" in report.message
    assert report.deleted == 0
    assert len(collection.points) == 20


def test_a_few_rows_that_the_workers_find_missing_are_deleted(
    handle: EngineHandle, shop: Shop, embedder: HeldEmbedder, collection: MemoryCollection
) -> None:
    embedder.go.set()
    report_of(handle.run(RunOptions()))
    shop.edit(range(1, 21), title="Edited")
    embedder.go.clear()

    def delete_some(inputs: Sequence[EmbedInput]) -> None:
        embedder.on_call = lambda inputs: None
        shop.delete([19, 20])
        embedder.go.set()

    embedder.on_call = delete_some

    report = report_of(handle.run(RunOptions()))

    assert (report.outcome, report.deleted) == (Outcome.OK, 2)
    assert set(collection.points) == set(range(1, 19))


def test_states_of_a_refused_delete_are_as_they_were(desk: Desk) -> None:
    remove(desk, *range(15))

    assert desk.plan(full=True, fraction=0.2, allowed=False).refusal is not None

    assert set(desk.states().values()) == {State.SYNCED}
