"""`search`: embed a text as the pipeline would, and ask the collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError, Refused
from embedconsole.items import EmbedInput

if TYPE_CHECKING:
    from embedconsole.items import Hit
    from embedconsole.sync.assembly import Assembly


async def search(assembly: Assembly, text: str, *, vector: str | None, limit: int) -> list[Hit]:
    """The items nearest to a text, best first.

    Args:
        vector: The vector to search by; None takes the only or the first one that is made of text.

    Raises:
        ConfigError: there is no such vector.
        Transient, Throttled, BadInput, Refused: the embedder or the collection fails.
    """
    name = vector if vector is not None else _text_vector(assembly)
    embedder = assembly.embedders.get(name)
    if embedder is None:
        known = ", ".join(repr(other) for other in assembly.embedders)
        raise ConfigError(f"pipeline {assembly.pipeline.name} has no vector {name!r}; it has {known}")
    embedded = await embedder.embed([EmbedInput(0, text, None, {"name": text, "description": ""})])
    if embedded.rejected:
        raise Refused(f"embedder {embedder.name}", f"it did not embed the text: {embedded.rejected[0]}")
    return await assembly.collection.search(embedded.vectors[0], using=name, limit=limit)


def _text_vector(assembly: Assembly) -> str:
    vectors = assembly.pipeline.vectors
    return next((name for name, config in vectors.items() if config.text), next(iter(vectors)))
