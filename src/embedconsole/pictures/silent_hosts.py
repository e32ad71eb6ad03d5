"""Hosts that do not answer, left alone for a while: the pictures of one must not hold up all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from embedconsole.faults import Transient
from embedconsole.pictures.reference import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE = 3
"""Requests in a row without an answer, after which a host is left alone."""
_REST_SECONDS = 30.0


class SilentHosts:
    """Knows how often a host has not answered since it last did.

    Args:
        now: A clock in seconds.
    """

    def __init__(self, *, now: Callable[[], float] = anyio.current_time) -> None:
        self._now = now
        self._silences: dict[str, int] = {}
        self._resting_until: dict[str, float] = {}

    def check(self, host: str) -> None:
        """Let a request through.

        Raises:
            Transient: The host is being left alone.
        """
        if self._now() < self._resting_until.get(host, float("-inf")):
            raise Transient(
                SOURCE, f"its picture's host {host} did not answer lately: it is asked again later"
            )

    def answered(self, host: str) -> None:
        """It did, whatever it said."""
        self._silences.pop(host, None)
        self._resting_until.pop(host, None)

    def silent(self, host: str) -> None:
        """It did not; after a rest, once more is enough for the next one."""
        self._silences[host] = self._silences.get(host, 0) + 1
        if self._silences[host] >= _PATIENCE:
            self._resting_until[host] = self._now() + _REST_SECONDS
