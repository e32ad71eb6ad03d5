"""Faults of the outside world, in the four classes that decide what happens next.

Embedders, collections and databases raise these and nothing else for a fault of the outside world; the
sync engine decides by the class alone (docs/reliability.md).
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator


class FaultClass(StrEnum):
    """The class of a fault; the words are those of the log, the ledger and the screen."""

    THROTTLED = "throttled"
    TRANSIENT = "transient"
    ITEM = "item"
    REFUSED = "refused"


class Fault(Exception):
    """A fault of a dependency.

    Args:
        source: Who failed, in the operator's words: "embedding service ml", "Qdrant", "catalog", "ledger".
        message: The cause on one line.
        remedy: What the operator can do about it, or None when waiting is all there is to do.
    """

    kind: ClassVar[FaultClass]

    def __init__(self, source: str, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.source = source
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        line = f"{self.source}: {self.message}"
        return f"{line}. {self.remedy}" if self.remedy else line


class Throttled(Fault):
    """The dependency asks us to slow down (429). `retry_after` is in seconds, None when it did not say."""

    kind = FaultClass.THROTTLED

    def __init__(
        self, source: str, message: str, *, retry_after: float | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(source, message, remedy=remedy)
        self.retry_after = retry_after


class Transient(Fault):
    """Worth another try as it is: connect, time-out, 408, 5xx, a dropped or truncated reply."""

    kind = FaultClass.TRANSIENT


class Overloaded(Transient):
    """It has too much to do (503): worth another try, and fewer calls at a time."""


class RefusesEverything(Transient):
    """It refuses whatever it is sent, an input that is surely good included, so no item is at fault.

    A run stops as if a key had been refused; a daemon waits until the dependency accepts something again.
    """

    kind = FaultClass.REFUSED


class Unreachable(Transient):
    """There was no answer at all (name look-up, connect): never the fault of what we sent."""


class BadInput(Fault):
    """The request's input was refused: at least one of its items is at fault (4xx, 413, 422)."""

    kind = FaultClass.ITEM


class BadAnswer(BadInput):
    """The answer to the input cannot be used (no vector, too many, of a wrong size): worth another try."""

    kind = FaultClass.TRANSIENT


class PaidFailure(BadInput):
    """It failed while working on the input, which is charged for."""


class Refused(Fault):
    """No request will succeed until the operator repairs something (401, 402, 403, 404, wrong dimension)."""

    kind = FaultClass.REFUSED


class Misconfigured(Refused):
    """The configuration names what the dependency does not have: a table, a column, a query that it takes.

    A run ends by it as by a usage error. A daemon tries again, since a table may be made later.
    """


class ConfigError(Exception):
    """The configuration can't be used as it is; the message names the place and what to do."""


def is_misconfigured(error: BaseException) -> bool:
    """Whether it is the configuration that has to be corrected, and no dependency that failed."""
    return isinstance(error, ConfigError | Misconfigured)


_SYSTEM_REMEDIES = {
    errno.EACCES: "Let this user write there, or name another place",
    errno.EPERM: "Let this user write there, or name another place",
    errno.EROFS: "Name a place that can be written",
    errno.ENOSPC: "Free disk space there, or name another place",
    errno.EDQUOT: "Free disk space there, or name another place",
    errno.EMFILE: "Raise the limit of open files (`ulimit -n`)",
    errno.ENOTDIR: "Name a folder",
    errno.ENOENT: "Check that it is there",
}


def system_fault(error: OSError) -> Refused:
    """The fault for an error of the operating system: a file, a folder, a descriptor."""
    place = "the system" if error.filename is None else str(error.filename)
    said = error.strerror or type(error).__name__
    return Refused(place, said, remedy=_SYSTEM_REMEDIES.get(error.errno or 0))


def cause_of(error: BaseException) -> BaseException:
    """The exception that decides of a group: what the operator can repair first; any other is itself."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    causes = [cause_of(inner) for inner in error.exceptions]
    return min(causes, key=lambda cause: not isinstance(cause, (ConfigError, Fault)))


@contextmanager
def ungrouped() -> Iterator[None]:
    """Raise the deciding exception in place of a group: callers who wait for tasks know nothing of groups."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise cause_of(group) from group
