"""`search`: what is nearest to a text or a picture, embedded as the pipeline would, or to an item."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from embedconsole.collection.base import VectorSearch, lacking
from embedconsole.faults import BadInput, ConfigError
from embedconsole.filters import EVERYTHING, Condition, Scope
from embedconsole.items import MARKER, EmbedInput, point_id
from embedconsole.payload_paths import values_at
from embedconsole.sync.run.components import components_of
from embedconsole.sync.search.filter_parser import looks_like_filter, parse_where

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.collection.base import Collection
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.filters import Value
    from embedconsole.items import Hit, IndexType
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.run.engine import Engine

_SIMILAR = re.compile(r"#\s*(?P<key>\S.*)|similar\s+#?(?P<word>\S+)", re.IGNORECASE | re.DOTALL)
_QUOTED = re.compile(r'"(?P<text>.+)"', re.DOTALL)
_ALL_QUOTED = re.compile(r'"[^"]*"')
_VALUES_ASKED = 20
"""So many values of a filter are looked for one by one, at most."""
_WHERE = re.compile(r"\s+where\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ByText:
    """A search for the items nearest to a text.

    Attributes:
        embedding: Of an earlier search for it by the same vector: it is not paid for again.
    """

    text: str
    embedding: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ByImage:
    """A search for the items nearest to a picture.

    Attributes:
        reference: Its http(s) or `data:` URL, as an embedder takes it.
        called: What the operator calls it.
        embedding: As that of `ByText`.
    """

    reference: str = field(repr=False)
    called: str
    embedding: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LikeItem:
    """A search for the items nearest to the item of this key."""

    key: str


Query: TypeAlias = ByText | ByImage | LikeItem


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The hits of a search.

    Attributes:
        query: As it was asked, with the embedding that was made for it.
        vector: The vector that was searched by.
        limit: As many hits as were asked for; with fewer of them there are no more.
        embed_seconds: None where nothing was embedded.
        scope: Where it was looked.
        notes: Fields and values of a filter that no point has, a line each.
    """

    query: Query
    vector: str
    limit: int
    hits: tuple[Hit, ...]
    embed_seconds: float | None
    search_seconds: float
    scope: Scope = EVERYTHING
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether a larger limit would find no more."""
        return len(self.hits) < self.limit


def parse_query(text: str) -> Query:
    """Parse what an operator typed: `#35` and `similar 35` mean an item; in double quotes it is always a
    text.
    """
    text = text.strip()
    if quoted := _QUOTED.fullmatch(text):
        return ByText(quoted["text"])
    if similar := _SIMILAR.fullmatch(text):
        return LikeItem((similar["key"] or similar["word"]).strip())
    return ByText(text)


def parse_asked(text: str, indexes: Mapping[str, IndexType]) -> tuple[Query, Scope]:
    """Parse what an operator typed, with an optional filter after it: `red shoes where price<50`.

    Raises:
        ConfigError: what follows `where` begins like a filter, and can't be read as one.
    """
    for where in () if _ALL_QUOTED.fullmatch(text.strip()) else _WHERE.finditer(text):
        if looks_like_filter(text[where.end() :]):
            conditions = parse_where(text[where.end() :], indexes)
            return parse_query(text[: where.start()]), Scope(conditions)
    return parse_query(text), EVERYTHING


async def search(
    components: Components, query: Query, *, vector: str | None, limit: int, scope: Scope = EVERYTHING
) -> SearchResult:
    """The items nearest to what is asked for, best first; grouped, the best of each group.

    Args:
        vector: The vector to search by; None takes the only or the first one that is made of what is asked
            by.

    Raises:
        ConfigError: there is no such vector, or none that takes images.
        Transient, Throttled, BadInput, Refused: the embedder or the collection fails; no hit has the field
            that is grouped by.
    """
    name = vector_for(components.pipeline, query, vector)
    embed_seconds = None
    if not isinstance(query, LikeItem):
        query, embed_seconds = await _embedded(components, query, name)
    began = time.perf_counter()
    hits = await _nearest(components.collection, query, name, limit, scope)
    seconds = time.perf_counter() - began
    if not hits and scope.group_by is not None:
        _check_grouped(
            await _nearest(components.collection, query, name, 1, Scope(scope.where)), scope.group_by
        )
    notes = await _unknown_fields(components, query, name, hits, scope)
    notes += await _unmatched_values(components, query, name, hits, scope)
    return SearchResult(query, name, limit, tuple(hits), embed_seconds, seconds, scope, notes)


async def search_engine(
    engine: Engine,
    *,
    pipeline: str,
    query: Query,
    vector: str | None,
    limit: int,
    scope: Scope = EVERYTHING,
) -> SearchResult:
    """Search a collection with the parts of an open engine."""
    components = components_of(engine.all_components, pipeline)
    return await search(components, query, vector=vector, limit=limit, scope=scope)


def vector_for(pipeline: Pipeline, query: Query, name: str | None) -> str:
    """The vector to search by.

    Args:
        name: The one that is asked for; None takes the only or the first one that is made of what is asked
            by.

    Raises:
        ConfigError: there is no such vector, or none that takes images.
    """
    vectors = pipeline.vectors
    if name is not None and name not in vectors:
        known = ", ".join(repr(other) for other in vectors)
        raise ConfigError(f"pipeline {pipeline.name} has no vector {name!r}; it has {known}")
    if not isinstance(query, ByImage):
        first = next((one for one, config in vectors.items() if config.text), next(iter(vectors)))
        return first if name is None else name
    fitting = [one for one, config in vectors.items() if config.image and name in (None, one)]
    if not fitting:
        what = f"pipeline {pipeline.name}" if name is None else f"vector {name!r} of pipeline {pipeline.name}"
        raise ConfigError(
            f"{what} takes no images: nothing is embedded of one. Search by a text, or by a vector with "
            'image: "{...}" in the configuration'
        )
    return fitting[0]


async def _embedded(
    components: Components, query: ByText | ByImage, vector: str
) -> tuple[ByText | ByImage, float | None]:
    """The query with its embedding, and the seconds that took; None where it had one."""
    if query.embedding is not None:
        return query, None
    embedder = components.embedders[vector]
    if isinstance(query, ByText):
        what, entry = "text", EmbedInput(0, query.text, None, {"name": query.text, "description": ""})
    else:
        what, entry = "image", EmbedInput(0, None, query.reference)
    began = time.perf_counter()
    embedded = await embedder.embed([entry])
    if embedded.rejected:
        raise BadInput(f"embedder {embedder.name}", f"it did not embed the {what}: {embedded.rejected[0]}")
    vectors: NDArray[np.float32] = embedded.vectors
    return replace(query, embedding=vectors.reshape(-1)), time.perf_counter() - began


async def _nearest(collection: Collection, query: Query, using: str, limit: int, scope: Scope) -> list[Hit]:
    if not isinstance(collection, VectorSearch):
        raise lacking(collection, "search")
    if isinstance(query, LikeItem):
        return await collection.similar(point_id(query.key), using=using, limit=limit, scope=scope)
    assert query.embedding is not None
    return await collection.search(query.embedding, using=using, limit=limit, scope=scope)


async def _unknown_fields(
    components: Components, query: Query, using: str, hits: list[Hit], scope: Scope
) -> tuple[str, ...]:
    """A line for each field of the filter that has no index and that no point has."""
    indexes = components.pipeline.collection.indexes
    asked = [path for path in dict.fromkeys(one.field for one in scope.where) if path not in indexes]
    if not asked:
        return ()
    seen = hits or await _nearest(components.collection, query, using, 1, EVERYTHING)
    notes = []
    for path in asked if seen else ():
        having = Scope((Condition(path, "null", negated=True),))
        if any(values_at(hit.payload, path) for hit in seen) or await _nearest(
            components.collection, query, using, 1, having
        ):
            continue
        known = ", ".join(dict.fromkeys([*(name for name in seen[0].payload if name != MARKER), *indexes]))
        notes.append(f"There is no payload field {path} in this collection; fields are {known}.")
    return tuple(notes)


async def _unmatched_values(
    components: Components, query: Query, using: str, hits: list[Hit], scope: Scope
) -> tuple[str, ...]:
    """A line for each of several values of a filter that no point has, where another one has hits."""
    notes = []
    for condition in scope.where if hits else ():
        if condition.operator != "in" or condition.negated:
            continue
        # A text that reads like a number is asked for as both.
        values: dict[str, list[Value]] = {}
        for value in condition.values:
            values.setdefault(str(value), []).append(value)
        found = {str(value) for hit in hits for value in values_at(hit.payload, condition.field)}
        for text in [text for text in values if text not in found][:_VALUES_ASKED] if len(values) > 1 else ():
            having = Scope((replace(condition, values=tuple(values[text])),))
            if not await _nearest(components.collection, query, using, 1, having):
                notes.append(f"No item has {condition.field}={text}.")
    return tuple(notes)


def _check_grouped(hits: list[Hit], field: str) -> None:
    """Raise when there are hits, but none has the field to group by."""
    if hits:
        known = ", ".join(name for name in hits[0].payload if name != MARKER)
        words = f"no hit has a text or a whole number in {field} to group by; the nearest one has {known}"
        raise BadInput("Qdrant", words)
