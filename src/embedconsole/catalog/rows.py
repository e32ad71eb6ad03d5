"""Raw rows of a page into catalog rows, a column at a time."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

from embedconsole.catalog.markup import plain_column
from embedconsole.catalog.row_values import bit_column, json_column, parsed_column
from embedconsole.items import CatalogRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.catalog.query_source import QuerySource


class RowMaker:
    """Makes the rows of one query.

    Args:
        source: Its columns, in the order of a raw row.
        changed: Where in a raw row the `changed` value is; None when there is none.
    """

    def __init__(self, source: QuerySource, changed: int | None) -> None:
        self._columns = source.columns
        special = {
            **dict.fromkeys(source.html, plain_column),
            **dict.fromkeys(source.bits, bit_column),
            **dict.fromkeys(source.json, parsed_column),
        }
        self._convert = [special.get(name, json_column) for name in source.columns]
        self._changed = changed

    def __call__(self, keys: Sequence[str], raw: Sequence[Sequence[object]]) -> list[CatalogRow]:
        """The rows, given their keys."""
        by_column = list(zip(*raw, strict=True))
        ready = [convert(values) for convert, values in zip(self._convert, by_column, strict=False)]
        versions = by_column[self._changed] if self._changed is not None and raw else repeat(None)
        names = self._columns
        return [
            CatalogRow(key, dict(zip(names, values, strict=True)), version)
            for key, values, version in zip(keys, zip(*ready, strict=True), versions, strict=False)
        ]
