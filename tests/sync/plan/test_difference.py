"""The heart: what follows from desired and synced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.ledger.items.difference import changed_state, state_of
from embedconsole.ledger.records.items import Hashes, KnownItem
from embedconsole.ledger.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

A, B, P, Q = b"a", b"b", b"p", b"q"


def known(desired: Sequence[bytes | None], synced: Sequence[bytes | None], state: State) -> KnownItem:
    return KnownItem(1, b"point", desired[0], desired[1], synced[0], synced[1], state, b"source")


@pytest.mark.parametrize(
    ("desired", "synced", "expected"),
    [
        ((A, P), (None, None), State.EMBED),  # new
        ((A, P), (B, P), State.EMBED),  # what is embedded changed
        ((A, P), (B, Q), State.EMBED),  # both changed: the payload goes with the point
        ((A, P), (A, Q), State.PAYLOAD),  # never pay for an embedding again
        ((A, P), (A, None), State.PAYLOAD),
        ((A, P), (A, P), State.SYNCED),
        ((None, None), (A, P), State.DELETE),
        ((None, None), (None, None), State.DELETE),
    ],
)
def test_what_to_do_follows_from_the_difference(
    desired: tuple[bytes | None, bytes | None], synced: tuple[bytes | None, bytes | None], expected: State
) -> None:
    assert state_of(*desired, *synced) is expected


EMBEDS, PAYLOADS = st.sampled_from([A, B]), st.sampled_from([P, Q])
DESIRED = st.one_of(st.just((None, None)), st.tuples(EMBEDS, PAYLOADS))
SYNCED = st.one_of(st.just((None, None)), st.tuples(EMBEDS, PAYLOADS))


@given(DESIRED, SYNCED)
def test_doing_the_work_of_a_state_brings_an_item_in_sync(
    desired: tuple[bytes | None, bytes | None], synced: tuple[bytes | None, bytes | None]
) -> None:
    match state_of(*desired, *synced):
        case State.EMBED:
            after = desired
        case State.PAYLOAD:
            # Only the payload is written: the rest must have been right before.
            after = (synced[0], desired[1])
        case State.SYNCED:
            after = synced
        case State.DELETE:
            assert desired == (None, None)
            return
    assert state_of(*desired, *after) is State.SYNCED


@given(EMBEDS, PAYLOADS, DESIRED, SYNCED, st.sampled_from(State))
def test_comparing_twice_changes_nothing_the_second_time(
    embed: bytes,
    payload: bytes,
    desired: tuple[bytes | None, bytes | None],
    synced: tuple[bytes | None, bytes | None],
    state: State,
) -> None:
    wanted = Hashes(embed, payload)
    changed = changed_state(wanted, known(desired, synced, state))

    assert (changed is None) == (desired == wanted)
    if changed is not None:
        assert changed is state_of(embed, payload, *synced)
        assert changed is not State.DELETE
    after = known(wanted, synced, state if changed is None else changed)
    assert changed_state(wanted, after) is None


def test_what_failed_stays_failed_until_its_content_changes() -> None:
    failed = known((A, P), (None, None), State.FAILED)

    assert changed_state(Hashes(A, P), failed) is None
    assert changed_state(Hashes(B, P), failed) is State.EMBED
    assert changed_state(Hashes(A, Q), failed) is State.EMBED
