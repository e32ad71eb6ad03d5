"""The planner's side: what is known, and what is wanted now; and the generations it belongs to."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import Fault
from embedconsole.ledger.items import planned_items as catalogued
from embedconsole.ledger.records.items import Change, DesiredItem
from embedconsole.ledger.records.work import Failure, Settlement
from embedconsole.ledger.state import UNKNOWN, State
from ledger.shelf import hashed, hashes, keys_of, point_of, source_of

if TYPE_CHECKING:
    from embedconsole.ledger.ledger import Ledger
    from ledger.shelf import Shelf

UUID = "c56a4180-65aa-42ec-a945-5fd21dec0538"
KEYS = ("1", str(2**64 - 1), UUID, "a text key", "ключ")


def test_what_was_entered_is_known_by_its_point(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(*KEYS, embed="e", payload="f")

    known = ledger.planned_items.known(shelf.generation, [point_of(key) for key in (*KEYS, "unknown")])

    assert set(known) == {point_of(key) for key in KEYS}
    for key in KEYS:
        item = known[point_of(key)]
        assert (item.id, item.point) == (shelf.row(key).id, point_of(key))
        assert (item.desired_embed, item.desired_payload) == (hashed("e"), hashed("f"))
        assert (item.synced_embed, item.synced_payload, item.state) == (None, None, State.EMBED)
    assert ledger.planned_items.known(shelf.generation, []) == {}


def test_new_items_and_changes_come_together_or_not_at_all(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1)
    before = shelf.dump()
    change = Change(shelf.row(1).id, hashed("s"), hashes("b"))
    twins = [DesiredItem(key, point_of("2"), hashed("s"), hashes()) for key in ("2", "twin")]

    with pytest.raises(Fault):
        ledger.planned_items.apply(shelf.generation, twins, [change])
    ledger.planned_items.apply(shelf.generation, [], [])

    assert shelf.dump() == before


def test_keys_that_differ_only_in_case_are_two_items(shelf: Shelf) -> None:
    shelf.add("abc", "ABC", "äbc")

    assert len(shelf.states()) == 3
    assert len(keys_of(shelf.claim())) == 3


def test_a_change_makes_an_item_due_at_once_unless_it_is_in_flight(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2)
    batch = shelf.claimed(1)
    waiting = shelf.claimed(1)
    failure = Failure(waiting.items[0], "transient", "timeout", 600.0)
    ledger.work.settle(waiting, Settlement(failed=[failure]))
    lease = shelf.row(1).due_at

    shelf.edit(1, 2, embed="b")

    assert (shelf.row(1).due_at, shelf.row(1).batch_id) == (lease, batch.token)
    assert keys_of(shelf.claim()) == ["2"]
    assert shelf.row(2).attempts == 0


def test_items_that_are_gone_are_to_be_deleted(
    shelf: Shelf, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogued, "_IDS_IN_ONE_STATEMENT", 3)
    shelf.add(*range(10))
    shelf.sync(*range(5))
    assert ledger.planned_items.count_wanted(shelf.generation) == 10

    ledger.planned_items.mark_gone(array("q", [shelf.row(key).id for key in range(8)]))

    states = shelf.states()
    assert {key for key, state in states.items() if state is State.DELETE} == {str(key) for key in range(8)}
    assert shelf.row(0).desired_embed_hash is None
    assert shelf.row(0).synced_embed_hash == hashed("a")
    assert ledger.planned_items.count_wanted(shelf.generation) == 2


def test_forced_items_are_embedded_again_but_not_what_is_to_be_deleted(shelf: Shelf) -> None:
    shelf.add(1, 2, 3)
    shelf.sync(1, 2, 3)
    shelf.remove(2)

    shelf.force(1, 2)

    assert shelf.states() == {"1": State.EMBED, "2": State.DELETE, "3": State.SYNCED}
    assert shelf.row(1).synced_embed_hash == UNKNOWN
    assert shelf.row(2).synced_embed_hash == hashed("a")


def test_whoever_has_a_forced_item_in_flight_has_lost_it(shelf: Shelf, ledger: Ledger) -> None:
    """Whatever the batch does to it: the item is embedded once more by the next."""
    shelf.add(1, 2, 3)
    shelf.sync(1, 2)
    shelf.edit(1, payload="q")
    payload, embedding = shelf.claimed(1), shelf.claimed(1)
    assert (payload.work, embedding.work) == (State.PAYLOAD, State.EMBED)

    shelf.force(1, 3)

    written = [(payload.items[0], hashes(payload="q"))]
    assert ledger.work.settle(payload, Settlement(written=written)) == 1
    assert ledger.work.settle(embedding, Settlement(written=[(embedding.items[0], hashes())])) == 1
    again = shelf.claimed()
    assert (again.work, keys_of(again)) == (State.EMBED, ["1", "3"])
    written = [(again.items[0], hashes(payload="q")), (again.items[1], hashes())]
    assert ledger.work.settle(again, Settlement(written=written)) == 0
    assert shelf.states() == {"1": State.SYNCED, "2": State.SYNCED, "3": State.SYNCED}


def test_a_look_at_the_point_of_a_forced_item_does_not_take_the_force_back(
    shelf: Shelf, ledger: Ledger
) -> None:
    shelf.add(1)
    shelf.sync(1)
    ledger.rechecks.add(shelf.generation, ["1"], delay=0.0)

    shelf.force(1)
    ledger.rechecks.settle(
        shelf.generation, ledger.rechecks.due(shelf.generation), {point_of("1"): ("1", hashes())}
    )
    (believed,) = ledger.synced_items.page(shelf.generation, b"", 10)
    ledger.synced_items.correct(shelf.generation, [(believed, hashes())])

    assert shelf.states() == {"1": State.EMBED}


def test_a_change_is_compared_with_what_is_synced_when_it_is_entered(shelf: Shelf, ledger: Ledger) -> None:
    """A worker that wrote the item after its page was read decides what is left to do."""
    shelf.add(1)
    shelf.sync(1)
    shelf.edit(1, embed="b")
    batch = shelf.claimed()
    change = Change(shelf.row(1).id, hashed("s"), hashes("a"))

    ledger.work.settle(batch, Settlement(written=[(batch.items[0], hashes("b"))]))
    ledger.planned_items.apply(shelf.generation, [], [change])

    assert shelf.states() == {"1": State.EMBED}


def test_all_ids_come_page_by_page(shelf: Shelf, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogued, "_DESIRED_IDS", catalogued._DESIRED_IDS.limit(None).limit(4))
    shelf.add(*range(10))
    shelf.remove(3)

    pages = list(ledger.planned_items.ids(shelf.generation))

    assert [len(page) for page in pages] == [4, 4, 2]
    assert [wanted for page in pages for _, wanted in page] == [key != 3 for key in range(10)]
    assert [number for page in pages for number, _ in page] == [shelf.row(key).id for key in range(10)]


def test_generations_follow_each_other_and_share_nothing(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1)
    generations = ledger.generations
    assert generations.current("pictures") is None

    newer = generations.begin("products", "products_2", '{"":"m2"}')

    assert newer.id > shelf.generation
    assert generations.current("products") == newer
    assert ledger.planned_items.known(newer.id, [point_of("1")]) == {}
    assert ledger.planned_items.count_wanted(newer.id) == 0
    generations.set_space(newer.id, '{"":"m3"}')
    current = generations.current("products")
    assert current is not None
    assert (current.space, current.collection) == ('{"":"m3"}', "products_2")


def test_a_generation_remembers_how_far_its_scans_came(shelf: Shelf, ledger: Ledger) -> None:
    def current() -> tuple[str | None, float | None]:
        generation = ledger.generations.current("products")
        assert generation is not None
        return generation.watermark, None if generation.scan_age is None else round(generation.scan_age, -1)

    assert current() == (None, None)
    ledger.generations.scanned(shelf.generation, "2026-01-01", full=True)
    assert current() == ("2026-01-01", 0)
    shelf.pass_time(3600)

    ledger.generations.scanned(shelf.generation, "2026-01-02", full=False)

    assert current() == ("2026-01-02", 3600), "only a full scan counts as one"


def test_the_hash_of_a_row_is_kept_until_the_row_is_gone(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2, 3)
    assert shelf.row(1).source_hash == source_of(hashes())
    shelf.edit(1, embed="b")
    assert shelf.row(1).source_hash == source_of(hashes("b"))
    before = shelf.dump()["2"]

    ledger.planned_items.apply(shelf.generation, [], [], [(shelf.row(2).id, hashed("touched"))])

    assert shelf.dump()["2"] == {**before, "source_hash": hashed("touched")}
    shelf.remove(3)
    assert shelf.row(3).source_hash is None, "should it come back as it was, that is news"


def test_a_collection_is_known_by_its_address_and_its_names(ledger: Ledger) -> None:
    generations = ledger.generations
    here = generations.begin("products", "live", "{}", target="products-2", address="http://here:6333")
    there = generations.begin("products", "live", "{}", target="products-2", address="http://there:6333")
    other = generations.begin("products", "other", "{}", address="http://here:6333")

    assert generations.at("products", "live", "http://here:6333") == here
    assert generations.at("products", "products-2", "http://there:6333") == there
    assert generations.at("products", "other", "http://there:6333") is None
    assert {one.id for one in generations.others(other)} == {here.id, there.id}


def test_what_is_not_used_is_found_and_can_be_removed(shelf: Shelf, ledger: Ledger) -> None:
    generations = ledger.generations
    shelf.add(1, 2)
    here = generations.begin("products", "products", "{}", address="http://here:6333")
    generations.use(shelf.generation, "http://there:6333")
    assert generations.left(here, 3600.0) == []

    (left,) = generations.left(here, -3600.0)
    generations.remove(left)

    assert left.id == shelf.generation
    assert ledger.overview.counts(shelf.generation).total == 0
    assert generations.at("products", "products", "http://there:6333") is None
