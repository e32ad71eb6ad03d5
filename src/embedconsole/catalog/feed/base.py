"""The protocol of a change feed: which items the shop has changed, as its triggers wrote it down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    EntryId: TypeAlias = "int | UUID"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One line of the outbox.

    Attributes:
        id: Grows with time, though a line may become visible after ones that have higher ids.
        source: The watched table, as `names.source_name` calls it.
        key: What the trigger found in the watched column, as text; None when the table was truncated.
    """

    id: EntryId
    source: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """The entries waiting in the outbox; `oldest` in seconds, None when it is empty."""

    entries: int
    oldest: float | None


class ChangeFeed(Protocol):
    """The feed of one pipeline. All methods but `listen` block, and may be called in any thread.

    When the database fails, they raise `Transient` or `Refused`. A feed that was never installed, or whose
    outbox is gone, is `Refused`.
    """

    def waiting(self) -> bool:
        """Whether the outbox holds anything for us; cheap."""
        ...

    def read(self, limit: int, after: EntryId | None = None) -> Sequence[FeedEntry]:
        """The first `limit` entries behind `after`, oldest first. They stay until they are acknowledged."""
        ...

    def keys(self, entries: Sequence[FeedEntry]) -> Iterator[Sequence[str]]:
        """The keys of the items that these entries are about, each once, in pages."""
        ...

    def acknowledge(self, entries: Sequence[FeedEntry]) -> None:
        """Take exactly these entries out of the outbox."""
        ...

    def problems(self) -> Sequence[str]:
        """Problems with the triggers, a line each: changes may go unnoticed until the next scan."""
        ...

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` when there may be news, for as long as the task lives.

        Returns at once where the database can't tell; a caller asks every second or two in any case.
        """
        ...

    def close(self) -> None:
        """Release connections."""
        ...
