"""What the ledger believes of points: read in their order, set right, and entered from the collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.items import point_id, point_order
from embedconsole.ledger.hosts.history import KEEP_AUDITS
from embedconsole.ledger.records.items import Adoption
from embedconsole.ledger.state import State
from ledger.shelf import hashes, point_of

if TYPE_CHECKING:
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import SyncedItem
    from ledger.shelf import Shelf

KEYS = ["0", "7", "300", str((1 << 64) - 1), "zebra", "ape", "5b1f4f7e-7d6c-4b4e-9c0a-0123456789ab", "-1"]


def believed(shelf: Shelf, key: int | str) -> SyncedItem:
    return shelf.ledger.synced_items.of(shelf.generation, [point_of(str(key))])[point_of(str(key))]


@pytest.mark.parametrize("count", [1, 3, 100])
def test_pages_go_by_the_points_as_qdrant_sorts_them(shelf: Shelf, count: int) -> None:
    shelf.add(*KEYS)
    shelf.ledger.generations.begin("pictures", "pictures", "{}")
    seen: list[SyncedItem] = []
    after = b""
    while page := shelf.ledger.synced_items.page(shelf.generation, after, count):
        assert len(page) <= count
        seen += page
        after = page[-1].point

    assert [one.key for one in seen] == sorted(KEYS, key=lambda key: point_order(point_id(key)))
    assert {(one.desired, one.synced, one.state, one.held) for one in seen} == {
        (hashes(), None, State.EMBED, False)
    }


def test_what_is_in_flight_is_held_until_its_lease_ends(shelf: Shelf) -> None:
    shelf.add(1)
    shelf.claimed()
    assert believed(shelf, 1).held

    shelf.pass_time(1000)

    assert not believed(shelf, 1).held


def test_a_correction_holds_only_where_nothing_has_changed_since(shelf: Shelf) -> None:
    shelf.add(1, 2, 3)
    shelf.sync(1, 2, 3)
    seen = [(believed(shelf, key), None) for key in (1, 2, 3)]
    shelf.sync(2, embed="b")
    shelf.edit(3, embed="c")
    shelf.claimed()

    assert shelf.ledger.synced_items.correct(shelf.generation, seen) == 1

    assert shelf.states() == {"1": State.EMBED, "2": State.SYNCED, "3": State.EMBED}
    assert believed(shelf, 3).synced == hashes()


def test_a_state_that_does_not_follow_from_the_hashes_is_corrected(shelf: Shelf) -> None:
    shelf.add(1)
    shelf.sync(1)
    shelf.set(1, synced_payload_hash=hashes("a", "old").payload)
    one = believed(shelf, 1)

    assert shelf.ledger.synced_items.correct(shelf.generation, [(one, one.synced)]) == 1

    assert shelf.states() == {"1": State.PAYLOAD}


def test_points_are_entered_as_they_are_and_what_is_known_stays(shelf: Shelf) -> None:
    shelf.add(1)
    found = [Adoption(point_of(key), key, hashes("x"), hashes("x")) for key in ("1", "2", "ape")]
    found.append(Adoption(point_of("3"), "3", hashes("x", "new"), hashes("x", "old")))

    assert shelf.ledger.synced_items.adopt(shelf.generation, found) == 3
    assert shelf.ledger.synced_items.adopt(shelf.generation, found) == 0

    assert shelf.states() == {"1": State.EMBED, "2": State.SYNCED, "ape": State.SYNCED, "3": State.PAYLOAD}
    assert believed(shelf, 2).desired == believed(shelf, 2).synced == hashes("x")
    assert shelf.ledger.planned_items.count_wanted(shelf.generation) == 4
    assert shelf.claimed().items[0].key == "3"


def test_keys_of_what_is_wanted(shelf: Shelf) -> None:
    shelf.add(1, 2)
    shelf.remove(2)
    ids = [shelf.row(1).id, shelf.row(2).id]

    assert shelf.ledger.synced_items.wanted_keys(ids) == ["1"]


def test_audits_come_back_newest_first_by_pipeline_and_old_ones_go(ledger: Ledger) -> None:
    ledger.audits.add("pictures", {"drift": 9})
    for number in range(3):
        ledger.audits.add("products", {"drift": number, "why": "ü"})

    assert [record.outcome["drift"] for record in ledger.audits.latest("products")] == [2, 1, 0]
    assert [record.outcome["drift"] for record in ledger.audits.latest("products", limit=1)] == [2]
    first = ledger.audits.latest("products")[-1]
    assert 0 <= ledger.audits.latest("products")[0].at - first.at < 60
    assert first.outcome["why"] == "ü"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_so_many_audits_are_kept(ledger: Ledger) -> None:
    ledger.audits.add("pictures", {"drift": 9})
    for number in range(KEEP_AUDITS + 3):
        ledger.audits.add("products", {"drift": number})

    kept = ledger.audits.latest("products", limit=2 * KEEP_AUDITS)
    assert [record.outcome["drift"] for record in kept] == list(range(KEEP_AUDITS + 2, 2, -1))
    assert len(ledger.audits.latest("pictures")) == 1
