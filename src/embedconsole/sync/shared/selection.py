"""Which items a forced run is about, when it is not about all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError
from embedconsole.items import CatalogRow
from embedconsole.sync.content.template import as_text, unknown_column

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


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

    def __contains__(self, row: object) -> bool:
        return isinstance(row, CatalogRow) and (
            row.key in self.keys or any(as_text(row.values[column]) == value for column, value in self.values)
        )


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
