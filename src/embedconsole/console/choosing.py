"""What of the failed items an action is about, when it is not about all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedconsole.sync.inspect.failures import Chosen


@dataclass(frozen=True, slots=True)
class Choice:
    """Some of the failed items, and how many they are as far as the screen knows."""

    chosen: Chosen
    count: int
