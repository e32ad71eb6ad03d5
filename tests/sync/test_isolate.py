"""One bad item must not cost the others, and a service that is away must cost nobody."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from math import ceil, log2
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from embedconsole.faults import BadInput, Fault, FaultClass, Refused, Throttled, Transient, Unreachable
from embedconsole.items import Embedded, EmbedInput
from embedconsole.sync.isolate import embed_isolating

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from embedconsole.sync.isolate import Isolated

SIZES = st.integers(1, 33)


def inputs(count: int) -> list[EmbedInput]:
    return [EmbedInput(number, f"text {number}", None) for number in range(count)]


@dataclass
class Service:
    """Embeds item n as [n, 1]; stumbles over poison as a whole, and rejects some items one by one."""

    poison: Collection[int] = ()
    fault: type[Fault] = BadInput
    rejects: Collection[int] = ()
    asked: Counter[int] = field(default_factory=Counter)
    embedded: Counter[int] = field(default_factory=Counter)
    sizes: list[int] = field(default_factory=list)

    async def embed(self, some: Sequence[EmbedInput]) -> Embedded:
        numbers = [int(entry.product_id) for entry in some]
        self.asked.update(numbers)
        self.sizes.append(len(numbers))
        if any(number in self.poison for number in numbers):
            raise self.fault("service", f"stumbled over {len(numbers)}")
        self.embedded.update(number for number in numbers if number not in self.rejects)
        rejected = {place: "no picture" for place, number in enumerate(numbers) if number in self.rejects}
        return Embedded(np.array([[number, 1] for number in numbers], dtype=np.float32), rejected)

    def isolate(self, count: int) -> Isolated:
        return asyncio.run(embed_isolating(inputs(count), call=self.embed, probe=self.embed))


@st.composite
def batches(draw: st.DrawFn) -> tuple[int, set[int]]:
    """How many items, and which of them are bad."""
    count = draw(SIZES)
    return count, draw(st.sets(st.integers(0, count - 1)))


def looks_dead(count: int, poison: set[int]) -> bool:
    """Whether nothing that a few requests ask comes back: neither half, nor the first, nor the last item."""
    if count == 1:
        return False
    middle = count // 2
    halves = {number < middle for number in poison}
    return len(halves) == 2 and {0, count - 1} <= poison


def check(service: Service, outcome: Isolated, count: int, bad: set[int]) -> None:
    assert set(outcome.rejected) == bad
    assert set(outcome.vectors) == set(range(count)) - bad
    assert all(vector[0] == index for index, vector in outcome.vectors.items()), "its own vector"
    # Nothing is paid for twice, and the search for k bad ones stays a binary search.
    assert set(service.embedded.values()) <= {1}
    assert len(service.sizes) <= 1 + 2 + 2 * len(bad) * (ceil(log2(count)) if count > 1 else 1)


@given(batches())
def test_exactly_the_bad_items_are_rejected(batch: tuple[int, set[int]]) -> None:
    count, bad = batch
    service = Service(bad)

    outcome = service.isolate(count)

    check(service, outcome, count, bad)
    assert {rejection.error_class for rejection in outcome.rejected.values()} <= {FaultClass.ITEM}


@given(batches())
def test_items_that_a_service_stumbles_over_in_passing_are_found_too(batch: tuple[int, set[int]]) -> None:
    count, bad = batch
    assume(not looks_dead(count, bad))
    service = Service(bad, Transient)

    outcome = service.isolate(count)

    check(service, outcome, count, bad)
    assert {rejection.error_class for rejection in outcome.rejected.values()} <= {FaultClass.TRANSIENT}


@given(batches())
def test_what_looks_like_a_dead_service_charges_nobody(batch: tuple[int, set[int]]) -> None:
    count, bad = batch
    assume(looks_dead(count, bad | {0, count - 1}))
    service = Service(bad | {0, count - 1}, Transient)

    with pytest.raises(Transient):
        service.isolate(count)
    assert len(service.sizes) <= 5
    assert not service.embedded


@given(st.integers(2, 200))
def test_a_service_that_fails_everything_costs_five_requests(count: int) -> None:
    service = Service(range(count), Transient)

    with pytest.raises(Transient):
        service.isolate(count)
    assert len(service.sizes) <= 5


@given(batches())
def test_items_that_the_reply_rejects_cost_no_further_request(batch: tuple[int, set[int]]) -> None:
    count, bad = batch
    service = Service(rejects=bad)

    outcome = service.isolate(count)

    assert {index: rejection.reason for index, rejection in outcome.rejected.items()} == dict.fromkeys(
        bad, "no picture"
    )
    assert set(outcome.vectors) == set(range(count)) - bad
    assert service.sizes == [count]


@given(batches(), st.data())
def test_both_kinds_of_bad_items_in_one_batch(batch: tuple[int, set[int]], data: st.DataObject) -> None:
    count, poison = batch
    rejects = data.draw(st.sets(st.integers(0, count - 1)))
    service = Service(poison, rejects=rejects)

    outcome = service.isolate(count)

    assert set(outcome.rejected) == poison | rejects
    assert set(outcome.vectors) == set(range(count)) - poison - rejects


@pytest.mark.parametrize("fault", [Unreachable, Refused, Throttled])
def test_what_is_no_items_fault_is_not_searched_for(fault: type[Fault]) -> None:
    service = Service({1}, fault)

    with pytest.raises(fault):
        service.isolate(8)
    assert service.sizes == [8]


def test_the_quick_retries_are_for_the_whole_batch_only() -> None:
    whole, single = Service({2}), Service({2})

    outcome = asyncio.run(embed_isolating(inputs(4), call=whole.embed, probe=single.embed))

    assert whole.sizes == [4]
    assert set(outcome.rejected) == {2}
    assert max(single.sizes) == 2


def test_a_bad_item_is_told_why() -> None:
    (rejection,) = Service({3}).isolate(8).rejected.values()

    assert rejection.reason == "stumbled over 1"
