"""Embedding the contents of a batch: every vector of every item, through the embedders' gates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import anyio

from embedconsole.faults import BadInput, Fault, FaultClass, Refused, Throttled, Transient, Unreachable
from embedconsole.items import EmbedInput
from embedconsole.sync.flow import Interrupted, Stop
from embedconsole.sync.isolate import Rejection, embed_isolating
from embedconsole.sync.purse import Purse
from embedconsole.sync.slots import vector_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.config.model import RetryConfig
    from embedconsole.embedders.base import Embedder
    from embedconsole.items import Embedded, Vectors
    from embedconsole.sync.content import Content
    from embedconsole.sync.flow import Gate
    from embedconsole.sync.progress import Progress

    Vector = NDArray[np.float32]
    Fence = Callable[[], Awaitable[None]]

_SAMPLE = "embedconsole: is anybody there?"


async def _nobody_else() -> None:
    """The fence of who shares the items with nobody."""


@dataclass(slots=True)
class ItemVectors:
    """What came of the contents of a batch.

    Attributes:
        vectors: Key to slot (see `sync.slots`) to embedding; only items all of whose embeddings are there.
        partial: The same of items that lack some of theirs, and may get them another time.
        rejected: Key to why the item was not embedded.
        ended_by: Why items that stand nowhere, or in `partial`, have no answer; None when all have theirs.
    """

    vectors: dict[str, dict[str, Vector]] = field(default_factory=dict)
    partial: dict[str, dict[str, Vector]] = field(default_factory=dict)
    rejected: dict[str, Rejection] = field(default_factory=dict)
    ended_by: Fault | Stop | Interrupted | None = None


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


@dataclass(slots=True)
class Pulse:
    """The signs of life of an embedder, over all batches.

    Attributes:
        answers: Calls that brought a vector so far.
        known_good: What the last of them sent.
    """

    answers: int = 0
    known_good: EmbedInput | None = None


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
    pulse: Pulse = field(default_factory=Pulse)
    purse: Purse = field(default_factory=Purse)

    async def embed(self, inputs: Sequence[EmbedInput], fence: Fence = _nobody_else) -> Embedded:
        """Embed with the quick retries of the policy; `fence` is called before every try."""
        return await self.gate.call(lambda: self._once(inputs, fence), self.retry)

    async def probe(self, inputs: Sequence[EmbedInput], fence: Fence = _nobody_else) -> Embedded:
        """Embed with a single try (a 429 is waited for all the same)."""
        once = self.retry.model_copy(update={"call_attempts": 1})
        return await self.gate.call(lambda: self._once(inputs, fence), once)

    async def _once(self, inputs: Sequence[EmbedInput], fence: Fence) -> Embedded:
        await fence()
        self.progress.embed_items += len(inputs)
        cost = len(inputs) * (self.embedder.price_per_1000 or 0.0) / 1000
        self._pay(cost)
        requests = 1
        try:
            embedded = await self.embedder.embed(inputs)
            requests = embedded.requests
        except (Throttled, Unreachable, Refused):
            self._pay(-cost)  # nobody takes money for turning us away
            raise
        finally:
            self.progress.embed_requests += requests
        if len(embedded.rejected) < len(inputs):
            self.size.check(self.embedder.name, embedded.vectors)
            self.pulse.answers += 1
            good = next(place for place in range(len(inputs)) if place not in embedded.rejected)
            self.pulse.known_good = inputs[good]
        return embedded

    def _pay(self, cost: float) -> None:
        self.purse.pay(cost)
        self.progress.spent += cost


@dataclass(frozen=True, slots=True)
class EmbedderWitness:
    """Tells by a sample whether an embedder works; see `isolate.Witness`. A sample costs one embedding.

    Attributes:
        like: One of the inputs that failed: the sample has its shape.
    """

    gated: GatedEmbedder
    like: EmbedInput

    @property
    def source(self) -> str:
        return f"embedding service {self.gated.embedder.name}"

    @property
    def answers(self) -> int:
        return self.gated.pulse.answers

    async def alive(self, since: int, reason: str) -> bool | None:
        if self.answers > since:
            return True
        sample = _sample(self.like) or self.gated.pulse.known_good
        if sample is None:
            return None
        try:
            embedded = await self.gated.probe([sample])
        except BadInput:
            return True  # it has an opinion of its input, so it works
        except Transient:
            return False
        return embedded.rejected.get(0) != reason


def _sample(like: EmbedInput) -> EmbedInput | None:
    """A plain text that every text model embeds; None where only images are embedded."""
    if like.text is None:
        return None
    fields = {name: _SAMPLE if value else "" for name, value in like.fields.items()}
    return EmbedInput(0, _SAMPLE, None, fields)


async def embed_contents(
    contents: Sequence[Content],
    embedders: Mapping[str, GatedEmbedder],
    found: dict[str, dict[str, Vector]],
    fence: Fence = _nobody_else,
) -> ItemVectors:
    """Embed all slots of the contents; an item is rejected when one of its embeddings is.

    A batch that fails as a whole counts with its gate. What was embedded before is there all the same.

    Args:
        embedders: Vector name to its embedder.
        found: Embeddings that are there already, by key and slot; they are not requested again. New ones are
            added as they arrive, so that a cancelled call loses none of them.
        fence: Called before every try; raises `Interrupted` where another worker has the items by now, and
            pays for them.
    """
    for content in contents:
        found.setdefault(content.key, {})
    inputs = {content.key: content.inputs for content in contents}
    outcome = ItemVectors()
    for name, gated in embedders.items():
        wanting = [
            _Wanting(key, slot, entry)
            for key, sent in inputs.items()
            for slot, entry in sent.items()
            if vector_of(slot) == name and slot not in found[key]
        ]
        outcome.ended_by = await _embed_vector(wanting, gated, found, outcome.rejected, fence)
        if outcome.ended_by is not None:
            break
    for key in inputs:
        vectors, rejection = found[key], outcome.rejected.get(key)
        if rejection is None and vectors.keys() >= inputs[key].keys():
            outcome.vectors[key] = vectors
        elif vectors and (rejection is None or rejection.error_class is FaultClass.TRANSIENT):
            outcome.partial[key] = vectors
    return outcome


class _Wanting(NamedTuple):
    """What is to be embedded: for which item, and where it goes."""

    key: str
    slot: str
    entry: EmbedInput


async def _embed_vector(
    wanting: Sequence[_Wanting],
    gated: GatedEmbedder,
    found: Mapping[str, dict[str, Vector]],
    rejected: dict[str, Rejection],
    fence: Fence,
) -> Fault | Stop | Interrupted | None:
    """Embed one vector of the contents; returns what kept some of them from having theirs."""
    size = gated.embedder.batch_size
    pieces = [wanting[start : start + size] for start in range(0, len(wanting), size)]
    errors: list[Fault | Stop | Interrupted] = []

    async def embed(piece: Sequence[_Wanting]) -> None:
        entries = [wanted.entry for wanted in piece]
        witness = EmbedderWitness(gated, entries[0])
        isolated = await embed_isolating(
            entries,
            call=lambda part: gated.embed(part, fence),
            probe=lambda part: gated.probe(part, fence),
            witness=witness,
        )
        for index, vector in isolated.vectors.items():
            found[piece[index].key][piece[index].slot] = vector
        for index, rejection in isolated.rejected.items():
            rejected.setdefault(piece[index].key, rejection)
        if isolated.ended_by is not None:
            errors.append(isolated.ended_by)

    # The pieces of a chunk larger than the embedder takes go out together; the gate bounds them.
    async with anyio.create_task_group() as group:
        for piece in pieces:
            group.start_soon(embed, piece)
    if not errors:
        return None
    # What ends the run comes before what is only tried again.
    worst = next((error for error in errors if not isinstance(error, Transient)), errors[0])
    if isinstance(worst, Transient):
        try:
            gated.gate.failed(worst)
        except Stop as stop:
            return stop
    return worst
