"""Inputs of a request to an answer each: what can't be embedded fails alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from embedconsole.embedders.isolate import embed_isolated
from embedconsole.pieces import portions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.embedders.base import Embedder
    from embedconsole.items import EmbedInput

    Vector: TypeAlias = NDArray[np.float32]

_FOREIGN_IMAGE = "its image is no address that begins with http://, https:// or data:"
_SCHEMES = ("http://", "https://", "data:")


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
