"""What of the log the operator wants to see: a level, and a pattern."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import regex

from embedconsole.console.logs.entry import LEVELS
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from embedconsole.console.logs.entry import LogEntry

_SECONDS = 0.1
"""That a pattern may take for one entry."""

_CYCLE = ("info", "warning", "error")
_WORDS = {"info": "", "warning": "warnings and errors", "error": "errors"}


@dataclass(frozen=True, slots=True)
class Sieve:
    """Lets through entries of a level or graver that have the pattern; at "info" all levels pass."""

    level: str = "info"
    pattern: regex.Pattern[str] | None = None

    @property
    def words(self) -> str:
        """What it lets through; empty where that is everything."""
        pattern = "" if self.pattern is None else f"/{self.pattern.pattern}/"
        return " ".join(part for part in (_WORDS[self.level], pattern) if part)

    def passes(self, entry: LogEntry) -> bool:
        """Whether the entry is to be seen; may be asked in any thread.

        Raises:
            ConfigError: the pattern takes too long.
        """
        if self.level != "info" and LEVELS.index(entry.level or "info") < LEVELS.index(self.level):
            return False
        if self.pattern is None:
            return True
        try:
            # Concurrent: it does not keep the engine's thread from working.
            return self.pattern.search(entry.raw, timeout=_SECONDS, concurrent=True) is not None
        except TimeoutError as error:
            raise ConfigError("this pattern takes too long; try a simpler one") from error

    def next_level(self) -> Sieve:
        """The next level of the cycle."""
        return replace(self, level=_CYCLE[(_CYCLE.index(self.level) + 1) % len(_CYCLE)])

    def with_pattern(self, text: str) -> Sieve:
        """Another pattern; empty for none. Upper and lower case are the same.

        Raises:
            ConfigError: it is no regular expression.
        """
        if not text:
            return replace(self, pattern=None)
        try:
            return replace(self, pattern=regex.compile(text, regex.IGNORECASE))
        except regex.error as error:
            raise ConfigError(f"not a pattern yet: {error}") from error


EVERYTHING = Sieve()
