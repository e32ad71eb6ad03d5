"""Vectors that were paid for in a call that then failed, kept for the call that tries again."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

Value = TypeVar("Value")


class Memo(Generic[Value]):
    """A small store, oldest out first; what is taken is gone."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, values: Mapping[Hashable, Value]) -> None:
        """Remember these, forgetting the oldest beyond the limit."""
        self._kept.update(values)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def take(self, key: Hashable) -> Value | None:
        """What is kept under a key, removing it; None when there is nothing."""
        return self._kept.pop(key, None)
