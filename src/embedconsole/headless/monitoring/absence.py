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
    """The file holds when it was told first, and its own time is when it was told last.

    Where it can't be written, operators are told once too often.
    """

    file: Path
    repeat_after: float
    clock: Callable[[], float] = time.time

    def to_be_told(self) -> bool:
        """Whether nobody was told, or not for `repeat_after` seconds."""
        try:
            told_at = self.file.stat().st_mtime
        except OSError:
            return True
        return not 0 <= self.clock() - told_at < self.repeat_after

    def told(self) -> None:
        """Somebody was."""
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            first = self._first() or self.clock()
            self.file.write_text(f"{first:.0f}\n", encoding="ascii")

    def over(self) -> float | None:
        """It answers: seconds since somebody was told first; None when nobody was."""
        first = self._first()
        if first is None:
            return None
        with suppress(OSError):
            self.file.unlink()
        return max(0.0, self.clock() - first)

    def _first(self) -> float | None:
        try:
            return float(self.file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
