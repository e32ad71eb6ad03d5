"""Embedding the contents of a batch: every vector of every item, through the embedders' gates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import anyio

from embedconsole.faults import (
    BadAnswer,
    BadInput,
    Fault,
    FaultClass,
    PaidFailure,
    Refused,
    Throttled,
    Transient,
    Unreachable,
)
from embedconsole.items import EmbedInput
from embedconsole.pieces import pieces, weight_of
from embedconsole.sync.content.slots import vector_of
from embedconsole.sync.resilience.gate import Interrupted, Stop
from embedconsole.sync.shared.budget import SpendingBudget
from embedconsole.sync.worker.bisect import (
    MANY,
    NothingUsable,
    Rejection,
    ServiceEvidence,
    embed_isolating,
    verdict,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.config.settings import RetryConfig
    from embedconsole.embedders.base import Embedder
    from embedconsole.items import Embedded, Vectors
    from embedconsole.sync.content.recipe import Content
    from embedconsole.sync.resilience.gate import Gate
    from embedconsole.sync.shared.report import Progress

    Vector = NDArray[np.float32]
    EmbedCall = Callable[[Sequence[EmbedInput]], Awaitable[Embedded]]
    Fence = Callable[[], Awaitable[None]]

_REQUEST_BYTES = 4 << 20
"""Approximate bytes in one call of an embedder, at most; a larger input goes alone."""

_SAMPLE = "embedconsole: is anybody there?"
_SAMPLE_PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAKklEQVR42mNYUBFFU8QwasGoBaMWjFow"
    "asGoBaMWjFowasGoBaMWDBULALIByEzLhqpkAAAAAElFTkSuQmCC"
)


async def _nobody_else() -> None:
    """The fence of a caller that shares the items with no other."""


async def _nothing_remembered() -> EmbedInput | None:
    """The memory of an embedder without a history."""
    return None


@dataclass(slots=True)
class ItemVectors:
    """The results for the contents of a batch.

    Attributes:
        vectors: Key to slot (`sync.content.slots`) to embedding; only items that have all
            of their embeddings.
        partial: The same of items that lack some of theirs, and may get them another time.
        rejected: Key to why the item was not embedded.
        ended_by: Why items in none of these, or in `partial`, have no answer; None when all have one.
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
            BadAnswer: they have another size than those before them.
            Refused: the embedder answers with another size altogether.
        """
        size = vectors.shape[1]
        if self.size is None or size == self.size:
            self.size, self.confirmed = size, True
            return
        message = f"it answered with {size} dimensions, expected {self.size}"
        fault = BadAnswer if self.confirmed else Refused
        raise fault(
            f"embedder {name}",
            message,
            remedy="Use the model that the collection was made with, or build another collection with "
            "embedconsole reindex",
        )


@dataclass(slots=True)
class EmbedderEvidence(ServiceEvidence):
    """The signs of life of an embedder.

    Attributes:
        known_good: What was embedded last.
        fits: Inputs in one request at most, where the service has refused more.
    """

    known_good: EmbedInput | None = None
    fits: int | None = None


@dataclass(frozen=True, slots=True)
class GatedEmbedder:
    """An embedder behind its gate, as a pipeline uses it for one vector.

    Attributes:
        size: What the vectors must have, once that is known.
        remembered: Finds an input that was embedded in an earlier run; None where there is none.
    """

    embedder: Embedder
    size: KnownSize
    gate: Gate
    retry: RetryConfig
    progress: Progress
    pulse: EmbedderEvidence = field(default_factory=EmbedderEvidence)
    budget: SpendingBudget = field(default_factory=SpendingBudget)
    remembered: Callable[[], Awaitable[EmbedInput | None]] = _nothing_remembered

    @property
    def at_once(self) -> int:
        """Inputs in one call, at most."""
        size = self.embedder.batch_size
        return size if self.pulse.fits is None else min(size, self.pulse.fits)

    async def embed(self, inputs: Sequence[EmbedInput], fence: Fence = _nobody_else) -> Embedded:
        """Embed with the quick retries of the policy; `fence` is called before every try."""
        return await self._call(inputs, fence, self.retry)

    async def probe(self, inputs: Sequence[EmbedInput], fence: Fence = _nobody_else) -> Embedded:
        """Embed with a single try (a 429 is waited for anyway)."""
        once = self.retry.model_copy(update={"call_attempts": 1})
        return await self._call(inputs, fence, once)

    async def _call(self, inputs: Sequence[EmbedInput], fence: Fence, retry: RetryConfig) -> Embedded:
        async def once() -> Embedded:
            await fence()
            return await self.ask(inputs)

        async def vouch(fault: Fault) -> None:
            # In the turn that the inputs had, so not through the gate.
            witness = EmbedderWitness(self, inputs[0], self.ask)
            if not await witness.alive(self.pulse.sent, len(inputs)):
                raise verdict(witness, fault)

        return await self.gate.call(once, retry, vouch)

    async def ask(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """Embed with one call of the embedder, past the gate; what comes of it is counted.

        Raises:
            NothingUsable: There is not one vector in the answer.
        """
        requests = 1
        call = self.pulse.send()
        paid = len(inputs)  # where the answer got lost, it may well be charged for
        try:
            embedded = await self.embedder.embed(inputs)
            requests = embedded.requests
            paid = embedded.usable if embedded.paid is None else embedded.paid
        except (Throttled, Unreachable, Refused, BadInput) as fault:
            if not isinstance(fault, PaidFailure):
                paid = 0  # a refusal costs nothing
            raise
        finally:
            self.progress.embed_requests += requests
            self._pay(paid * (self.embedder.price_per_1000 or 0.0) / 1000)
        if not embedded.usable:
            raise NothingUsable(f"embedding service {self.embedder.name}", embedded)
        self.size.check(self.embedder.name, embedded.vectors)
        self.progress.embed_items += embedded.usable
        self.pulse.accept(call)
        good = inputs[next(place for place in range(len(inputs)) if place not in embedded.rejected)]
        if good.text != _SAMPLE and good.image != _SAMPLE_PICTURE:
            self.pulse.known_good = good
        return embedded

    def _pay(self, cost: float) -> None:
        self.budget.pay(cost)
        self.progress.spent += cost


@dataclass(frozen=True, slots=True)
class EmbedderWitness:
    """Checks by a sample whether an embedder works (a `bisect.Witness`). A sample costs one embedding.

    What it embeds in any case is a plain text, or picture. Where it does not embed that, or many items fail
    that may have something in common, it is asked for what it embedded before.

    Attributes:
        like: One of the inputs that failed: the sample has its shape.
        ask: Embeds with a single try.
    """

    gated: GatedEmbedder
    like: EmbedInput
    ask: EmbedCall

    @property
    def source(self) -> str:
        return f"embedding service {self.gated.embedder.name}"

    @property
    def pulse(self) -> ServiceEvidence:
        return self.gated.pulse

    @property
    def shut(self) -> bool:
        return self.gated.gate.shut

    @property
    def remedy(self) -> str:
        return f"Check embedders.{self.gated.embedder.name} against what the service expects, and its own log"

    async def alive(self, since: int, failed: int) -> bool | None:
        if self.pulse.accepted > since:
            return True
        accepted = await self._accepts(_sample(self.like))
        if accepted and failed < MANY:
            return True
        good = self.gated.pulse.known_good or await self.gated.remembered()
        known = None if good is None else await self._accepts(good)
        if known or accepted or (known is None and self.like.image):
            return known or None
        return False

    async def _accepts(self, entry: EmbedInput) -> bool | None:
        """Whether it embeds an input; None when it was not asked, as the input could not be sent."""
        try:
            await self.ask([entry])
        except NothingUsable as fault:
            return False if fault.embedded.refused else None
        except BadInput:
            return False
        return True


def _sample(like: EmbedInput) -> EmbedInput:
    """A plain text that every text model embeds, or a plain picture where there is no text."""
    fields = {name: _SAMPLE if value else "" for name, value in like.fields.items()}
    if like.text is None:
        return EmbedInput(0, None, _SAMPLE_PICTURE, fields)
    return EmbedInput(0, _SAMPLE, None, fields)


async def embed_contents(
    contents: Sequence[Content],
    embedders: Mapping[str, GatedEmbedder],
    found: dict[str, dict[str, Vector]],
    fence: Fence = _nobody_else,
) -> ItemVectors:
    """Embed all slots of the contents; an item is rejected when one of its embeddings is.

    A batch that fails as a whole counts with its gate. What was embedded before is kept.

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
    """An input to embed: for which item, and where its vector goes."""

    key: str
    slot: str
    entry: EmbedInput

    def weight(self) -> int:
        """The bytes that are sent for it, about."""
        entry = self.entry
        return weight_of([(entry.text, entry.image, *entry.fields.values())])


async def _embed_vector(
    wanting: Sequence[_Wanting],
    gated: GatedEmbedder,
    found: Mapping[str, dict[str, Vector]],
    rejected: dict[str, Rejection],
    fence: Fence,
) -> Fault | Stop | Interrupted | None:
    """Embed one vector of the contents; returns what kept some of them from having theirs."""
    portions = pieces(wanting, _REQUEST_BYTES, _Wanting.weight, count=gated.at_once)
    errors: list[Fault | Stop | Interrupted] = []

    async def embed(piece: Sequence[_Wanting]) -> None:
        entries = [wanted.entry for wanted in piece]
        witness = EmbedderWitness(gated, entries[0], gated.probe)
        isolated = await embed_isolating(
            entries,
            call=lambda part: gated.embed(part, fence),
            probe=lambda part: gated.probe(part, fence),
            witness=witness,
        )
        if isolated.fits is not None:
            gated.pulse.fits = min(gated.at_once, isolated.fits)
        for index, vector in isolated.vectors.items():
            found[piece[index].key][piece[index].slot] = vector
        for index, rejection in isolated.rejected.items():
            rejected.setdefault(piece[index].key, rejection)
        if isolated.ended_by is not None:
            errors.append(isolated.ended_by)

    # The pieces of a chunk larger than the embedder takes go out together; the gate bounds them.
    async with anyio.create_task_group() as group:
        for piece in portions:
            group.start_soon(embed, piece)
    if not errors:
        return None
    # A fault that ends the run comes before one that is only retried.
    worst = next((error for error in errors if not isinstance(error, Transient)), errors[0])
    if isinstance(worst, Transient):
        try:
            gated.gate.failed(worst)
        except Stop as stop:
            return stop
    return worst
