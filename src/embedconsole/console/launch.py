"""The options and facts that the console is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.sync.shared.budget import item_price

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from embedconsole.config.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Launch:
    """The configuration and options of a console.

    Attributes:
        every: Seconds between the starts of two scheduled runs.
        command: How the operator calls us with this configuration, for hints.
        keys: Action to key, where the operator configured another one.
        replay_from: The past moment to begin with, in seconds since 1970; None for now.
        attach: Do not sync here: watch the process that serves the ledger, and send it orders.
        read_only: Only look: whatever changes, costs or writes is greyed out, and nothing is synced.
        log_path: The log file that this console writes; None when it writes none.
    """

    pipelines: Sequence[Pipeline]
    ledger_url: str
    every: float
    command: str = "embedconsole"
    keys: Mapping[str, str] = field(default_factory=dict)
    attach: bool = False
    read_only: bool = False
    mouse: bool = False
    replay_from: float | None = None
    log_path: Path | None = None


@dataclass(frozen=True, slots=True)
class LaunchFacts:
    """The facts about a pipeline that the screen shows from its configuration.

    Attributes:
        noun: What an item is called: "product" or "picture".
        embedded: The collection is an embedded one, which a single process has open.
        price: What embedding one item costs, in the operator's currency; None where no price is configured.
    """

    name: str
    collection: str
    noun: str = "product"
    embedded: bool = False
    price: float | None = None
    embedders: tuple[str, ...] = ()

    @property
    def subjects(self) -> tuple[str, ...]:
        """The dependencies that `test` tries, in its order."""
        return ("ledger", "catalog", *(f"embedder {name}" for name in self.embedders), "collection")


def facts_of(pipeline: Pipeline) -> LaunchFacts:
    """The facts of a configured pipeline."""
    return LaunchFacts(
        name=pipeline.name,
        collection=pipeline.collection.name,
        embedded=pipeline.collection.path is not None,
        noun="picture" if pipeline.catalog.product is not None else "product",
        price=item_price(pipeline),
        embedders=tuple(dict.fromkeys(vector.embedder for vector in pipeline.vectors.values())),
    )
