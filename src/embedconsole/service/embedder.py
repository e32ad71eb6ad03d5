"""The embedder that is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.config.sections.embedders.base import RemoteSection
from embedconsole.embedders.build import build_embedder
from embedconsole.embedders.vectors import CombinedEmbedder
from embedconsole.faults import BadInput
from embedconsole.items import EmbedInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.config.sections.embedder import EmbedderConfig
    from embedconsole.config.serving import ServiceSettings
    from embedconsole.embedders.base import Embedder


@dataclass(slots=True)
class Served:
    """An embedder and what clients may know of it.

    Attributes:
        dimensions: Of its vectors; None as long as nothing was embedded.
    """

    config: EmbedderConfig
    embedder: Embedder
    dimensions: int | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """The names that it goes by in OpenAI's requests: its own, and its model's."""
        return tuple(dict.fromkeys(filter(None, (self.embedder.name, self.config.model))))

    def sized(self, dimensions: int) -> Embedder:
        """The embedder for vectors of a smaller size; the usual one where it has no others."""
        smaller = self.config.resized(dimensions)
        return self.embedder if smaller is None else build_embedder(self.embedder.name, smaller)


def open_served(serving: ServiceSettings) -> Served:
    """The embedder that the configuration names; build it on the loop that uses it.

    Raises:
        ConfigError: It can't be built as configured.
    """
    name = serving.chosen()
    config = serving.embedders[name]
    if serving.service.concurrency is not None:
        config = config.model_copy(update={"concurrency": serving.service.concurrency})
    embedder = build_embedder(name, config)
    if config.takes_texts and config.takes_pictures and not config.embeds_both:
        embedder = CombinedEmbedder(embedder, serving.service.combine)
    return Served(config, embedder)


async def warm_up(served: Served) -> None:
    """Have a local model in memory before the first request; elsewhere an embedding is not ours to spend.

    Raises:
        Throttled, Transient, Refused: It does not work.
    """
    if isinstance(served.config, RemoteSection):
        return
    probe: Sequence[EmbedInput] = [EmbedInput(0, "warm-up", None)]
    try:
        embedded = await served.embedder.embed(probe)
    except BadInput:
        return  # a model of pictures alone
    served.dimensions = embedded.vectors.shape[1] or None
