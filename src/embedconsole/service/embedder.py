"""The embedder that is served: opened and warmed up, its turns, and how it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import anyio
from fastapi import HTTPException

from embedconsole.config.sections.embedders.base import RemoteSection
from embedconsole.embedders.build import build_embedder
from embedconsole.embedders.isolate import embed_isolated
from embedconsole.embedders.vectors import CombinedEmbedder
from embedconsole.faults import BadInput, Fault
from embedconsole.items import EmbedInput
from embedconsole.pieces import portions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from fastapi import Request
    from numpy.typing import NDArray

    from embedconsole.config.sections.embedder import EmbedderConfig
    from embedconsole.config.service_settings import ServiceSettings
    from embedconsole.embedders.base import Embedder
    from embedconsole.service.limits import Admission
    from embedconsole.service.metrics import Metrics

    Vector: TypeAlias = NDArray[np.float32]

_FOREIGN_IMAGE = "its image is no address that begins with http://, https:// or data:"
_SCHEMES = ("http://", "https://", "data:")
_HEALTH_SECONDS = 30.0


@dataclass(slots=True)
class ServedEmbedder:
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


def open_embedder(serving: ServiceSettings) -> ServedEmbedder:
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
    return ServedEmbedder(config, embedder)


async def warm_up(served: ServedEmbedder) -> None:
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


@dataclass(frozen=True, slots=True)
class InputRejection:
    """Why an input was not embedded."""

    reason: str


Answer: TypeAlias = "Vector | InputRejection"


async def embed_each(embedder: Embedder, inputs: Sequence[EmbedInput]) -> list[Answer]:
    """An answer for each input, in order, with as many calls as the embedder's batch size asks for.

    Raises:
        Throttled, Transient, Refused: Nothing is answered then.
    """
    answers: list[Answer] = [InputRejection(_FOREIGN_IMAGE)] * len(inputs)
    places = [place for place, entry in enumerate(inputs) if _may_be_looked_at(entry.image)]
    for portion in portions(places, embedder.batch_size):
        found = await embed_isolated(embedder.embed, [inputs[place] for place in portion])
        for place, answer in zip(portion, found, strict=True):
            answers[place] = InputRejection(answer) if isinstance(answer, str) else answer
    return answers


def _may_be_looked_at(image: str | None) -> bool:
    """A path would be one of this machine, and the client has no business there."""
    return not image or image.lower().startswith(_SCHEMES)


@dataclass(frozen=True, slots=True)
class EmbeddingQueue:
    """Where all paths have their inputs embedded: in turn, as many requests at a time as there are slots."""

    served: ServedEmbedder
    admission: Admission
    metrics: Metrics

    async def embed(
        self, request: Request, inputs: Sequence[EmbedInput], *, embedder: Embedder | None = None
    ) -> list[Answer]:
        """An answer for each input, once it is this request's turn.

        Args:
            embedder: Another than the usual one.

        Raises:
            HTTPException: The client did not wait for it.
            Throttled, Transient, Refused: The embedder can't.
        """
        async with self.admission.slots:
            if await request.is_disconnected():
                raise HTTPException(503, "the client has left")
            answers = await embed_each(embedder or self.served.embedder, inputs)
        failed = sum(isinstance(answer, InputRejection) for answer in answers)
        self.metrics.items.inc(len(answers) - failed)
        self.metrics.errors.inc(failed)
        if embedder is None and failed < len(answers):
            vector = next(answer for answer in answers if not isinstance(answer, InputRejection))
            self.served.dimensions = vector.shape[0]
        return answers


class EmbedderHealth:
    """Remembers for half a minute how the embedder is: probes need no token, and must not cost requests."""

    def __init__(self, embedder: Embedder, clock: Callable[[], float] = time.monotonic) -> None:
        self._embedder = embedder
        self._clock = clock
        self._lock = anyio.Lock()
        self._asked_at: float | None = None
        self._fault: Fault | None = None

    async def check(self) -> None:
        """Return when the embedder is well.

        Raises:
            Throttled, Transient, Refused: It is not.
        """
        async with self._lock:
            if self._asked_at is None or self._clock() - self._asked_at >= _HEALTH_SECONDS:
                try:
                    await self._embedder.health()
                    self._fault = None
                except Fault as fault:
                    self._fault = fault
                self._asked_at = self._clock()
        if self._fault is not None:
            raise self._fault
