"""Raw rows of a page into catalog rows, a column at a time."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

from embedconsole.catalog.values import json_column
from embedconsole.items import CatalogRow

if TYPE_CHECKING:
    from collections.abc import Sequence


class RowMaker:
    """Makes the rows of one query.

    Args:
        columns: Column names in the order of a raw row.
        json: Columns whose text is JSON.
        changed: Where in a raw row the `changed` value is; None when there is none.
    """

    def __init__(self, columns: Sequence[str], json: frozenset[str], changed: int | None) -> None:
        self._columns = columns
        self._parsed = [name in json for name in columns]
        self._changed = changed

    def __call__(self, keys: Sequence[str], raw: Sequence[Sequence[object]]) -> list[CatalogRow]:
        """The rows, given their keys."""
        by_column = list(zip(*raw, strict=True))
        ready = [
            json_column(values, parse=parse) for values, parse in zip(by_column, self._parsed, strict=False)
        ]
        versions = by_column[self._changed] if self._changed is not None and raw else repeat(None)
        names = self._columns
        return [
            CatalogRow(key, dict(zip(names, values, strict=True)), version)
            for key, values, version in zip(keys, zip(*ready, strict=True), versions, strict=False)
        ]
