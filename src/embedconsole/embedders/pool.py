"""The embedders of a process: each built once, at its first use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.embedders.build import build_embedder

if TYPE_CHECKING:
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.config.sections.embedder import EmbedderConfig
    from embedconsole.config.sections.vector import VectorConfig
    from embedconsole.config.types import Combine
    from embedconsole.embedders.base import Embedder
    from embedconsole.embedders.tickets import Tickets


@dataclass(slots=True)
class EmbedderPool:
    """Embedders by name, shared by all vectors and pipelines that use them."""

    tickets: Tickets | None = None
    _built: list[tuple[str, EmbedderConfig, Embedder]] = field(default_factory=list)
    _combined: dict[tuple[str, Combine], Embedder] = field(default_factory=dict)

    def get(self, pipeline: Pipeline, vector: VectorConfig) -> Embedder:
        """The embedder that a vector uses, built at the first call."""
        name, how = vector.embedder, vector.combine
        embedder = self._embedder(name, pipeline.embedders[name])
        if how is None:
            return embedder
        if (embedder.identity, how) not in self._combined:
            # It brings numpy, which a run with nothing to embed need not pay for.
            from embedconsole.embedders.vectors import CombinedEmbedder

            self._combined[embedder.identity, how] = CombinedEmbedder(embedder, how)
        return self._combined[embedder.identity, how]

    def _embedder(self, name: str, config: EmbedderConfig) -> Embedder:
        # By its settings too: while one is replaced by another of the same name, both are in use.
        for known_name, known_config, embedder in self._built:
            if (known_name, known_config) == (name, config):
                return embedder
        embedder = build_embedder(name, config, tickets=self.tickets)
        self._built.append((name, config, embedder))
        return embedder

    async def aclose(self) -> None:
        """Close what was built."""
        for _, _, embedder in self._built:
            await embedder.aclose()
