"""Settling a batch: what each outcome makes of an item, whatever happened to it meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.ledger.records.work import Failure, Settlement
from embedconsole.ledger.state import State
from ledger.shelf import hashed, hashes

if TYPE_CHECKING:
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.work import Batch
    from ledger.shelf import Shelf


def written(batch: Batch) -> Settlement:
    return Settlement(written=[(item, hashes()) for item in batch.items])


def test_what_was_written_is_in_sync(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2)
    shelf.set(1, attempts=2, error_class="transient", error="timeout", failed_at=1)

    batch = shelf.claimed()

    assert ledger.work.settle(batch, written(batch)) == 0

    row = shelf.row(1)
    assert shelf.states() == {"1": State.SYNCED, "2": State.SYNCED}
    assert (row.synced_embed_hash, row.synced_payload_hash) == (hashed("a"), hashed("p"))
    assert (row.batch_id, row.attempts) == (None, 0)
    assert (row.error, row.error_class, row.failed_at) == (None, None, None)
    assert ledger.overview.in_flight() == []


@pytest.mark.parametrize(
    ("edit", "left"),
    [
        ({"embed": "b"}, State.EMBED),
        ({"embed": "b", "payload": "q"}, State.EMBED),
        ({"payload": "q"}, State.PAYLOAD),
    ],
)
def test_an_item_edited_in_flight_is_due_again_at_once(
    shelf: Shelf, ledger: Ledger, edit: dict[str, str], left: State
) -> None:
    shelf.add(1)
    batch = shelf.claimed()
    shelf.edit(1, **edit)
    assert shelf.claim() is None, "the lease stands"

    assert ledger.work.settle(batch, written(batch)) == 0

    again = shelf.claimed()
    assert again.work is left
    assert shelf.row(1).synced_embed_hash == hashed("a")
    final = hashes(edit.get("embed", "a"), edit.get("payload", "p"))
    assert ledger.work.settle(again, Settlement(written=[(again.items[0], final)])) == 0
    assert shelf.states() == {"1": State.SYNCED}


def test_an_item_that_was_newer_than_wanted_when_it_was_read_is_in_sync(shelf: Shelf, ledger: Ledger) -> None:
    # Edited after the planner had read it and before the worker did: nobody will want anything else of it.
    shelf.add(1, 2, 3)
    batch = shelf.claimed()
    newer = [hashes("b", "q"), hashes("b", "p"), hashes("a", "q")]

    settlement = Settlement(written=list(zip(batch.items, newer, strict=True)))
    assert ledger.work.settle(batch, settlement) == 0

    assert set(shelf.states().values()) == {State.SYNCED}
    for key, content in enumerate(newer, start=1):
        row = shelf.row(key)
        assert (row.desired_embed_hash, row.desired_payload_hash) == content
        assert (row.synced_embed_hash, row.synced_payload_hash) == content
        assert row.source_hash is None, "the planner has not seen that row"


def test_an_item_that_was_read_newer_and_then_edited_again_ends_at_the_last_edit(
    shelf: Shelf, ledger: Ledger
) -> None:
    shelf.add(1, 2)
    batch = shelf.claimed()
    shelf.edit(1, embed="c")
    shelf.edit(2, payload="r")

    read = [(item, hashes("b", "q")) for item in batch.items]
    assert ledger.work.settle(batch, Settlement(written=read)) == 0

    assert shelf.states() == {"1": State.EMBED, "2": State.EMBED}
    assert shelf.row(1).desired_embed_hash == hashed("c")
    assert shelf.row(2).desired_payload_hash == hashed("r")


def test_an_item_edited_in_flight_and_back_again_is_in_sync(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1)
    batch = shelf.claimed()
    shelf.edit(1, embed="b")
    shelf.edit(1, embed="a")

    ledger.work.settle(batch, written(batch))

    assert shelf.states() == {"1": State.SYNCED}


def test_an_item_gone_in_flight_is_deleted_next(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1)
    batch = shelf.claimed()
    shelf.remove(1)
    assert shelf.claim() is None, "the lease stands"

    assert ledger.work.settle(batch, written(batch)) == 0

    deletion = shelf.claimed()
    assert deletion.work is State.DELETE
    assert deletion.items[0].synced_embed == hashed("a")
    assert ledger.work.settle(deletion, Settlement(deleted=deletion.items)) == 0
    assert shelf.dump() == {}
    assert ledger.overview.in_flight() == []


def test_an_item_back_in_the_catalog_while_its_point_was_deleted_is_embedded_again(
    shelf: Shelf, ledger: Ledger
) -> None:
    shelf.add(1, 2)
    shelf.sync(1, 2)
    shelf.remove(1, 2)
    batch = shelf.claimed()
    shelf.edit(1)

    assert ledger.work.settle(batch, Settlement(deleted=batch.items)) == 0

    assert shelf.states() == {"1": State.EMBED}
    assert shelf.row(1).synced_embed_hash is None
    assert shelf.row(1).synced_payload_hash is None
    assert shelf.claimed().work is State.EMBED


def test_an_item_found_back_in_the_catalog_is_wanted_with_what_was_found(
    shelf: Shelf, ledger: Ledger
) -> None:
    shelf.add(1)
    shelf.sync(1)
    shelf.remove(1)
    batch = shelf.claimed()
    shelf.edit(1, embed="other")

    assert ledger.work.settle(batch, Settlement(back=[(batch.items[0], hashes("c", "r"))])) == 0

    row = shelf.row(1)
    assert (row.desired_embed_hash, row.desired_payload_hash) == (hashed("c"), hashed("r"))
    assert row.source_hash is None, "the planner has not seen that row"
    assert shelf.claimed().work is State.EMBED


def test_an_item_found_back_in_the_catalog_as_it_was_needs_no_work(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2)
    shelf.sync(1, 2)
    shelf.remove(1, 2)
    batch = shelf.claimed()
    first, second = batch.items

    assert ledger.work.settle(batch, Settlement(back=[(first, hashes()), (second, hashes("a", "r"))])) == 0

    assert shelf.states() == {"1": State.SYNCED, "2": State.PAYLOAD}


def test_an_item_found_missing_in_the_catalog_is_deleted_next(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1)
    shelf.sync(1)
    shelf.edit(1, embed="b")
    batch = shelf.claimed()

    assert ledger.work.settle(batch, Settlement(gone=batch.items)) == 0

    row = shelf.row(1)
    assert (row.desired_embed_hash, row.desired_payload_hash, row.source_hash) == (None, None, None)
    assert row.synced_embed_hash == hashed("a"), "its point is still searchable"
    assert shelf.claimed().work is State.DELETE


def test_an_item_whose_point_is_missing_is_embedded_again(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1)
    shelf.sync(1)
    shelf.edit(1, payload="q")
    batch = shelf.claimed()
    assert batch.work is State.PAYLOAD

    assert ledger.work.settle(batch, Settlement(unsynced=batch.items)) == 0

    again = shelf.claimed()
    assert (again.work, again.items[0].synced_embed) == (State.EMBED, None)


def test_what_was_given_back_is_as_it_was_and_due_at_once(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1)
    shelf.set(1, attempts=1, error="timeout", error_class="transient")
    before = shelf.dump()["1"]
    batch = shelf.claimed()

    assert ledger.work.settle(batch, Settlement(released=batch.items)) == 0

    after = shelf.dump()["1"]
    assert {**after, "due_at": 0} == {**before, "due_at": 0}
    assert shelf.claimed().attempt == 2


def test_a_failed_item_waits_and_keeps_its_old_point(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1)
    shelf.sync(1)
    shelf.edit(1, embed="b")
    batch = shelf.claimed()
    failure = Failure(batch.items[0], "transient", "503 from the service", delay=60.0)

    assert ledger.work.settle(batch, Settlement(failed=[failure])) == 0

    row = shelf.row(1)
    assert (row.state, row.attempts, row.batch_id) == (State.EMBED, 1, None)
    assert (row.error_class, row.error) == ("transient", "503 from the service")
    assert abs(row.due_at - row.failed_at - 60_000) <= 1  # the database rounds each of them to a millisecond
    assert row.synced_embed_hash == hashed("a")
    assert shelf.claim() is None
    shelf.pass_time(61)
    assert shelf.claimed().attempt == 2


def test_an_item_that_failed_for_good_is_claimed_no_more_until_its_content_changes(
    shelf: Shelf, ledger: Ledger
) -> None:
    shelf.add(1)
    batch = shelf.claimed()
    ledger.work.settle(batch, Settlement(failed=[Failure(batch.items[0], "item", "NaN", delay=None)]))

    assert shelf.states() == {"1": State.FAILED}
    shelf.pass_time(86_400)
    assert shelf.claim() is None
    shelf.edit(1)
    assert shelf.states() == {"1": State.FAILED}, "the same content would fail again"

    shelf.edit(1, embed="b")

    row = shelf.row(1)
    assert (row.state, row.attempts, row.error, row.failed_at) == (State.EMBED, 0, None, None)
    assert shelf.claimed().attempt == 1


def test_several_outcomes_of_one_batch(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(*range(1, 6))
    batch = shelf.claimed()
    one, two, three, four, five = batch.items
    settlement = Settlement(
        written=[(one, hashes())],
        gone=[two],
        unsynced=[three],
        failed=[Failure(four, "item", "bad", delay=None)],
        released=[five],
    )

    assert ledger.work.settle(batch, settlement) == 0

    assert shelf.states() == {
        "1": State.SYNCED,
        "2": State.DELETE,
        "3": State.EMBED,
        "4": State.FAILED,
        "5": State.EMBED,
    }
    assert {row["batch_id"] for row in shelf.dump().values()} == {None}
