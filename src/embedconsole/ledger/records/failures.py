"""Items that failed, as an operator looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    """State of an item that failed: failed for good, waiting for its next attempt, or skipped."""

    FAILED = "failed"
    WAITING = "waiting"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class FailureFilter:
    """A selection of the items that failed.

    Attributes:
        cause: Only items that failed with this cause (`FailureGroup`); waiting items have none.
        text: Only those whose key or error has it in it, in whatever case.
    """

    kind: FailureKind = FailureKind.FAILED
    cause: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class FailedItem:
    """An item that failed; `age` in seconds since then.

    Attributes:
        next_try: Seconds until it is retried; None when only the operator retries it.
        reason: Why it was to be embedded, in the words of `--json`; None where that was never noted.
    """

    key: str
    error_class: str
    error: str
    attempts: int
    age: float
    next_try: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Items that failed of the same cause, or that all wait or are skipped.

    Attributes:
        error_class, error, example: Those of one of them; the example is its key.
        cause: What to ask for them by: eight bytes in hexadecimal; empty for those that wait or are skipped.
        newest, oldest: Seconds since the last and the first of them failed.
        next_try: Seconds until the first of them is retried; None when only the operator retries it.
    """

    error_class: str
    error: str
    count: int
    example: str
    cause: str
    newest: float
    oldest: float
    kind: FailureKind = FailureKind.FAILED
    next_try: float | None = None

    @property
    def among(self) -> FailureFilter:
        """The filter that selects its items."""
        return self.among_with("")

    def among_with(self, text: str) -> FailureFilter:
        """The filter that selects those of its items that contain a text."""
        return FailureFilter(self.kind, self.cause or None, text)
