"""A shop that is never quiet: products come, change and go, from a seed, in a thread of its own."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from support.shop import Shop

_PAUSE = 0.08
"""Seconds between two edits of a busy shop."""
_ODD = {
    "sqlite": (
        "color = CAST(x'fffe' AS TEXT)",
        "created_at = '2026-13-45 99:99:99'",
        "size_options = '99999999999999999999'",
        "size_options = 9e999",
    ),
    "postgresql": (
        "created_at = 'infinity'",
        "created_at = '0044-03-15 12:00:00 BC'",
        "size_options = '99999999999999999999'",
        "size_options = 'Infinity'",
    ),
    "mysql": (
        "created_at = '0000-00-00'",
        "created_at = '2026-00-00'",
        "size_options = '99999999999999999999'",
        "size_options = '1e22'",
    ),
}
"""Values that databases take and other programs do not, by dialect."""


@dataclass
class ShopLife:
    """Changes a shop.

    No product ever has a title again, so whatever is embedded twice with the same content was paid for twice.
    """

    shop: Shop
    chance: random.Random
    living: list[int] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    """Products that are deleted softly."""
    always: set[int] = field(default_factory=set)
    """Products that have been in the catalog ever since they came."""
    _newest: int = 0
    _edits: int = 0

    def add(self, count: int) -> None:
        """New products."""
        new = list(range(self._newest + 1, self._newest + 1 + count))
        self._newest += count
        self.living += new
        self.always |= set(new)
        self.shop.add(new)

    def retitle(self, count: int) -> None:
        """Products that have to be embedded again."""
        self._retitle(self._some(count))

    def reprice(self, count: int) -> None:
        """Products whose payload changes and nothing else."""
        self._reprice(self._some(count))

    def remove(self, count: int) -> None:
        """Products that go for good."""
        self._remove(self._some(count))

    def vanish(self, count: int) -> None:
        """Products that are deleted softly and restored at once, with another title."""
        self._hide(self._some(count))
        self._show()

    def work(self) -> None:
        """A day's changes, each to products of its own: two chunks of ten to embed, and some of all else."""
        changed = self._some(26)
        self._show()
        self._retitle(changed[:14])
        self._reprice(changed[14:19])
        self._remove(changed[19:22])
        self._hide(changed[22:24])
        self._make_odd(changed[24:])
        self.add(8)

    def _retitle(self, numbers: Sequence[int]) -> None:
        self._edits += 1
        self.shop.edit(numbers, title=f"Edit {self._edits}", needs_embedding=True)

    def _reprice(self, numbers: Sequence[int]) -> None:
        self._edits += 1
        self.shop.edit(numbers, price=f"{self._edits}.50", needs_embedding=True)

    def _remove(self, numbers: Sequence[int]) -> None:
        self.living = [number for number in self.living if number not in numbers]
        self.always -= set(numbers)
        self.shop.delete(numbers)

    def _hide(self, numbers: Sequence[int]) -> None:
        self.living = [number for number in self.living if number not in numbers]
        self.always -= set(numbers)
        self.hidden += numbers
        self.shop.edit(numbers, needs_embedding=False)
        self.shop.soft_delete(numbers)

    def _show(self) -> None:
        """Restore all products that are deleted softly."""
        shown, self.hidden = self.hidden, []
        if shown:
            self._edits += 1
            self.shop.edit(shown, deleted_at=None, title=f"Edit {self._edits}", needs_embedding=True)
            self.living += shown

    def _make_odd(self, numbers: Sequence[int]) -> None:
        """Give products a value that other programs stumble over; it is part of the payload alone."""
        dialect = self.shop.database.dialect
        permissive = ["SET sql_mode = ''"] if dialect == "mysql" else []
        for number in numbers:
            value = self.chance.choice(_ODD[dialect])
            self.shop.database.run(*permissive, f"UPDATE products SET {value} WHERE id = {number}")
        self.shop.edit(numbers, needs_embedding=True)

    def _some(self, count: int) -> list[int]:
        return self.chance.sample(self.living, min(count, len(self.living)))

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """One change after the other while the block runs."""
        over = threading.Event()
        failed: list[Exception] = []

        def live() -> None:
            changes = (self.retitle, self.retitle, self.reprice, self.add, self.remove, self.vanish)
            while not over.wait(_PAUSE):
                try:
                    self.chance.choice(changes)(1)
                except Exception as error:  # noqa: BLE001  (raised below, in the test)
                    failed.append(error)
                    return

        thread = threading.Thread(target=live, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
        if failed:
            raise failed[0]
