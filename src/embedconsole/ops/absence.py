"""That operators know of the ledger's absence: a file beside our state, for the ledger can't tell."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Absence:
    """The file holds when they were told first and last, in seconds since 1970.

    Where it can't be written, operators are told once too often.
    """

    file: Path
    repeat_after: float
    clock: Callable[[], float] = time.time

    def to_be_told(self) -> bool:
        """Whether nobody was told, or not for `repeat_after` seconds."""
        times = self._times()
        return times is None or not 0 <= self.clock() - times[1] < self.repeat_after

    def told(self) -> None:
        """Somebody was."""
        now = self.clock()
        first = (self._times() or (now, now))[0]
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(f"{first} {now}\n", encoding="ascii")

    def over(self) -> float | None:
        """It answers: seconds since somebody was told first; None when nobody was."""
        times = self._times()
        if times is None:
            return None
        with suppress(OSError):
            self.file.unlink()
        return max(0.0, self.clock() - times[0])

    def _times(self) -> tuple[float, float] | None:
        try:
            first, last = map(float, self.file.read_text(encoding="ascii").split())
        except (OSError, ValueError):
            return None
        return first, last
