"""The budget of a run for embeddings, over all of its pipelines, in the operator's currency."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.config.pipeline import Pipeline

_ROUNDING = 1e-9


@dataclass(slots=True)
class SpendingBudget:
    """A spending limit: nothing is claimed that it can't pay for.

    Attributes:
        most: What may be spent; None for any amount.
        spent: Spent so far; a retried request counts again, unless the service turned it away.
    """

    most: float | None = None
    spent: float = 0.0
    _promised: float = 0.0

    def room(self, price: float) -> int | None:
        """How many items of this price can still be claimed; None for any number."""
        if self.most is None or price <= 0.0:
            return None
        return max(0, math.floor((self.most - self.spent - self._promised) / price + _ROUNDING))

    def promise(self, cost: float) -> None:
        """Set money aside for a batch; with less than nothing, it is done with."""
        self._promised += cost

    def pay(self, cost: float) -> None:
        """Spend; with less than nothing, get it back."""
        self.spent += cost


def item_price(pipeline: Pipeline) -> float | None:
    """The price of all vectors of one item; None where none has a configured price."""
    known = [
        price * (2 if vector.combine else 1)  # text and picture are two inputs then
        for vector in pipeline.vectors.values()
        if (price := pipeline.embedders[vector.embedder].price_per_1000) is not None
    ]
    return sum(known) / 1000 if known else None


def check_prices(pipelines: Sequence[Pipeline]) -> None:
    """See that `--max-cost` has prices to go by.

    Raises:
        ConfigError: an embedder that may cost something has no price, or none has one.
    """
    unpriced = {
        name: config.type
        for pipeline in pipelines
        for name, config in pipeline.embedders.items()
        if config.price_per_1000 is None
    }
    used = {name for pipeline in pipelines for name in pipeline.embedders}
    for name, kind in unpriced.items():
        if kind != "hashing" or len(unpriced) == len(used):
            raise ConfigError(
                f"Set embedders.{name}.price_per_1000, what 1,000 items cost: --max-cost needs it"
            )
