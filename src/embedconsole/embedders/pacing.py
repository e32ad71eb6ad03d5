"""Requests or items a minute, evenly spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Pacer:
    """Gives every caller its moment, at least a minute / `per_minute` after the one before.

    There is no burst after a quiet time: a service that counts in windows of its own never sees more than the
    limit in any of them.

    Args:
        per_minute: Requests (or items) a minute; None for as many as there are.
        now: A clock in seconds.
        sleep: Waits for a number of seconds.
    """

    def __init__(
        self,
        per_minute: int | None,
        *,
        now: Callable[[], float] = anyio.current_time,
        sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
    ) -> None:
        self._interval = 60.0 / per_minute if per_minute else 0.0
        self._now = now
        self._sleep = sleep
        self._next = float("-inf")

    async def turn(self, weight: int = 1) -> None:
        """Return when the caller may send; the next one waits `weight` times as long as after a single one.

        A caller that is cancelled meanwhile leaves its moment unused.
        """
        if not self._interval:
            return
        now = self._now()
        mine = max(now, self._next)
        self._next = mine + weight * self._interval
        if mine > now:
            await self._sleep(mine - now)
