"""When a failed item is tried again. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.config.settings import RetryConfig

_JITTER = 0.1


def delay_after(attempts: int, retry: RetryConfig, *, luck: float) -> float | None:
    """Seconds until the next attempt; None when the item has had all of them.

    Args:
        attempts: Attempts that the item has had, the one that just failed included.
        luck: A number from 0 to 1 that spreads the delay by ±10 %, so that items do not come back together.
    """
    if attempts >= retry.attempts:
        return None
    delay = retry.backoff[min(attempts, len(retry.backoff)) - 1]
    return delay * (1 - _JITTER + 2 * _JITTER * luck)


def longest_delay(policies: Sequence[RetryConfig]) -> float:
    """Seconds that an item is put off at most."""
    return max((delay for retry in policies for delay in retry.backoff), default=0.0) * (1 + _JITTER)
