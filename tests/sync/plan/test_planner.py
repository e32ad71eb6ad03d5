"""The planner, case by case. `test_planner_model.py` plays it at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import Refused, Transient
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.work import Failure, Settlement
from embedconsole.ledger.state import State
from embedconsole.sync.content.payload import PayloadField
from embedconsole.sync.plan.planner import PlanStopped
from sync.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedconsole.items import JsonValue


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Ten products, planned and worked off."""
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        desk = Desk(ledger)
        for number in range(10):
            desk.catalog.put(str(number))
        desk.plan()
        desk.work()
        desk.assert_in_sync()
        yield desk


def test_the_first_plan_finds_everything_and_the_second_nothing(desk: Desk) -> None:
    assert desk.embedded == 10
    before = desk.dump()

    desk.plan(full=True)

    assert desk.dump() == before
    progress = desk.progress
    assert (progress.scanned, progress.unchanged, progress.planned) == (10, 10, 0)


def test_a_scan_for_changes_reads_only_those(desk: Desk) -> None:
    desk.catalog.put("3", title="new")
    desk.catalog.rows_read = 0

    desk.plan()

    # The watermark's own version is looked at again.
    assert desk.catalog.rows_read <= 2
    assert {key for key, state in desk.states().items() if state is not State.SYNCED} == {"3"}


def test_a_row_that_can_not_be_made_stops_no_plan_and_is_planned_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def convert(field: PayloadField, value: JsonValue) -> JsonValue:
        if value == "bad":
            raise OverflowError("too large")
        return value

    monkeypatch.setattr(PayloadField, "convert", convert)
    desk.catalog.put("3", title="bad")
    desk.catalog.put("4", title="new")

    desk.plan()
    planned = desk.dump()
    desk.plan(full=True)

    assert {key for key, state in desk.states().items() if state is State.EMBED} == {"3", "4"}
    assert desk.dump() == planned, "until its row changes it is not looked at again"
    problem = desk.recipe.content(desk.catalog.rows["3"]).problem
    assert problem == "column title of the row with the key 3 can't be made into an item: too large"


def test_a_row_that_was_touched_without_consequence_is_no_work(desk: Desk) -> None:
    desk.catalog.put("3", stock=99)

    desk.plan()

    assert desk.progress.planned == 0
    assert set(desk.states().values()) == {State.SYNCED}
    # And is known as it is now: the next full scan need not look into it.
    assert desk.dump()["3"]["source_hash"] == desk.recipe.source_hash(desk.catalog.rows["3"])


def test_a_changed_payload_is_no_embedding(desk: Desk) -> None:
    desk.catalog.put("3", price=1.0)
    desk.plan()
    assert desk.states()["3"] is State.PAYLOAD

    desk.work()

    desk.assert_in_sync()
    assert desk.embedded == 10


@pytest.mark.parametrize("full", [True, False])
def test_what_is_gone_is_found_by_either_scan(desk: Desk, full: bool) -> None:
    desk.catalog.remove("2")
    desk.catalog.remove("9")
    desk.catalog.put("new")

    desk.plan(full=full)

    assert {key for key, state in desk.states().items() if state is State.DELETE} == {"2", "9"}
    desk.work()
    desk.assert_in_sync()


def test_a_row_that_was_committed_late_with_an_old_version_is_found_by_the_count(desk: Desk) -> None:
    desk.catalog.put("late", version=1)

    desk.plan()

    desk.work()
    desk.assert_in_sync()


def test_late_and_gone_at_once_are_found_by_the_full_scan_at_the_latest(desk: Desk) -> None:
    # The counts agree: that is why a full scan still runs every so often.
    desk.catalog.put("late", version=1)
    desk.catalog.remove("5")

    desk.plan(full=True)

    desk.work()
    desk.assert_in_sync()


@pytest.mark.parametrize("full", [True, False])
def test_what_comes_back_before_it_was_deleted_is_wanted_again(desk: Desk, full: bool) -> None:
    row = desk.catalog.remove("4")
    desk.plan()
    assert desk.states()["4"] is State.DELETE
    desk.catalog.restore(row)

    desk.plan(full=full)

    assert desk.wanted() == desk.content()
    assert desk.states()["4"] is State.SYNCED, "its point is still there"
    desk.work()
    desk.assert_in_sync()
    assert desk.embedded == 10


def test_an_item_edited_between_plan_and_work_needs_no_second_round(desk: Desk) -> None:
    desk.catalog.put("4", title="planned")
    desk.plan()
    desk.catalog.put("4", title="and edited")

    assert desk.work(batches=5) == 1

    desk.assert_in_sync()
    # Edited back to what the planner had seen: that is news again.
    desk.catalog.put("4", title="planned")
    desk.plan()
    desk.work()
    desk.assert_in_sync()


def test_a_failed_item_is_not_planned_again_until_it_changes(desk: Desk) -> None:
    desk.catalog.put("4", title="bad")
    desk.plan()
    batch = desk.ledger.work.claim(desk.generation.id, worker_id="w", slot=1, limit=1)
    assert batch is not None
    failure = Failure(batch.items[0], "item", "NaN", None)
    desk.ledger.work.settle(batch, Settlement(failed=[failure]))

    desk.plan(full=True)
    assert desk.states()["4"] is State.FAILED
    desk.catalog.put("4", stock=98)
    desk.plan()
    assert desk.states()["4"] is State.FAILED
    desk.catalog.put("4", title="good")
    desk.plan()
    assert desk.states()["4"] is State.EMBED


def test_force_embeds_everything_again(desk: Desk) -> None:
    desk.catalog.put("3", title="new")
    desk.catalog.put("4", price=1.0)

    desk.plan(force=True)

    assert set(desk.states().values()) == {State.EMBED}
    desk.work()
    desk.assert_in_sync()
    assert desk.embedded == 20


def test_force_with_a_limit_embeds_so_many_and_what_changed(desk: Desk) -> None:
    desk.catalog.put("9", title="new")

    desk.plan(force=True, force_limit=3)

    assert {key for key, state in desk.states().items() if state is State.EMBED} == {"0", "1", "2", "9"}


def test_too_many_deletions_are_refused_and_looked_at_again_the_next_time(desk: Desk) -> None:
    before = desk.generation
    rows = [desk.catalog.remove(str(number)) for number in range(5)]
    desk.catalog.put("7", title="new")

    result = desk.plan(fraction=0.2, allowed=False)

    assert result.refusal is not None
    assert "5 of 10" in result.refusal
    states = desk.states()
    assert State.DELETE not in states.values()
    assert states["7"] is State.EMBED, "what is certain is done"
    assert desk.generation.watermark == before.watermark
    for row in rows:
        desk.catalog.restore(row)
    assert desk.plan(fraction=0.2, allowed=False).refusal is None
    desk.work()
    desk.assert_in_sync()


def test_an_empty_catalog_deletes_nothing_without_the_operators_word(desk: Desk) -> None:
    desk.catalog.rows.clear()

    assert desk.plan(fraction=1.0, allowed=False).refusal is not None
    assert set(desk.states().values()) == {State.SYNCED}

    assert desk.plan(allowed=True).refusal is None
    desk.work()
    desk.assert_in_sync()
    assert desk.collection == {}


def test_a_scan_that_fails_deletes_nothing_and_is_repeated(desk: Desk) -> None:
    before = desk.generation
    for number in range(5):
        desk.catalog.remove(str(number))
    desk.catalog.put("5", title="new")
    desk.catalog.fault = Transient("catalog", "connection lost")

    with pytest.raises(Transient):
        desk.plan(full=True)

    assert State.DELETE not in desk.states().values()
    assert desk.generation.watermark == before.watermark
    desk.catalog.fault = None
    desk.plan()
    desk.work()
    desk.assert_in_sync()


@pytest.mark.parametrize("checks", [1, 2, 3, 4, 5])
def test_a_planner_that_was_stopped_has_deleted_nothing(desk: Desk, checks: int) -> None:
    for number in range(5):
        desk.catalog.remove(str(number))
    for number in range(5, 10):
        desk.catalog.put(str(number), title="new")
    left = iter([False] * (checks - 1))

    with pytest.raises(PlanStopped):
        desk.plan(stop=lambda: next(left, True))

    assert State.DELETE not in desk.states().values()
    desk.plan()
    desk.work()
    desk.assert_in_sync()


def test_two_keys_that_are_one_point_are_refused(desk: Desk) -> None:
    desk.catalog.page_size = 100
    desk.catalog.put("c56a4180-65aa-42ec-a945-5fd21dec0538")
    desk.catalog.put("C56A4180-65AA-42EC-A945-5FD21DEC0538")

    with pytest.raises(Refused, match="the same point id"):
        desk.plan()


def test_another_recipe_looks_into_every_row_again(desk: Desk) -> None:
    from sync.makers import make_pipeline, make_recipe

    desk.recipe = make_recipe(make_pipeline(embed={"embedder": "ml", "text": "{title} {price}"}))

    desk.plan(full=True)

    assert set(desk.states().values()) == {State.EMBED}
    desk.work()
    desk.assert_in_sync()
