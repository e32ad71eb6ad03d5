"""The items that a scan has seen: a set of row ids that takes one bit each."""

from __future__ import annotations

_PAGE_BITS = 16
_PAGE_MASK = (1 << _PAGE_BITS) - 1


class SeenIds:
    """A set of integers in pages of 65,536 bits: 125 KB for a million ids that lie together.

    It is what makes deletions exact without comparing keys: no two databases order text alike, so a merge
    of two key orders can't be trusted to find what is missing.
    """

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}
        self._count = 0

    def add(self, number: int) -> bool:
        """Add an id; False when it was there already."""
        page = self._pages.get(number >> _PAGE_BITS)
        if page is None:
            page = self._pages[number >> _PAGE_BITS] = bytearray(1 << (_PAGE_BITS - 3))
        offset = number & _PAGE_MASK
        bit = 1 << (offset & 7)
        if page[offset >> 3] & bit:
            return False
        page[offset >> 3] |= bit
        self._count += 1
        return True

    def __contains__(self, number: int) -> bool:
        page = self._pages.get(number >> _PAGE_BITS)
        offset = number & _PAGE_MASK
        return page is not None and bool(page[offset >> 3] & (1 << (offset & 7)))

    def __len__(self) -> int:
        return self._count
