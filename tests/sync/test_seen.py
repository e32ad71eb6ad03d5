"""The set of what a scan has seen, and the guard over what it has not."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from embedconsole.sync.guard import DeleteGuard
from embedconsole.sync.seen import SeenIds

EDGES = st.sampled_from([0, 1, 7, 8, 65_535, 65_536, 65_537, 2**31, 2**63 - 1])
IDS = st.one_of(EDGES, st.integers(0, 70_000), st.integers(0, 2**63 - 1))


@given(st.lists(IDS), st.lists(IDS))
def test_seen_ids_are_a_set(added: list[int], asked: list[int]) -> None:
    seen, model = SeenIds(), set[int]()
    for number in added:
        assert seen.add(number) == (number not in model)
        model.add(number)

    assert len(seen) == len(model)
    assert [number in seen for number in (*added, *asked)] == [number in model for number in (*added, *asked)]


def test_a_million_ids_take_a_bit_each() -> None:
    seen = SeenIds()
    for number in range(0, 1_000_000, 7):
        seen.add(number)

    assert sum(sys.getsizeof(page) for page in seen._pages.values()) < 150_000


def test_the_guard_counts_what_it_has_admitted() -> None:
    guard = DeleteGuard(held=10, fraction=0.3)

    assert guard.admit(2)
    assert guard.admit(1)
    assert not guard.admit(1)
    assert guard.admitted == 3


@given(st.integers(0, 1000), st.floats(0, 1), st.lists(st.integers(1, 400), max_size=6))
def test_no_more_than_the_fraction_and_never_everything_may_go(
    held: int, fraction: float, asked: list[int]
) -> None:
    guard = DeleteGuard(held=held, fraction=fraction)
    gone = 0
    for count in asked:
        fits = gone + count <= held * fraction and gone + count < held
        assert guard.admit(count) == fits
        gone += count if fits else 0
    assert guard.admitted == gone


@given(st.integers(0, 1000), st.integers(0, 2000))
def test_the_operators_word_lets_everything_go(held: int, count: int) -> None:
    assert DeleteGuard(held=held, fraction=0.0, allowed=True).admit(count)


def test_a_refusal_says_how_many_and_what_to_do() -> None:
    text = DeleteGuard(held=2000, fraction=0.2).refusal(1500)

    assert "1,500 of 2,000 items" in text
    assert "max_delete_fraction 0.2" in text
    assert "--allow-deletes" in text
