"""A dry run counts what a run would do, and leaves everything as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.state import State
from embedconsole.sync.run.dry_run import CountingSink
from sync.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Ten products in sync; then 0 edited, 1 its payload, 2 touched, 3 and 4 removed, 10 and 11 new."""
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        desk = Desk(ledger)
        for number in range(10):
            desk.catalog.put(str(number))
        desk.plan()
        desk.work()
        desk.catalog.put("0", title="new")
        desk.catalog.put("1", price=1.0)
        desk.catalog.put("2", stock=99)
        desk.catalog.remove("3")
        desk.catalog.remove("4")
        desk.catalog.put("10")
        desk.catalog.put("11", title=None, description=None, image_url=None)
        yield desk


def count(desk: Desk, *, full: bool = False, force: bool = False) -> CountingSink:
    sink = CountingSink(desk.ledger.overview.due(desk.generation.id), lambda count: None)
    desk.plan(sink=sink, full=full, force=force)
    return sink


def dump_all(desk: Desk) -> dict[str, object]:
    tables = ("items", "generations", "batches", "runs", "events", "leases", "workers", "vectors")
    return {
        table: [tuple(row) for row in desk.ledger.database.rows(text(f"SELECT * FROM embedconsole_{table}"))]
        for table in tables
    }


@pytest.mark.parametrize("full", [True, False])
def test_it_counts_what_a_run_then_does(desk: Desk, full: bool) -> None:
    sink = count(desk, full=full)

    assert {state: sink.work[state] for state in (State.EMBED, State.PAYLOAD, State.DELETE)} == {
        State.EMBED: 3,
        State.PAYLOAD: 1,
        State.DELETE: 2,
    }
    assert sink.hopeless == 1
    desk.plan(full=full)
    assert desk.ledger.overview.due(desk.generation.id) == {
        State.EMBED: 3,
        State.PAYLOAD: 1,
        State.DELETE: 2,
    }


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("full", [True, False])
def test_it_writes_nothing_and_the_run_after_it_finds_the_same(desk: Desk, full: bool, force: bool) -> None:
    before = dump_all(desk)

    first = count(desk, full=full, force=force)
    second = count(desk, full=full, force=force)

    assert dump_all(desk) == before
    assert first.work == second.work
    desk.plan()
    desk.work()
    desk.assert_in_sync()


def test_force_counts_each_item_once(desk: Desk) -> None:
    sink = count(desk, force=True)

    assert (sink.work[State.EMBED], sink.work[State.PAYLOAD], sink.work[State.DELETE]) == (10, 0, 2)
    desk.plan(force=True)
    assert desk.ledger.overview.due(desk.generation.id) == {State.EMBED: 10, State.DELETE: 2}
    assert desk.progress.planned == 12, "and so does the run's own progress"


def test_what_was_due_before_is_counted_too(desk: Desk) -> None:
    desk.plan()

    sink = count(desk)

    assert (sink.work[State.EMBED], sink.work[State.PAYLOAD], sink.work[State.DELETE]) == (3, 1, 2)


def test_a_due_item_that_changes_again_is_one_item(desk: Desk) -> None:
    desk.plan()
    desk.catalog.put("0", title="newer")
    desk.catalog.put("1", title="newer")

    sink = count(desk)

    assert (sink.work[State.EMBED], sink.work[State.PAYLOAD], sink.work[State.DELETE]) == (4, 0, 2)
