"""When what failed is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole import retry
from embedconsole.retry import Pauses, item_delay

BACKOFF = (60.0, 120.0, 300.0)


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        (retry.LEDGER_CALL.pauses, [0, 1, 2, 3, 4, 4]),
        (retry.LEDGER_LOOK, [1, 2, 3, 4, 5, 5]),
        (retry.LISTEN, [1, 2, 4, 8, 16, 30]),
        (retry.BREAKER, [2, 4, 8, 16, 32, 64]),
    ],
)
def test_pauses_grow_to_their_longest(pauses: Pauses, expected: list[float]) -> None:
    assert [pauses.after(failures) for failures in range(1, 7)] == expected


@given(st.integers(1, 10**9))
def test_what_fails_for_weeks_waits_the_longest_pause_and_does_not_overflow(failures: int) -> None:
    for pauses in (*retry.RUN.values(), retry.BREAKER, retry.LEDGER_OPEN, retry.PREDICTION_LOOK):
        assert pauses.first <= pauses.after(failures) <= pauses.longest


def test_delays_follow_the_backoff_and_its_last_goes_on() -> None:
    delays = [item_delay(attempts, BACKOFF, most=5, luck=0.5) for attempts in range(1, 6)]

    assert delays == [60.0, 120.0, 300.0, 300.0, None]


@given(st.integers(1, 10), st.floats(0, 1), st.integers(1, 10))
def test_a_delay_is_spread_by_a_tenth_and_ends_with_the_attempts(
    attempts: int, luck: float, allowed: int
) -> None:
    delay = item_delay(attempts, [60.0, 120.0], most=allowed, luck=luck)

    if attempts >= allowed:
        assert delay is None
    else:
        middle = 60.0 if attempts == 1 else 120.0
        assert delay is not None
        assert middle * 0.899 <= delay <= middle * 1.101
