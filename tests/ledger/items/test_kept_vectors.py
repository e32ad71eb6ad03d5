"""Vectors that were paid for and are kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

from ledger.shelf import hashed

if TYPE_CHECKING:
    from ledger.shelf import Shelf

# What a text column would spoil, and what a hash may begin or end with.
ODD = bytes(range(256)) * 40
ZEROS, ONES = b"\x00" * 16, b"\xff" * 16


def test_what_is_kept_is_found_until_it_is_dropped(shelf: Shelf) -> None:
    kept = shelf.ledger.kept
    kept.put(shelf.generation, {ZEROS: ODD, ONES: b"", hashed("c"): b"third"})

    assert kept.get(shelf.generation, [ZEROS, ONES, hashed("unknown")]) == {ZEROS: ODD, ONES: b""}

    kept.drop(shelf.generation, [ZEROS, hashed("unknown")])
    assert kept.get(shelf.generation, [ZEROS, ONES, hashed("c")]) == {ONES: b"", hashed("c"): b"third"}


def test_a_claim_tells_whether_anything_is_kept(shelf: Shelf) -> None:
    """Another process may have kept it a moment ago, so every claim looks, and nobody else has to."""
    other = shelf.ledger.generations.begin("pictures", "pictures", "{}").id
    shelf.add(1, 2, 3)
    shelf.ledger.kept.put(other, {hashed("a"): b"theirs"})
    assert not shelf.claimed(1).kept

    shelf.ledger.kept.put(shelf.generation, {hashed("a"): b"ours"})
    assert shelf.claimed(1).kept

    shelf.ledger.kept.drop(shelf.generation, [hashed("a")])
    assert not shelf.claimed(1).kept


def test_a_newer_vector_takes_the_place_of_the_older(shelf: Shelf) -> None:
    kept = shelf.ledger.kept
    kept.put(shelf.generation, {hashed("a"): b"first"})

    kept.put(shelf.generation, {hashed("a"): b"again", hashed("b"): b"new"})

    found = kept.get(shelf.generation, [hashed("a"), hashed("b")])
    assert found == {hashed("a"): b"again", hashed("b"): b"new"}


def test_each_generation_keeps_its_own(shelf: Shelf) -> None:
    kept = shelf.ledger.kept
    other = shelf.ledger.generations.begin("pictures", "pictures", "{}").id
    kept.put(shelf.generation, {hashed("a"): b"ours"})

    assert kept.get(other, [hashed("a")]) == {}
    kept.put(other, {hashed("a"): b"theirs"})
    kept.drop(shelf.generation, [hashed("a")])

    assert kept.get(other, [hashed("a")]) == {hashed("a"): b"theirs"}


def test_nothing_asked_is_nothing_done(shelf: Shelf) -> None:
    kept = shelf.ledger.kept
    kept.put(shelf.generation, {hashed("a"): b"1"})

    kept.put(shelf.generation, {})
    kept.drop(shelf.generation, [])

    assert kept.get(shelf.generation, []) == {}
    assert kept.get(shelf.generation, [hashed("a")]) == {hashed("a"): b"1"}


def test_workers_that_keep_the_same_vector_at_once(shelf: Shelf) -> None:
    # Items with the same text have the same embed hash, and may be in several batches.
    keepers = 4
    for round_ in range(5):
        together = Barrier(keepers)
        packed = {hashed(f"{round_}:{number}"): b"v" for number in range(20)}

        def keep(_: int, packed: dict[bytes, bytes] = packed, together: Barrier = together) -> None:
            together.wait()
            shelf.ledger.kept.put(shelf.generation, packed)

        with ThreadPoolExecutor(keepers) as pool:
            list(pool.map(keep, range(keepers)))

        assert shelf.ledger.kept.get(shelf.generation, list(packed)) == packed


def test_what_no_item_wants_is_swept_once_it_is_old_enough(shelf: Shelf) -> None:
    kept = shelf.ledger.kept
    shelf.add(1)
    kept.put(shelf.generation, {hashed("a"): b"wanted", hashed("b"): b"former", hashed("c"): b"former"})

    assert kept.outnumber(shelf.generation)
    assert kept.sweep(shelf.generation, 3600.0) == 0
    assert kept.sweep(shelf.generation, 0.0) == 2

    assert kept.get(shelf.generation, [hashed("a"), hashed("b"), hashed("c")]) == {hashed("a"): b"wanted"}
    assert not kept.outnumber(shelf.generation)
