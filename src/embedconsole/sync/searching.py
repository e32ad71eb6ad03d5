"""`search`: what is nearest to a text, embedded as the pipeline would, or to an item that is there."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from embedconsole.faults import BadInput, ConfigError
from embedconsole.items import EmbedInput, point_id
from embedconsole.sync.assembly import assembly_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.items import Hit
    from embedconsole.sync.assembly import Assembly
    from embedconsole.sync.engine import Engine

_SIMILAR = re.compile(r"#\s*(?P<key>\S.*)|similar\s+#?(?P<word>\S+)", re.IGNORECASE | re.DOTALL)
_QUOTED = re.compile(r'"(?P<text>.+)"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class ByText:
    """What is nearest to a text.

    Attributes:
        embedding: Of an earlier search for it by the same vector: it is not paid for again.
    """

    text: str
    embedding: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LikeItem:
    """What is nearest to the item of this key."""

    key: str


Query: TypeAlias = ByText | LikeItem


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        query: As it was asked, with the embedding that was made for it.
        vector: The vector that was searched by.
        limit: As many hits as were asked for; with fewer of them there are no more.
        embed_seconds: None where nothing was embedded.
    """

    query: Query
    vector: str
    limit: int
    hits: tuple[Hit, ...]
    embed_seconds: float | None
    search_seconds: float

    @property
    def whole(self) -> bool:
        """Whether a larger limit would find no more."""
        return len(self.hits) < self.limit


def parse_query(text: str) -> Query:
    """What an operator typed: `#35` and `similar 35` mean an item; in double quotes it is always a text."""
    text = text.strip()
    if quoted := _QUOTED.fullmatch(text):
        return ByText(quoted["text"])
    if similar := _SIMILAR.fullmatch(text):
        return LikeItem((similar["key"] or similar["word"]).strip())
    return ByText(text)


async def search(assembly: Assembly, query: Query, *, vector: str | None, limit: int) -> Found:
    """The items nearest to what is asked for, best first.

    Args:
        vector: The vector to search by; None takes the only or the first one that is made of text.

    Raises:
        ConfigError: there is no such vector.
        Transient, Throttled, BadInput, Refused: the embedder or the collection fails.
    """
    name = vector if vector is not None else text_vector(assembly)
    if name not in assembly.pipeline.vectors:
        known = ", ".join(repr(other) for other in assembly.pipeline.vectors)
        raise ConfigError(f"pipeline {assembly.pipeline.name} has no vector {name!r}; it has {known}")
    if isinstance(query, LikeItem):
        began = time.perf_counter()
        hits = await assembly.collection.similar(point_id(query.key), using=name, limit=limit)
        return Found(query, name, limit, tuple(hits), None, time.perf_counter() - began)
    embed_seconds = None
    embedding = query.embedding
    if embedding is None:
        began = time.perf_counter()
        embedding = await _embedded(assembly, query.text, name)
        embed_seconds = time.perf_counter() - began
    began = time.perf_counter()
    hits = await assembly.collection.search(embedding, using=name, limit=limit)
    seconds = time.perf_counter() - began
    return Found(replace(query, embedding=embedding), name, limit, tuple(hits), embed_seconds, seconds)


async def search_engine(
    engine: Engine, *, pipeline: str, query: Query, vector: str | None, limit: int
) -> Found:
    """See `search`; by the parts of an engine."""
    assembly = assembly_of(engine.assemblies, pipeline)
    return await search(assembly, query, vector=vector, limit=limit)


def text_vector(assembly: Assembly) -> str:
    """The vector that is searched by when none is named."""
    vectors = assembly.pipeline.vectors
    return next((name for name, config in vectors.items() if config.text), next(iter(vectors)))


async def _embedded(assembly: Assembly, text: str, vector: str) -> NDArray[np.float32]:
    embedder = assembly.embedders[vector]
    embedded = await embedder.embed([EmbedInput(0, text, None, {"name": text, "description": ""})])
    if embedded.rejected:
        raise BadInput(f"embedder {embedder.name}", f"it did not embed the text: {embedded.rejected[0]}")
    vectors: NDArray[np.float32] = embedded.vectors
    return vectors.reshape(-1)
