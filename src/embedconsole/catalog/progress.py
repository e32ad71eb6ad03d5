"""How far a scan has come: the watermark that its pages carry."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

from embedconsole.catalog.watermark import encode, highest, step_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from embedconsole.catalog.watermark import Mark


class ScanProgress:
    """The watermark of a scan that is going on.

    A row that is edited behind a long scan's position is not seen by it, but later rows with later marks are.
    So the highest mark is taken back by the whole seconds the scan has lasted, never below where it started.

    Args:
        start: The watermark that the scan started from.
        clock: A steady clock in seconds.
        limit: UTC. Later marks are errors and do not count.
    """

    def __init__(self, start: Mark | None, clock: Callable[[], float], limit: datetime) -> None:
        self._start = start
        self._highest = start
        self._clock = clock
        self._started = clock()
        self._limit = limit

    def saw(self, marks: Iterable[object]) -> None:
        """Take note of the `changed` values of a page."""
        top = highest(marks, limit=self._limit)
        if top is not None:
            self._highest = _top(self._highest, top)

    @property
    def watermark(self) -> str | None:
        """The watermark so far, encoded; None when nothing was seen and there was no start."""
        if self._highest is None:
            return None
        lasted = math.floor(self._clock() - self._started)
        mark = step_back(self._highest, lasted) if lasted else self._highest
        return encode(mark if self._start is None else _top(self._start, mark))


def _top(before: Mark | None, mark: Mark) -> Mark:
    if before is None or isinstance(before, date) != isinstance(mark, date):
        return mark  # the column has changed its type since
    try:
        return highest([before, mark]) or mark
    except TypeError:  # a date and a time, or a time without a zone and one with it
        return mark
