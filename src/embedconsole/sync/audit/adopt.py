"""`adopt`: a ledger that is lost, or was never there, made of what the collection holds. Nothing is embedded.

Points with our marker become items that are held and planned as they are; the next run is a full scan,
which finds what has changed since and, under its guard, what is gone. Points of the programs before us have
no marker: their id is the product's, and they are ours when their payload says what ours would.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.collection.build import address_of
from embedconsole.faults import ConfigError, Refused
from embedconsole.items import MARKER, Points, point_order
from embedconsole.ledger.records.items import Adoption, Hashes
from embedconsole.ledger.state import UNKNOWN
from embedconsole.sync.audit.collection import AuditProgress
from embedconsole.sync.audit.payload_match import unlike_field
from embedconsole.sync.content.marker import read_point
from embedconsole.sync.resilience.gate import Gate, Stop
from embedconsole.sync.run.components import components_of
from embedconsole.sync.run.generations import check_models, current_generation, settled_generation
from embedconsole.sync.run.init import compared
from embedconsole.sync.run.takeover import ENOUGH

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from embedconsole.items import CollectionState, JsonObject, PointId
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.content.marker import MarkedPoint
    from embedconsole.sync.content.recipe import Content
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.run.engine import Engine

_PAGE = 1_000
_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Adoptable:
    """The points of a collection that a ledger can adopt.

    Attributes:
        points: All of them.
        marked: Those with the marker of this pipeline.
        current: Of these, those made of what the catalog has now; nothing will be paid for them.
        gone: Of these, those that the catalog does not have any more.
        alike: Points without a marker whose payload says what ours would.
        unlike: Points without a marker, of a product, whose payload says something else.
        foreign: All the others.
        examples: Key, and the first field that differs, of some that are unlike.
    """

    points: int = 0
    marked: int = 0
    current: int = 0
    gone: int = 0
    alike: int = 0
    unlike: int = 0
    foreign: int = 0
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Adopted:
    """The result; `entered` items are new in the ledger."""

    found: Adoptable
    entered: int = 0


@dataclass(slots=True)
class _Page:
    """One page of the collection, sorted by what may be done with it."""

    found: Adoptable
    marked: list[MarkedPoint] = field(default_factory=list)
    alike: list[tuple[Content, JsonObject]] = field(default_factory=list)
    unlike: list[Content] = field(default_factory=list)


async def adoptable(
    engine: Engine, *, pipeline: str, unmarked: bool, progress: AuditProgress | None = None
) -> Adoptable:
    """Look what there is to adopt, and write nothing. The caller holds the pipeline's run lease.

    Args:
        unmarked: Look at points without a marker, too.

    Raises:
        ConfigError: adopting would do harm: the ledger knows more, or the points are of another model.
        Refused: there is no such collection, or it does not fit the configuration.
        Fault: catalog, ledger or collection do not answer.
    """
    components = components_of(engine.all_components, pipeline)
    state = await _checked_state(components)
    await anyio.to_thread.run_sync(_check_ledger, engine.ledger, components, state)
    found = await found_in(components, progress or AuditProgress(), unmarked=unmarked)
    check_model(pipeline, found)
    return found


async def found_in(components: Components, progress: AuditProgress, *, unmarked: bool) -> Adoptable:
    """The points of an existing collection. Raises Fault: catalog or collection do not answer."""
    found = Adoptable()
    async for page in _pages(components, progress, unmarked=unmarked):
        found = _sum(found, page.found)
    return found


def check_model(pipeline: str, found: Adoptable) -> None:
    """Refuse points that were made by another model.

    Raises:
        ConfigError: none of many was made of what the configuration makes of the catalog.
    """
    if found.marked - found.gone >= ENOUGH and not found.current:
        raise ConfigError(
            f"pipeline {pipeline}: none of its {found.marked:,} points was made as the configuration says "
            "now: is it another model, template or text? Vectors of two models can't be searched together. "
            "Restore the configuration they were made with, or embed everything again with "
            "`embedconsole run --force`."
        )


async def adopt(
    engine: Engine,
    *,
    pipeline: str,
    unmarked: bool,
    trust_vectors: bool,
    progress: AuditProgress | None = None,
) -> Adopted:
    """Enter what was found by `adoptable`, which is to be called before; as there.

    Args:
        trust_vectors: Adopt also what has another payload: that is written again by the next run, the vectors
            stay.

    Raises:
        Fault: catalog, ledger or collection do not answer; what was entered remains, and it can be repeated.
    """
    components = components_of(engine.all_components, pipeline)
    generation = await anyio.to_thread.run_sync(settled_generation, components, engine.ledger)
    await anyio.to_thread.run_sync(check_models, generation, components, engine.ledger)
    # Before: should we be killed, every later run is to look at all of it.
    await anyio.to_thread.run_sync(engine.ledger.generations.forget_scans, generation.id)
    adopted = Adopted(Adoptable())
    async for page in _pages(components, progress or AuditProgress(), unmarked=unmarked):
        # The marker first: a point that bears it is found again should we be killed now.
        await _mark(components, page)
        entries = _entries(page, trust_vectors=trust_vectors)
        entered = await anyio.to_thread.run_sync(engine.ledger.synced_items.adopt, generation.id, entries)
        adopted = Adopted(_sum(adopted.found, page.found), adopted.entered + entered)
    if unmarked:
        # The operator has seen what the others are: the next run asks no more.
        address = address_of(components.pipeline.collection)
        await anyio.to_thread.run_sync(engine.ledger.generations.use, generation.id, address)
    return adopted


async def _checked_state(components: Components) -> CollectionState:
    collection = components.collection
    state = await collection.describe()
    if state is None:
        raise Refused(
            collection.target,
            "it does not exist, so there is nothing to adopt",
            remedy="Bring it back from a snapshot, or start from scratch with `embedconsole run`",
        )
    blocking = [one for one in compared(components, state) if one.blocking]
    if blocking:
        first = blocking[0]
        raise Refused(
            collection.target,
            f"{first.field} is {first.have or 'missing'}, expected {first.want or 'nothing'}",
            remedy=first.remedy,
        )
    return state


def _check_ledger(ledger: Ledger, components: Components, state: CollectionState) -> None:
    name = components.pipeline.name
    generation = current_generation(components, ledger)
    known = 0 if generation is None else ledger.overview.counts(generation.id).total
    if known and known >= state.points:
        raise ConfigError(
            f"pipeline {name}: the ledger is not lost: it knows {known:,} items, the collection holds "
            f"{state.points:,} points. To have both agree, whichever is older: embedconsole verify --repair"
        )


async def _pages(components: Components, progress: AuditProgress, *, unmarked: bool) -> AsyncIterator[_Page]:
    gate = Gate("collection", concurrency=1, patient=False, drained=anyio.Event())
    recipe = await anyio.to_thread.run_sync(components.recipe)
    start: PointId | None = None
    while True:
        scroll = partial(
            components.collection.scroll, start, fields=None if unmarked else [MARKER], limit=_PAGE
        )
        try:
            page = await gate.call(scroll, components.pipeline.retry)
        except Stop as stop:
            raise stop.fault from stop
        progress.points += len(page.points)
        points = dict(page.points)

        def read(points: Mapping[PointId, JsonObject] = points) -> _Page:
            held = {point: read_point(point, payload) for point, payload in points.items()}
            ours = [one for one in held.values() if one.pipeline == recipe.pipeline]
            bare = {str(point): point for point, payload in points.items() if MARKER not in payload}
            rows = components.catalog.read([*(one.key for one in ours), *(bare if unmarked else ())])
            contents = {key: recipe.content(row) for key, row in rows.items()}
            return _sorted(points, ours, {key: bare[key] for key in bare if unmarked}, contents)

        yield await anyio.to_thread.run_sync(read, abandon_on_cancel=True)
        if page.following is None:
            return
        start = page.following


def _sorted(
    points: Mapping[PointId, JsonObject],
    ours: list[MarkedPoint],
    bare: Mapping[str, PointId],
    contents: Mapping[str, Content],
) -> _Page:
    page = _Page(Adoptable(), ours)
    examples = []
    for key, point in bare.items():
        content = contents.get(key)
        if content is None or content.point != point:
            continue
        differs = unlike_field(content.payload, points[point])
        if differs is None:
            page.alike.append((content, points[point]))
        else:
            page.unlike.append(content)
            examples.append((key, differs))
    current = sum(one.key in contents and contents[one.key].hashes.embed == _embed(one) for one in ours)
    page.found = Adoptable(
        points=len(points),
        marked=len(ours),
        current=current,
        gone=sum(one.key not in contents for one in ours),
        alike=len(page.alike),
        unlike=len(page.unlike),
        foreign=len(points) - len(ours) - len(page.alike) - len(page.unlike),
        examples=tuple(examples),
    )
    return page


def _embed(held: MarkedPoint) -> bytes | None:
    return None if held.holds is None else held.holds.embed


def _sum(one: Adoptable, other: Adoptable) -> Adoptable:
    return replace(
        one,
        points=one.points + other.points,
        marked=one.marked + other.marked,
        current=one.current + other.current,
        gone=one.gone + other.gone,
        alike=one.alike + other.alike,
        unlike=one.unlike + other.unlike,
        foreign=one.foreign + other.foreign,
        examples=(*one.examples, *other.examples)[:_EXAMPLES],
    )


async def _mark(components: Components, page: _Page) -> None:
    """Add our marker to the payloads of points."""
    contents = [content for content, _ in page.alike]
    markers: list[JsonObject] = [{MARKER: content.payload[MARKER]} for content in contents]
    await components.collection.update(Points([content.point for content in contents], {}, markers))


def _entries(page: _Page, *, trust_vectors: bool) -> list[Adoption]:
    entries = [Adoption(one.point, one.key, one.holds, one.holds) for one in page.marked if one.holds]
    entries += [_entry(content, content.hashes) for content, _ in page.alike]
    if trust_vectors:
        entries += [_entry(content, Hashes(content.hashes.embed, UNKNOWN)) for content in page.unlike]
    return entries


def _entry(content: Content, holds: Hashes) -> Adoption:
    return Adoption(point_order(content.point), content.key, content.hashes, holds)
