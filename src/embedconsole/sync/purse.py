"""What a run may spend on embeddings, over all of its pipelines, in the operator's currency."""

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
class Purse:
    """Nothing is claimed that it can't pay for.

    Attributes:
        most: What may be spent; None for any amount.
        spent: What was; a request that is tried again counts again, unless the service turned it away.
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
    """What all vectors of one item cost; None where no price is configured for any of them."""
    known = [
        price * (2 if vector.combine else 1)  # text and picture are two inputs then
        for vector in pipeline.vectors.values()
        if (price := pipeline.embedders[vector.embedder].price_per_1000) is not None
    ]
    return sum(known) / 1000 if known else None


def check_prices(pipelines: Sequence[Pipeline]) -> None:
    """Raises ConfigError where an embedder has no price: nobody could tell what it spends."""
    for pipeline in pipelines:
        for name, config in pipeline.embedders.items():
            if config.price_per_1000 is None and config.type != "hashing":
                raise ConfigError(f"--max-cost needs embedders.{name}.price_per_1000: what 1,000 items cost")
