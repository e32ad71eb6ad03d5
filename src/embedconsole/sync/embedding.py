"""Embedding the contents of a batch: every vector of every item, through the embedders' gates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from embedconsole.faults import BadInput, Fault, Refused, Transient
from embedconsole.sync.flow import Interrupted, Stop
from embedconsole.sync.isolate import Rejection, embed_isolating

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.config.model import RetryConfig
    from embedconsole.embedders.base import Embedder
    from embedconsole.items import Embedded, EmbedInput, Vectors
    from embedconsole.sync.content import Content
    from embedconsole.sync.flow import Gate
    from embedconsole.sync.progress import Progress

    Vector = NDArray[np.float32]


@dataclass(slots=True)
class ItemVectors:
    """What came of the contents of a batch.

    Attributes:
        vectors: Key to vector name to vector; only items all of whose vectors are there.
        rejected: Key to why the item was not embedded.
    """

    vectors: dict[str, dict[str, Vector]] = field(default_factory=dict)
    rejected: dict[str, Rejection] = field(default_factory=dict)


@dataclass(slots=True)
class KnownSize:
    """The size of a vector: configured, or the collection's, or learnt from the first reply."""

    size: int | None = None
    confirmed: bool = False

    def check(self, name: str, vectors: Vectors) -> None:
        """Check vectors of shape (inputs, size).

        Raises:
            BadInput: one input came back with another size than those before it.
            Refused: the embedder answers with another size altogether.
        """
        count, size = vectors.shape
        if self.size is None or size == self.size:
            self.size, self.confirmed = size, True
            return
        message = f"it answered with {size} dimensions, the configuration or the collection wants {self.size}"
        if count == 1 and self.confirmed:
            raise BadInput(f"embedder {name}", message)
        raise Refused(
            f"embedder {name}",
            message,
            remedy="Use the model that the collection was made with, or a collection of another name",
        )


@dataclass(frozen=True, slots=True)
class GatedEmbedder:
    """An embedder behind its gate, as a pipeline uses it for one vector.

    Attributes:
        size: What the vectors must have, once that is known.
    """

    embedder: Embedder
    size: KnownSize
    gate: Gate
    retry: RetryConfig
    progress: Progress

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """Embed with the quick retries of the policy."""
        return await self.gate.call(lambda: self._once(inputs), self.retry)

    async def probe(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """Embed with a single try (a 429 is waited for all the same)."""
        return await self.gate.call(
            lambda: self._once(inputs), self.retry.model_copy(update={"call_attempts": 1})
        )

    async def _once(self, inputs: Sequence[EmbedInput]) -> Embedded:
        self.progress.embed_items += len(inputs)
        requests = 1
        try:
            embedded = await self.embedder.embed(inputs)
            requests = embedded.requests
        finally:
            self.progress.embed_requests += requests
        if len(embedded.rejected) < len(inputs):
            self.size.check(self.embedder.name, embedded.vectors)
        return embedded


async def embed_contents(contents: Sequence[Content], embedders: Mapping[str, GatedEmbedder]) -> ItemVectors:
    """Embed all vectors of the contents; an item is rejected when one of its vectors is.

    Args:
        embedders: Vector name to its embedder.

    Raises:
        Transient: a batch failed as a whole; its gate has counted it.
        Refused, Stop, Interrupted: see `flow`.
    """
    outcome = ItemVectors(vectors={content.key: {} for content in contents})
    inputs = {content.key: content.inputs for content in contents}
    for name, gated in embedders.items():
        wanting = [(key, sent[name]) for key, sent in inputs.items() if name in sent]
        pieces = [
            wanting[start : start + gated.embedder.batch_size]
            for start in range(0, len(wanting), gated.embedder.batch_size)
        ]
        # The pieces of a chunk larger than the embedder takes go out together; the gate bounds them.
        errors: list[Fault | Stop | Interrupted] = []
        async with anyio.create_task_group() as group:
            for piece in pieces:
                group.start_soon(_embed_piece, piece, name, gated, outcome, errors)
        if errors:
            # What ends the run comes before what is only tried again.
            worst = next((error for error in errors if not isinstance(error, Transient)), errors[0])
            if isinstance(worst, Transient):
                gated.gate.failed(worst)
            raise worst
    for key in outcome.rejected:
        outcome.vectors.pop(key, None)
    return outcome


async def _embed_piece(
    piece: Sequence[tuple[str, EmbedInput]],
    name: str,
    gated: GatedEmbedder,
    outcome: ItemVectors,
    errors: list[Fault | Stop | Interrupted],
) -> None:
    inputs = [entry for _, entry in piece]
    try:
        isolated = await embed_isolating(inputs, call=gated.embed, probe=gated.probe)
    except (Fault, Stop, Interrupted) as error:
        # Raised once all pieces have ended: out of a task group it would come wrapped, and caught by nobody.
        errors.append(error)
        return
    for index, vector in isolated.vectors.items():
        outcome.vectors[piece[index][0]][name] = vector
    for index, rejection in isolated.rejected.items():
        outcome.rejected.setdefault(piece[index][0], rejection)
