"""The protocol of a catalog: the user's rows, read in key order, and the few columns we may write back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence, Set

    from embedconsole.items import CatalogRow, JsonValue


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a scan, in key order.

    Attributes:
        rows: The rows, each key once in the whole scan.
        watermark: The highest `changed` value of the scan so far, less the seconds that the scan has lasted
            (a row edited behind its position must not be lost) and at least the one it started from, encoded
            as text that `Catalog.scan` takes back; None when the catalog has no `changed` column or no value
            was seen.
    """

    rows: Sequence[CatalogRow]
    watermark: str | None


@dataclass(frozen=True, slots=True)
class ValueSample:
    """The first rows of a catalog, and remarks on them for the operator.

    Attributes:
        unkeyed: Rows of the whole catalog that have no key, and so are no items.
        binary: Columns that hold bytes.
        unmarked: Key and `changed` value, as text, of the rows whose value can be no watermark.
    """

    rows: Sequence[CatalogRow]
    unkeyed: int = 0
    binary: Set[str] = frozenset()
    unmarked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """An item that the collection now holds, to be noted in the user's table.

    Attributes:
        row: The row as it was read before it was embedded; the note is not made when the `changed` value of
            the row is another one by now.
        vector: The vector (a list of numbers, or name to list for named vectors) for the `vector` column;
            None leaves that column alone.
    """

    row: CatalogRow
    vector: JsonValue = None


class Catalog(Protocol):
    """A catalog. All methods block; the engine calls them in threads, several at once.

    The first use connects and checks what the configuration names; a check that failed is made again at the
    next use. When the database fails, every method and property and every step of an iterator raises
    `Transient` (unreachable, deadlock, time-out) or `Refused` (credentials, missing table or column, no
    permission) and nothing else; `embedconsole.faults` defines them.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the query, in its order."""
        ...

    @property
    def default_payload(self) -> tuple[str, ...]:
        """The columns that make the payload when none is configured: all but the write-back columns."""
        ...

    @property
    def incremental(self) -> bool:
        """Whether `scan(since=...)` can find changes without reading everything."""
        ...

    def scan(self, *, since: str | None = None, changed_only: bool = False) -> Iterator[Page]:
        """All rows, or with `changed_only` those that may have changed, in the database's own key order.

        Each page is a transaction of its own, unless the database would evaluate the whole query for each.
        Without rows there is no page. A scan that fails raises from the iterator, and never ends early.

        Args:
            since: The watermark of an earlier scan; the scan looks back `overlap` before it.
            changed_only: Rows changed since `since`, rows whose `changed` is NULL, and rows that the
                write-back columns mark as not synced. With neither a watermark nor trusted flags, all rows.

        Raises:
            Refused: also when the query returns one key twice.
        """
        ...

    def keys(self) -> Iterator[Sequence[str]]:
        """Pages of all keys, in the database's own key order."""
        ...

    def count(self) -> int:
        """How many rows the query has now."""
        ...

    def sample(self) -> ValueSample:
        """The first page of rows, and what is odd in them."""
        ...

    def read(self, keys: Sequence[str]) -> dict[str, CatalogRow]:
        """The rows of these keys that exist now, by key, in the order of `keys`."""
        ...

    def reads(self, key: str, *, since: str | None) -> bool:
        """Whether a scan for changes since this watermark reads the row of this key."""
        ...

    def unsettled(self) -> Iterator[Sequence[str]]:
        """Pages of keys that the write-back columns mark as not synced; nothing without such columns."""
        ...

    def write_back(self, settled: Sequence[Settled]) -> int:
        """Note items as synced in the configured columns, in one transaction; nothing without them.

        Items that are gone or were edited since they were read are left as they are. Those without a row in
        the table get one where `insert` says so.

        Returns:
            How many were left because they were edited.
        """
        ...

    def check_write_back(self) -> None:
        """Have the database say whether it would take a write-back; changes nothing.

        Raises:
            Refused: we may not write what the configuration names.
        """
        ...

    def close(self) -> None:
        """Release connections."""
        ...
