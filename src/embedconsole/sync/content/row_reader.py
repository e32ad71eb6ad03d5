"""Rows read by their keys, in portions that are bounded by their bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from embedconsole.pieces import Estimate, weight_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embedconsole.catalog.base import Catalog
    from embedconsole.items import CatalogRow

PORTION_BYTES = 2 << 20


class Portion(NamedTuple):
    """Keys that were read, those of their rows that exist now, and the bytes that these weigh."""

    keys: Sequence[str]
    rows: dict[str, CatalogRow]
    weight: int


class RowPortions:
    """Reads rows of a catalog; all workers of a run use one, and learn from each other how heavy rows are."""

    def __init__(self, catalog: Catalog, limit: int = PORTION_BYTES) -> None:
        self._catalog = catalog
        self._limit = limit
        self._estimate = Estimate()

    def expected(self, count: int) -> int | None:
        """The bytes of the first portion of so many keys, by what was read before; None when nothing was."""
        if not self._estimate.known:
            return None
        return max(self._estimate.weight(1), min(self._limit, self._estimate.weight(count)))

    def read(self, keys: Sequence[str]) -> Iterator[Portion]:
        """The keys in portions.

        A portion weighs about the limit at most, unless a single row weighs more.
        """
        left = list(keys)
        while left:
            found: dict[str, CatalogRow] = {}
            taken = weight = 0
            while taken < len(left) and weight < self._limit:
                part = left[taken : taken + self._estimate.count(self._limit - weight)]
                rows = self._catalog.read(part)
                weighs = weight_of(row.values.values() for row in rows.values())
                self._estimate.saw(len(part), weighs)
                found |= rows
                taken += len(part)
                weight += weighs
            yield Portion(left[:taken], found, weight)
            del left[:taken]
