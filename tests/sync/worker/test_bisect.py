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

from embedconsole.faults import (
    BadInput,
    Fault,
    FaultClass,
    Refused,
    RefusesEverything,
    Throttled,
    Transient,
    Unreachable,
)
from embedconsole.items import Embedded, EmbedInput
from embedconsole.sync.worker.bisect import NothingUsable, Rejection, ServiceEvidence, embed_isolating

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from embedconsole.sync.worker.bisect import Isolated

SIZES = st.integers(1, 33)


def inputs(count: int) -> list[EmbedInput]:
    return [EmbedInput(number, f"text {number}", None) for number in range(count)]


@dataclass
class Service:
    """Embeds item n as [n, 1]; stumbles over poison as a whole, and rejects some items one by one."""

    poison: Collection[int] = ()
    fault: type[Fault] = BadInput
    rejects: Collection[int] = ()
    postpones: Collection[int] = ()
    asked: Counter[int] = field(default_factory=Counter)
    embedded: Counter[int] = field(default_factory=Counter)
    sizes: list[int] = field(default_factory=list)
    witness: Oracle = field(default_factory=lambda: Oracle(verdict=True))
    dies_after: int | None = None

    async def embed(self, some: Sequence[EmbedInput]) -> Embedded:
        numbers = [int(entry.product_id) for entry in some]
        self.asked.update(numbers)
        self.sizes.append(len(numbers))
        if self.dies_after is not None and len(self.sizes) > self.dies_after:
            self.witness.verdict = False
            raise Transient("service", "answered 500")
        if any(number in self.poison for number in numbers):
            raise self.fault("service", f"stumbled over {len(numbers)}")
        without = {*self.rejects, *self.postpones}
        good = [number for number in numbers if number not in without]
        self.embedded.update(good)
        rejected = {place: "no picture" for place, number in enumerate(numbers) if number in without}
        postponed = {place for place, number in enumerate(numbers) if number in self.postpones}
        vectors = np.array([[number, 1] for number in numbers], dtype=np.float32)
        embedded = Embedded(vectors, rejected, postponed=postponed, refused=rejected.keys() - postponed)
        if not good:
            raise NothingUsable("service", embedded)
        self.witness.pulse.accept(self.witness.pulse.send())
        return embedded

    def isolate(self, count: int) -> Isolated:
        outcome = asyncio.run(
            embed_isolating(inputs(count), call=self.embed, probe=self.embed, witness=self.witness)
        )
        # Whatever happened, nobody has two answers, and a vector that was paid for is there.
        assert not outcome.vectors.keys() & outcome.rejected.keys()
        assert set(self.embedded) <= set(outcome.vectors)
        return outcome


@dataclass
class Oracle:
    """A witness that knows."""

    verdict: bool | None
    asked: int = 0
    source: str = "service"
    pulse: ServiceEvidence = field(default_factory=ServiceEvidence)
    shut: bool = False
    remedy: str = "Check it"

    async def alive(self, since: int, failed: int) -> bool | None:
        self.asked += 1
        if self.verdict:
            self.pulse.accept(self.pulse.send())
        return self.verdict


@st.composite
def batches(draw: st.DrawFn) -> tuple[int, set[int]]:
    """How many items, and which of them are bad."""
    count = draw(SIZES)
    return count, draw(st.sets(st.integers(0, count - 1)))


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
def test_items_that_a_living_service_stumbles_over_are_found_too(batch: tuple[int, set[int]]) -> None:
    count, bad = batch
    service = Service(bad, Transient)

    outcome = service.isolate(count)

    check(service, outcome, count, bad)
    assert outcome.ended_by is None
    assert {rejection.error_class for rejection in outcome.rejected.values()} <= {FaultClass.TRANSIENT}
    # Looking after itself costs less than looking for the bad ones.
    assert service.witness.asked <= 1 + len(service.sizes) / 2


@given(st.integers(1, 200), st.sampled_from([False, None]))
def test_a_service_that_fails_everything_costs_a_handful_of_requests(
    count: int, verdict: bool | None
) -> None:
    assume(count > 1 or verdict is False)
    service = Service(range(count), Transient, witness=Oracle(verdict))

    outcome = service.isolate(count)

    assert isinstance(outcome.ended_by, Transient)
    assert outcome.rejected == {}, "nobody is charged"
    assert len(service.sizes) + service.witness.asked <= 7


@given(st.integers(2, 200), st.integers(1, 40), st.integers(0, 199))
def test_a_service_that_dies_while_it_is_searched(count: int, dies_after: int, poison: int) -> None:
    service = Service({poison % count}, Transient, dies_after=dies_after)

    outcome = service.isolate(count)

    if len(service.sizes) > dies_after:
        assert len(service.sizes) <= dies_after + 5, "its death is noticed, however much is left"
        # It may take one item along: the one that stood alone just then.
        assert set(outcome.rejected) - {poison % count} <= {*range(count)}
        assert len(set(outcome.rejected) - {poison % count}) <= 1


def test_a_lone_item_is_blamed_when_the_service_is_well_and_only_then() -> None:
    for verdict, charged in ((True, {0}), (None, set()), (False, set())):
        service = Service({0}, Transient, witness=Oracle(verdict))

        outcome = service.isolate(1)

        assert set(outcome.rejected) == charged
        assert (outcome.ended_by is None) == bool(charged)


@given(st.integers(1, 33), st.booleans())
def test_no_usable_vector_for_anything_is_the_services_fault(count: int, well: bool) -> None:
    # What a model with broken weights does: NaN, for everything and everybody.
    service = Service(rejects=range(count), witness=Oracle(well))

    outcome = service.isolate(count)

    assert set(outcome.rejected) == (set(range(count)) if well else set())
    assert isinstance(outcome.ended_by, Transient) is not well
    assert service.sizes == [count]
    assert service.witness.asked == 1


def test_what_came_back_before_the_end_is_there() -> None:
    class Refusing(Service):
        async def embed(self, some: Sequence[EmbedInput]) -> Embedded:
            if len(self.sizes) == 2:
                raise Refused("service", "the account is empty")
            return await super().embed(some)

    outcome = Refusing({0}).isolate(8)

    assert isinstance(outcome.ended_by, Refused)
    assert set(outcome.vectors) == set()
    outcome = Refusing({7}).isolate(8)
    assert set(outcome.vectors) == {0, 1, 2, 3}
    assert outcome.rejected == {}


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


@given(batches())
def test_items_that_the_reply_postpones_are_worth_another_try(batch: tuple[int, set[int]]) -> None:
    count, later = batch
    service = Service(postpones=later, witness=Oracle(verdict=False))

    outcome = service.isolate(count)

    assert set(outcome.vectors) == set(range(count)) - later
    assert outcome.rejected == dict.fromkeys(later, Rejection(FaultClass.TRANSIENT, "no picture"))
    assert outcome.ended_by is None, "where all pictures are away, the embedder is not to blame"
    assert service.sizes == [count]
    assert service.witness.asked == 0


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

    assert type(service.isolate(8).ended_by) is fault
    assert service.sizes == [8]


def test_the_quick_retries_are_for_the_whole_batch_only() -> None:
    whole, single = Service({2}), Service({2})

    outcome = asyncio.run(
        embed_isolating(inputs(4), call=whole.embed, probe=single.embed, witness=whole.witness)
    )

    assert whole.sizes == [4]
    assert set(outcome.rejected) == {2}
    assert max(single.sizes) == 2


def test_a_bad_item_is_told_why() -> None:
    (rejection,) = Service({3}).isolate(8).rejected.values()

    assert rejection.reason == "stumbled over 1"


@pytest.mark.parametrize("count", [1, 4])
def test_what_was_sent_before_a_service_began_to_refuse_everything_does_not_speak_for_it(count: int) -> None:
    witness = Oracle(verdict=False)
    before = witness.pulse.send()

    async def refused(some: Sequence[EmbedInput]) -> Embedded:
        witness.pulse.send()
        witness.pulse.accept(before)  # the answer to another worker arrives meanwhile
        raise BadInput("service", "closed (422)")

    outcome = asyncio.run(embed_isolating(inputs(count), call=refused, probe=refused, witness=witness))

    assert outcome.rejected == {}
    assert isinstance(outcome.ended_by, RefusesEverything)


@pytest.mark.parametrize("verdict", [True, False])
def test_items_refused_after_the_last_success_are_blamed_if_the_service_works(*, verdict: bool) -> None:
    witness = Oracle(verdict=verdict)

    async def one_by_one(some: Sequence[EmbedInput]) -> Embedded:
        witness.pulse.accept(witness.pulse.send())
        vectors = np.ones((len(some), 2), dtype=np.float32)
        return Embedded(vectors, {2: "closed (422)"}, refused={2}, requests=len(some))

    outcome = asyncio.run(embed_isolating(inputs(3), call=one_by_one, probe=one_by_one, witness=witness))

    assert set(outcome.vectors) == {0, 1}
    assert set(outcome.rejected) == ({2} if verdict else set())
    assert isinstance(outcome.ended_by, RefusesEverything) is not verdict
