"""A catalog in memory: a shop whose rows a test changes as it likes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.catalog.base import Page, ValueSample
from embedconsole.items import CatalogRow
from sync.makers import COLUMNS, make_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embedconsole.catalog.base import Settled
    from embedconsole.items import JsonValue


@dataclass
class FakeCatalog:
    """Rows by key, in the order in which they were entered; each edit has a later version.

    Attributes:
        page_size: Rows in a page.
        fault: Raised by a scan after its first page.
        incremental: Whether it has a `changed` column.
    """

    page_size: int = 3
    fault: Exception | None = None
    incremental: bool = True
    rows: dict[str, CatalogRow] = field(default_factory=dict)
    version: int = 0
    rows_read: int = 0
    columns: tuple[str, ...] = COLUMNS
    default_payload: tuple[str, ...] = COLUMNS

    def put(self, key: str, *, version: int | None = None, **values: JsonValue) -> None:
        """Enter a row, or edit it; with `version` as if it had been done then and committed late."""
        self.version += 1
        found = self.rows.get(key)
        row = make_row(key, **({} if found is None else found.values) | values)
        self.rows[key] = CatalogRow(key, row.values, self.version if version is None else version)

    def remove(self, key: str) -> CatalogRow:
        """Delete a row."""
        return self.rows.pop(key)

    def restore(self, row: CatalogRow) -> None:
        """Bring a deleted row back as it was."""
        self.version += 1
        self.rows[row.key] = CatalogRow(row.key, row.values, self.version)

    def scan(self, *, since: str | None = None, changed_only: bool = False) -> Iterator[Page]:
        least = int(since) if since is not None and changed_only else -1
        found = [row for row in self.rows.values() if _version(row) >= least]
        highest = -1 if since is None else int(since)
        for number, rows in enumerate(_pages(found, self.page_size)):
            if number and self.fault is not None:
                raise self.fault
            highest = max(highest, *(_version(row) for row in rows))
            self.rows_read += len(rows)
            yield Page(rows, str(highest) if self.incremental else None)

    def keys(self) -> Iterator[Sequence[str]]:
        for rows in _pages(list(self.rows.values()), self.page_size):
            yield [row.key for row in rows]

    def count(self) -> int:
        return len(self.rows)

    def sample(self) -> ValueSample:
        return ValueSample(list(self.rows.values())[: self.page_size])

    def read(self, keys: Sequence[str]) -> dict[str, CatalogRow]:
        return {key: self.rows[key] for key in keys if key in self.rows}

    def reads(self, key: str, *, since: str | None) -> bool:
        return key in self.rows and (since is None or _version(self.rows[key]) >= int(since))

    def unsettled(self) -> Iterator[Sequence[str]]:
        return iter(())

    def write_back(self, settled: Sequence[Settled]) -> int:
        return 0

    def check_write_back(self) -> None:
        pass

    def close(self) -> None:
        pass


def _version(row: CatalogRow) -> int:
    assert isinstance(row.version, int)
    return row.version


def _pages(rows: list[CatalogRow], size: int) -> Iterator[list[CatalogRow]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
