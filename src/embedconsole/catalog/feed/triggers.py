"""The parts of a feed in a database: triggers, and on PostgreSQL the functions they call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from embedconsole.catalog.keys import KeyKind
    from embedconsole.catalog.query_source import TableName


@dataclass(frozen=True, slots=True)
class Watched:
    """A table of `catalog.watch`, checked against the database.

    Attributes:
        source: What the outbox calls it.
        key: The column whose value the triggers write.
        kind: What that column holds.
        keys: The query for the items of a value; None where the value is the item's key.
        partitioned: Whether rows may be written to its partitions directly.
    """

    table: TableName
    source: str
    key: str
    kind: KeyKind
    keys: str | None = None
    partitioned: bool = False


@dataclass(frozen=True, slots=True)
class TriggerPart:
    """A trigger or a function.

    Attributes:
        table: The watched table it belongs to.
        definition: Its text as the database shows it, which `Found.definition` is compared with.
    """

    name: str
    table: TableName
    create: str
    drop: str
    definition: str


@dataclass(frozen=True, slots=True)
class FoundTriggers:
    """A trigger or function of ours that the database has.

    Attributes:
        table: Where a trigger is, by name; empty for a function.
        definition: The body; of a PostgreSQL trigger the function's name, empty while it is disabled.
        drop: The statement that removes it.
    """

    name: str
    table: str
    definition: str
    drop: str

    def is_as(self, part: TriggerPart) -> bool:
        """Whether it does what the part is to do, white space aside."""
        same_table = self.table in ("", part.table.name)
        return same_table and self.definition.split() == part.definition.split()


class Dialect(Protocol):
    """One module a database: what the statements look like there. All but `found` and `unseen` is pure."""

    @property
    def BEFORE(self) -> Sequence[str]:  # noqa: N802 - a constant of a module
        """Statements that keep an installation from waiting long for a lock, with the shop behind it."""
        ...

    @property
    def AGE(self) -> str:  # noqa: N802
        """An expression for how old the oldest `noted_at` is, in seconds."""
        ...

    def quoted(self, table: TableName) -> str:
        """A table's name, quoted for a statement."""
        ...

    def create_outbox(self, outbox: TableName) -> str:
        """The statement that makes the outbox unless it is there."""
        ...

    def grant(self, outbox: TableName, user: str) -> str | None:
        """The GRANT for a user who reads and empties the outbox; None where there are no rights."""
        ...

    def script(self, statements: Sequence[str]) -> str:
        """The statements as the database's own client takes them, in one transaction where it can."""
        ...

    def parts(self, feed: str, outbox: TableName, watched: Watched) -> Sequence[TriggerPart]:
        """The parts that one watched table needs, in the order of their creation."""
        ...

    def found(self, connection: Connection, outbox: TableName) -> Sequence[FoundTriggers]:
        """All that carries our prefix, of any feed, in the order in which it can be dropped."""
        ...

    def unseen(self, connection: Connection, watched: Sequence[Watched]) -> Sequence[str]:
        """Foreign keys whose changes of watched rows fire no triggers, a line each."""
        ...
