"""The set of what a scan has seen, and the guard over what it has not."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from embedconsole.ledger.records.items import Turnover
from embedconsole.sync.plan.seen_ids import SeenIds
from embedconsole.sync.shared.delete_guard import DeleteRule

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


@given(st.integers(0, 1000), st.integers(0, 1000), st.floats(0, 1), st.integers(1, 1000))
def test_no_more_than_the_fraction_and_never_everything_may_go(
    wanted: int, lost: int, fraction: float, count: int
) -> None:
    """Of what there was at most within the hour."""
    most = wanted + lost
    refusal = DeleteRule(fraction).refusal(count, Turnover(wanted, most))

    assert (refusal is None) == (lost + count <= most * fraction and count < wanted)
    assert DeleteRule(fraction, allowed=True).refusal(count, Turnover(wanted, most)) is None


def test_a_refusal_says_how_many_and_what_to_do() -> None:
    text = DeleteRule(0.2).refusal(1500, Turnover(1900, 2000))

    assert text is not None
    assert text.startswith("1,500 of 2,000 items are gone from the catalog after 100 within the hour")
    assert "max_delete_fraction 0.2" in text
    assert "--allow-deletes" in text
