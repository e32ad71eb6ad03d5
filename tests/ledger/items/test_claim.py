"""Claims: who gets which items, and that nobody gets another's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from embedconsole.ledger.items.claim import LEASE_SECONDS
from embedconsole.ledger.state import State
from ledger.shelf import hashed, keys_of

if TYPE_CHECKING:
    from embedconsole.ledger.ledger import Ledger
    from ledger.shelf import Shelf


def test_a_claim_tells_what_the_worker_needs_to_know(shelf: Shelf) -> None:
    shelf.add(7, embed="new")
    shelf.set(7, attempts=1, synced_embed_hash=hashed("old"))

    batch = shelf.claimed()

    (item,) = batch.items
    assert (item.key, item.desired_embed, item.synced_embed) == ("7", hashed("new"), hashed("old"))
    assert (item.id, item.attempts) == (shelf.row(7).id, 1)
    assert (batch.generation_id, batch.work, batch.attempt) == (shelf.generation, State.EMBED, 2)


def test_what_is_claimed_is_not_claimed_again_until_its_lease_has_ended(shelf: Shelf) -> None:
    shelf.add(1, 2)
    first = shelf.claimed()
    assert shelf.claim() is None

    shelf.pass_time(LEASE_SECONDS - 5)
    assert shelf.claim() is None

    shelf.pass_time(6)
    second = shelf.claimed()
    assert keys_of(second) == keys_of(first) == ["1", "2"]
    assert second.token > first.token


def test_tokens_grow_even_after_all_batches_are_gone(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1)
    first = shelf.claimed()
    ledger.work.abandon(["host:1:aaaaaa"])
    assert ledger.overview.in_flight() == []

    assert shelf.claimed().token > first.token


def test_claims_take_what_has_been_due_longest(shelf: Shelf) -> None:
    shelf.add(1, 2, 3, 4, 5)
    for key, seconds in {1: 10, 2: 40, 3: 40, 4: 5, 5: 30}.items():
        shelf.set(key, due_at=shelf.row(key).due_at - seconds * 1000)
    shelf.set(3, due_at=shelf.row(2).due_at)

    # Of two that became due at once, the one that was entered first.
    assert [keys_of(shelf.claim(2)), keys_of(shelf.claim(2)), keys_of(shelf.claim(2))] == [
        ["2", "3"],
        ["5", "1"],
        ["4"],
    ]


def test_what_is_due_later_is_left_alone(shelf: Shelf) -> None:
    shelf.add(1, 2)
    shelf.set(1, due_at=shelf.row(1).due_at + 60_000)

    assert keys_of(shelf.claim()) == ["2"]
    assert shelf.claim() is None
    shelf.pass_time(61)
    assert keys_of(shelf.claim()) == ["1"]


def test_a_batch_holds_one_kind_of_work_deletions_first(shelf: Shelf) -> None:
    shelf.add(*range(1, 8))
    shelf.sync(3, 4, 5, 6)
    shelf.edit(3, 4, payload="q")
    shelf.remove(5, 6)
    shelf.set(7, state=State.FAILED.value)

    claims = [shelf.claim() for _ in range(4)]

    assert [(batch.work, keys_of(batch)) for batch in claims if batch] == [
        (State.DELETE, ["5", "6"]),
        (State.PAYLOAD, ["3", "4"]),
        (State.EMBED, ["1", "2"]),
    ]
    assert claims[3] is None


@pytest.mark.parametrize(("at_least", "expected"), [(4, []), (3, ["1", "2", "3"]), (1, ["1", "2", "3"])])
def test_at_least_waits_for_a_full_batch(shelf: Shelf, at_least: int, expected: list[str]) -> None:
    shelf.add(1, 2, 3)
    assert keys_of(shelf.claim(4, at_least=at_least)) == expected
    # What was looked at and not taken is still there for the next.
    assert sorted(keys_of(shelf.claim())) == sorted({"1", "2", "3"} - set(expected))


def test_too_few_of_one_kind_do_not_hide_enough_of_another(shelf: Shelf) -> None:
    shelf.add(1, 2, 3)
    shelf.sync(1)
    shelf.remove(1)

    batch = shelf.claim(2, at_least=2)

    assert batch is not None
    assert (batch.work, keys_of(batch)) == (State.EMBED, ["2", "3"])


def test_a_claim_takes_no_item_of_another_generation(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1)
    other = ledger.generations.begin("pictures", "pictures", "{}")

    assert ledger.work.claim(other.id, worker_id="w", slot=1, limit=10) is None


def test_no_item_is_in_two_claims(shelf: Shelf) -> None:
    items, claimers, limit = 240, 6, 7
    shelf.add(*range(items))
    together = Barrier(claimers)

    def claim_all(number: int) -> list[tuple[int, list[str]]]:
        together.wait()
        claims = []
        while (batch := shelf.claim(limit, worker=f"w{number}", slot=number)) is not None:
            claims.append((batch.token, keys_of(batch)))
        return claims

    with ThreadPoolExecutor(claimers) as pool:
        claims = [claim for claimed in pool.map(claim_all, range(claimers)) for claim in claimed]

    taken = [key for _, keys in claims for key in keys]
    assert len(taken) == len(set(taken))
    assert set(taken) == {str(key) for key in range(items)}
    assert len({token for token, _ in claims}) == len(claims)
    # Each item carries the token of the batch that has it, and no other.
    token_of = {key: token for token, keys in claims for key in keys}
    assert {key: row["batch_id"] for key, row in shelf.dump().items()} == token_of
