"""Points looked at again: the ledger believes what the collection was found to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.ledger.state import State
from ledger.shelf import hashes, keys_of, point_of

if TYPE_CHECKING:
    from embedconsole.ledger.records.items import Hashes
    from ledger.shelf import Shelf


def look(shelf: Shelf, key: int, holds: Hashes | None) -> int:
    """Doubt an item, and settle that with what its point was found to be."""
    shelf.ledger.rechecks.add(shelf.generation, [str(key)], delay=0)
    rechecks = shelf.ledger.rechecks.due(shelf.generation)
    assert [recheck.key for recheck in rechecks] == [str(key)]
    wrong = shelf.ledger.rechecks.settle(shelf.generation, rechecks, {point_of(str(key)): (str(key), holds)})
    assert shelf.ledger.rechecks.due(shelf.generation) == []
    return wrong


def test_doubts_wait_for_their_time_and_belong_to_their_generation(shelf: Shelf) -> None:
    other = shelf.ledger.generations.begin("pictures", "pictures", "{}").id
    shelf.ledger.rechecks.add(shelf.generation, ["1", "2"], delay=60)
    shelf.ledger.rechecks.add(other, ["3"], delay=0)
    shelf.ledger.rechecks.add(shelf.generation, [], delay=0)

    assert shelf.ledger.rechecks.due(shelf.generation) == []
    assert [recheck.key for recheck in shelf.ledger.rechecks.due(other)] == ["3"]
    shelf.pass_time(61)
    assert [recheck.key for recheck in shelf.ledger.rechecks.due(shelf.generation)] == ["1", "2"]


@pytest.mark.parametrize(
    ("holds", "wrong", "state"),
    [
        (hashes("a", "p"), 0, State.SYNCED),
        (hashes("a", "old"), 1, State.PAYLOAD),
        (hashes("old", "old"), 1, State.EMBED),
        (None, 1, State.EMBED),
    ],
    ids=["as it was", "old payload", "old content", "gone"],
)
def test_what_a_point_holds_decides_what_is_to_be_done(
    shelf: Shelf, holds: Hashes | None, wrong: int, state: State
) -> None:
    shelf.add(1)
    shelf.sync(1)

    assert look(shelf, 1, holds) == wrong

    assert shelf.states() == {"1": state}
    assert (shelf.claim() is not None) == bool(wrong)


def test_a_deleted_point_that_is_back_is_deleted_again(shelf: Shelf) -> None:
    assert look(shelf, 7, None) == 0
    assert shelf.dump() == {}

    assert look(shelf, 7, hashes("old")) == 1

    batch = shelf.claimed()
    assert (keys_of(batch), batch.work) == (["7"], State.DELETE)


def test_what_is_in_flight_and_what_needs_a_look_stays_so(shelf: Shelf) -> None:
    shelf.add(1, 2)
    shelf.sync(1, 2)
    shelf.edit(1, embed="b")
    shelf.set(2, state=State.FAILED.value)
    batch = shelf.claimed()

    assert look(shelf, 1, hashes("old")) == 0
    assert look(shelf, 2, hashes("old")) == 1

    assert shelf.states() == {"1": State.EMBED, "2": State.FAILED}
    assert shelf.ledger.work.extend(batch)
    assert bytes(shelf.row(2).synced_embed_hash) == hashes("old").embed
