"""Compares the searched collection with the next one before the alias moves."""

from __future__ import annotations

import statistics
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.collection.base import VectorSearch, lacking
from embedconsole.faults import BadInput, ConfigError
from embedconsole.items import point_id
from embedconsole.sync.reindex.previous_config import previous_components
from embedconsole.sync.search.presentation import key_of, title_of
from embedconsole.sync.search.search import ByText, search, vector_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.collection.base import Collection
    from embedconsole.items import PointId
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Generation
    from embedconsole.sync.run.components import Components

TOP = 10
"""Neighbours of a sampled item that are looked at."""

_BEST = 5


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The neighbours of sampled items in both collections.

    Attributes:
        sampled: Items whose neighbours were asked of both.
        overlap: The share of their nearest items that both name, 0 to 1, on average and at its lowest.
        milliseconds: What a search took, the median, in the one that is searched and in the next.
    """

    sampled: int
    overlap: float
    lowest: float
    before_ms: float
    after_ms: float


@dataclass(frozen=True, slots=True)
class SearchedBoth:
    """One search in both collections: the best hits as key and title, or why one could not be made."""

    query: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The check before a name moves.

    Attributes:
        before, after: Points in the collection that is searched, and in the next.
        lacking: Items that are searched now and would not be; some of their keys.
        neighbours: None where nothing could be sampled.
        searches: Those that were asked for, side by side.
    """

    before: int
    after: int
    lacking: int
    examples: tuple[str, ...] = ()
    neighbours: Neighbours | None = None
    searches: tuple[SearchedBoth, ...] = ()

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


async def compare(
    ledger: Ledger,
    components: Components,
    searched: Generation,
    following: Generation,
    *,
    sample: int,
    queries: Sequence[str] = (),
) -> Comparison:
    """Compare two generations of a pipeline.

    Args:
        sample: Items whose neighbours are looked at; costs no embedding.
        queries: Texts to search both for; each costs an embedding of either model.

    Raises:
        Fault: the ledger or a collection does not answer.
    """
    lacks = partial(ledger.comparison.lacking, searched.id, following.id)
    lacking, examples = await anyio.to_thread.run_sync(lacks)
    before = components.bound_to(searched.target).collection
    after = components.bound_to(following.target).collection
    vector = vector_for(components.pipeline, ByText(""), None)
    keys = await anyio.to_thread.run_sync(ledger.comparison.sample, following.id, sample)
    return Comparison(
        before=await _points(before),
        after=await _points(after),
        lacking=lacking,
        examples=tuple(examples),
        neighbours=await _neighbours(before, after, [point_id(key) for key in keys], vector),
        searches=tuple([await _searched(components, searched, following, query) for query in queries]),
    )


async def _searched(
    components: Components, searched: Generation, following: Generation, query: str
) -> SearchedBoth:
    try:
        before = await _best(await previous_components(components, searched), query)
    except ConfigError as error:
        before = (f"not searched: {error}",)
    return SearchedBoth(query, before, await _best(components.bound_to(following.target), query))


async def _best(components: Components, query: str) -> tuple[str, ...]:
    found = await search(components, ByText(query), vector=None, limit=_BEST)
    return tuple(f"#{key_of(hit)} {title_of(hit.payload)}".strip() for hit in found.hits)


async def _points(collection: Collection) -> int:
    state = await collection.describe()
    return 0 if state is None else state.points


async def _neighbours(
    before: Collection, after: Collection, points: Sequence[PointId], vector: str
) -> Neighbours | None:
    state = await before.describe()
    if state is None or not state.vectors:
        return None
    of_before = vector if vector in state.vectors else next(iter(state.vectors))
    shares: list[float] = []
    seconds: tuple[list[float], list[float]] = ([], [])
    for point in points:
        try:
            one = await _timed(before, point, of_before, seconds[0])
            other = await _timed(after, point, vector, seconds[1])
        except BadInput:
            continue  # in one of them there is no such point, or it lacks the vector
        if one:
            shares.append(len(one & other) / len(one))
    if not shares:
        return None
    return Neighbours(
        sampled=len(shares),
        overlap=round(statistics.mean(shares), 3),
        lowest=round(min(shares), 3),
        before_ms=round(statistics.median(seconds[0]) * 1000, 2),
        after_ms=round(statistics.median(seconds[1]) * 1000, 2),
    )


async def _timed(collection: Collection, point: PointId, using: str, seconds: list[float]) -> set[PointId]:
    began = time.perf_counter()
    if not isinstance(collection, VectorSearch):
        raise lacking(collection, "search")
    hits = await collection.similar(point, using=using, limit=TOP)
    seconds.append(time.perf_counter() - began)
    return {hit.id for hit in hits}
