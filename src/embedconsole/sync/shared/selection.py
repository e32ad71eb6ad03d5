"""The selection of items for a forced run that does not embed all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError
from embedconsole.items import CatalogRow
from embedconsole.sync.content.template import as_text, unknown_column

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable


class EveryItem:
    """All there are."""

    def __contains__(self, row: object) -> bool:
        return True


EVERY_ITEM = EveryItem()


@dataclass(frozen=True, slots=True)
class Selection:
    """The items with one of these keys, or with one of these values in its column (column, value as text)."""

    keys: frozenset[str]
    values: tuple[tuple[str, str], ...] = ()

    def check(self, pipeline: str, columns: Collection[str]) -> None:
        """See that a pipeline's query has the columns.

        Raises:
            ConfigError: it has not.
        """
        for column, _ in self.values:
            if column not in columns:
                raise ConfigError(unknown_column(f"--only for pipeline {pipeline}", column, columns))

    @property
    def texts(self) -> tuple[str, ...]:
        """Its parts, as the operator writes them."""
        return (*sorted(self.keys), *(f"{column}={value}" for column, value in self.values))

    def matching(self, row: CatalogRow) -> set[str]:
        """Those of its `texts` that a row matches."""
        found = {f"{column}={value}" for column, value in self.values if as_text(row.values[column]) == value}
        return found | {row.key} if row.key in self.keys else found


@dataclass(slots=True)
class SelectedRows:
    """The rows of a selection; it notes which of its texts matched one."""

    selection: Selection
    _matched: set[str] = field(default_factory=set)

    def __contains__(self, row: object) -> bool:
        found = self.selection.matching(row) if isinstance(row, CatalogRow) else set()
        self._matched |= found
        return bool(found)

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The texts that no row has matched."""
        return tuple(text for text in self.selection.texts if text not in self._matched)


def unmatched_remark(rows: Container[CatalogRow]) -> str | None:
    """The sentence on what an operator chose by and nothing matched; None where all did."""
    left = rows.unmatched if isinstance(rows, SelectedRows) else ()
    return f"No item of the catalog matches {', '.join(f'--only {text}' for text in left)}" if left else None


def parse_selection(texts: Iterable[str]) -> Selection | None:
    """`column=value` or a key each; None when there is nothing to choose by.

    Raises:
        ConfigError: one of them is empty.
    """
    keys, values = set(), []
    for text in texts:
        column, equals, value = text.partition("=")
        if not column.strip():
            raise ConfigError(
                f"--only {text!r}: write COLUMN=VALUE or a key, for example category=shoes or 35"
            )
        if equals:
            values.append((column.strip(), value))
        else:
            keys.add(text)
    return Selection(frozenset(keys), tuple(values)) if keys or values else None
