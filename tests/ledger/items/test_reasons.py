"""Why an item was last given work: noted with its state, by the same rule in every database."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedconsole.ledger.items.difference import state_of
from embedconsole.ledger.records.items import Adoption, Change, DesiredItem
from embedconsole.ledger.records.work import Settlement
from embedconsole.ledger.state import UNKNOWN, Reason, State
from ledger.shelf import fail, hashes, point_of, source_of

if TYPE_CHECKING:
    from embedconsole.ledger.records.items import Hashes
    from ledger.shelf import Shelf

CONTENT = st.builds(hashes, st.sampled_from("ab"), st.sampled_from("pq"))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), CONTENT),
        st.tuples(st.just("remake"), CONTENT),
        st.tuples(st.just("work"), st.none()),
        st.tuples(st.just("edit in flight"), CONTENT),
        st.tuples(st.just("fail"), st.none()),
        st.tuples(st.just("force"), st.none()),
        st.tuples(st.just("remove"), st.none()),
        st.tuples(st.just("find"), st.one_of(st.none(), CONTENT)),
        st.tuples(st.just("find nothing"), st.none()),
    ),
    max_size=8,
)
_numbers = count()


def comes_to(desired: Hashes | None, synced: tuple[bytes | None, bytes | None]) -> State:
    wanted = desired or (None, None)
    return state_of(wanted[0], wanted[1], synced[0], synced[1])


@dataclass
class Expected:
    """The rule in words that a person can follow: what one item comes to, step by step."""

    desired: Hashes | None
    synced: tuple[bytes | None, bytes | None] = (None, None)
    reason: Reason = Reason.NEW
    state: State = State.EMBED
    in_flight: bool = False

    def follow(
        self, cause: Reason, synced: tuple[bytes | None, bytes | None], *, given_up: bool = False
    ) -> None:
        """Set what is synced, the state it comes to, and the reason, if that is other work than there was."""
        waited = self.state is State.EMBED or self.synced[0] is None
        self.synced = synced
        if not given_up:
            self.state = comes_to(self.desired, synced)
        if self.state in (State.EMBED, State.PAYLOAD) and (self.in_flight or not waited):
            self.reason = cause


def take(shelf: Shelf, key: str, expected: Expected, verb: str, content: Hashes | None) -> None:
    """One step, in the ledger and by the rule."""
    row = shelf.row(key)
    match verb:
        case "edit" | "remake":
            assert content is not None
            if expected.desired == content:
                return
            reason = Reason.EDITED if verb == "edit" else Reason.MODEL
            change = Change(row.id, source_of(content), content, reason)
            shelf.ledger.planned_items.apply(shelf.generation, [], [change])
            expected.desired = content
            expected.follow(reason, expected.synced)
        case "work" | "edit in flight" if expected.state in (State.EMBED, State.PAYLOAD):
            before = expected.desired
            assert before is not None
            batch = shelf.claimed()
            if verb == "edit in flight":
                assert content is not None
                expected.in_flight = True
                take(shelf, key, expected, "edit", content)
                expected.in_flight = False
            shelf.ledger.work.settle(batch, Settlement(written=[(item, before) for item in batch.items]))
            expected.synced = before
            expected.state = comes_to(expected.desired, before)
        case "fail" if expected.state in (State.EMBED, State.PAYLOAD):
            fail(shelf, shelf.claimed(), "unreadable", delay=None)
            expected.state = State.FAILED
        case "force" if expected.desired is not None:
            shelf.force(key)
            expected.synced = (UNKNOWN, UNKNOWN)
            expected.state, expected.reason = State.EMBED, Reason.FORCED
        case "remove":
            shelf.remove(key)
            expected.desired, expected.state = None, State.DELETE
        case "find" if expected.synced[0] != UNKNOWN:
            synced_items = shelf.ledger.synced_items
            believed = synced_items.of(shelf.generation, [point_of(key)])[point_of(key)]
            synced_items.correct(shelf.generation, [(believed, content)])
            cause = Reason.MISSING if content is None else Reason.RECHECKED
            expected.follow(cause, content or (None, None), given_up=expected.state is State.FAILED)
        case "find nothing" if expected.state is State.PAYLOAD:
            batch = shelf.claimed()
            shelf.ledger.work.settle(batch, Settlement(unsynced=batch.items))
            expected.synced = None, None
            expected.state, expected.reason = State.EMBED, Reason.MISSING


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CONTENT, STEPS)
def test_the_reason_is_that_of_the_rule(
    shelf: Shelf, first: Hashes, steps: list[tuple[str, Hashes | None]]
) -> None:
    key = f"item {next(_numbers)}"
    wanted = DesiredItem(key, point_of(key), source_of(first), first)
    shelf.ledger.planned_items.apply(shelf.generation, [wanted], [])
    expected = Expected(first)
    for verb, content in steps:
        take(shelf, key, expected, verb, content)
        row = shelf.row(key)
        assert (State(row.state), Reason(row.reason)) == (expected.state, expected.reason), (verb, steps)
    shelf.set(key, state=State.SYNCED.value)  # no work of it is left for the next example


def test_what_was_embedded_keeps_the_reason_it_was_embedded_for(shelf: Shelf) -> None:
    shelf.add(1, 2)
    shelf.work_off()
    shelf.edit(2, embed="b")

    known = {key: shelf.ledger.overview.item(shelf.generation, key) for key in ("1", "2")}
    assert {key: one and (one.state, one.reason) for key, one in known.items()} == {
        "1": (State.SYNCED, Reason.NEW),
        "2": (State.EMBED, Reason.EDITED),
    }


def test_what_was_edited_in_flight_is_embedded_again_because_of_that(shelf: Shelf) -> None:
    shelf.add(1)
    batch = shelf.claimed()
    shelf.edit(1, embed="b")
    shelf.ledger.work.settle(batch, Settlement(written=[(item, hashes()) for item in batch.items]))

    assert (shelf.states()["1"], shelf.row(1).reason) == (State.EMBED, Reason.EDITED)


def test_a_claim_brings_the_reason_along(shelf: Shelf) -> None:
    shelf.add(1, 2)
    shelf.force(2)

    assert {item.key: item.reason for item in shelf.claimed().items} == {
        "1": Reason.NEW,
        "2": Reason.FORCED,
    }


def test_a_failure_says_why_it_was_to_be_embedded(shelf: Shelf) -> None:
    shelf.add(1)
    fail(shelf, shelf.claimed(), "unreadable", delay=None)

    assert [item.reason for item in shelf.ledger.failures.page(shelf.generation)] == ["new"]


def test_an_adopted_point_has_a_reason_only_if_something_is_to_be_written(shelf: Shelf) -> None:
    shelf.ledger.synced_items.adopt(
        shelf.generation,
        [
            Adoption(point_of("1"), "1", hashes(), hashes()),
            Adoption(point_of("2"), "2", hashes(payload="q"), hashes(payload="p")),
        ],
    )

    assert {key: row["reason"] for key, row in shelf.dump().items()} == {"1": None, "2": Reason.RECHECKED}


@pytest.mark.parametrize(("lost", "reason"), [(True, Reason.MISSING), (False, Reason.NEW)])
def test_a_point_that_went_is_missing_unless_the_catalog_let_it_go(
    shelf: Shelf, lost: bool, reason: Reason
) -> None:
    shelf.add(1)
    shelf.work_off()
    if lost:
        shelf.edit(1, payload="q")
        batch = shelf.claimed()
        shelf.ledger.work.settle(batch, Settlement(unsynced=batch.items))
    else:
        shelf.remove(1)
        batch = shelf.claimed()
        shelf.edit(1)
        shelf.ledger.work.settle(batch, Settlement(deleted=batch.items))

    assert shelf.row(1).reason == reason
