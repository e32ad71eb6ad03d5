"""The protocol that every embedding backend fulfils."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.config.types import Combine
    from embedconsole.items import Embedded, EmbedInput

NOTHING_TO_EMBED = "there is nothing to embed: no text and no image"


def blank(text: str | None) -> bool:
    """Whether there is nothing in a text that could be embedded."""
    return text is None or not text.strip()


def combined_identity(identity: str, how: Combine | None) -> str:
    """The identity of combined vectors; unchanged where nothing is combined."""
    return identity if how is None else f"{identity}:{how}"


class Embedder(Protocol):
    """Turns inputs into vectors.

    Attributes:
        name: Its name in the configuration.
        identity: Type and model: what makes two vectors comparable. Part of every embed hash, so it holds
            no address, no secret and nothing that may change without the vectors changing.
        batch_size: Inputs in one call of `embed`, at most.
        concurrency: Calls of `embed` at the same time, at most.
        price_per_1000: Price of 1,000 inputs in the operator's currency, None when not configured.
    """

    @property
    def name(self) -> str: ...
    @property
    def identity(self) -> str: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def concurrency(self) -> int: ...
    @property
    def price_per_1000(self) -> float | None: ...

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """Embed up to `batch_size` inputs with one attempt; retries are the caller's.

        Every vector that is not in `rejected` has been checked: right count, one size, finite, not all zero.

        Raises:
            Throttled, Transient, BadInput, Refused: as `embedconsole.faults` defines them.
        """
        ...

    async def health(self) -> None:
        """Ask the service whether all is well, without embedding; nothing where it has no such door.

        Raises:
            Throttled, Transient, BadInput, Refused: It is not.
        """
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
