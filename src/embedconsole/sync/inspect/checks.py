"""The checks behind `test`: every dependency tried once, as the sync would use it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.faults import ConfigError, Fault, Refused, is_misconfigured
from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.content.trial import trial_of
from embedconsole.sync.plan.value_remarks import remarks
from embedconsole.sync.run.components import open_components

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.embedders.base import Embedder
    from embedconsole.items import CollectionState
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.plan.feed_intake import FeedIntake
    from embedconsole.sync.run.components import Components


@dataclass(frozen=True, slots=True)
class Check:
    """One check and what came of it.

    Attributes:
        subject: What was tried, for example "products: embedder ml".
        detail: What was found, or what is wrong and what to do.
        seconds: How long it took.
        misconfigured: The configuration is what is wrong.
    """

    subject: str
    ok: bool
    detail: str
    seconds: float
    misconfigured: bool = False


async def run_checks(pipelines: Sequence[Pipeline], ledger_url: str) -> AsyncIterator[Check]:
    """Try the ledger, then all that each pipeline depends on; gives each check as it ends."""
    yield await _check("ledger", partial(_open_and_try_ledger, ledger_url))
    for pipeline in pipelines:
        try:
            async with open_components([pipeline]) as (components,):
                async for check in check_assembly(components):
                    yield replace(check, subject=f"{pipeline.name}: {check.subject}")
        except (ConfigError, Fault) as error:
            misconfigured = is_misconfigured(error)
            yield Check(pipeline.name, ok=False, detail=str(error), seconds=0.0, misconfigured=misconfigured)


async def check_ledger(ledger: Ledger) -> Check:
    """Try a ledger that is open."""
    return await _check("ledger", partial(anyio.to_thread.run_sync, _try_ledger, ledger))


async def check_assembly(components: Components) -> AsyncIterator[Check]:
    """Try a pipeline's parts that are open; gives each check as it ends."""
    async for check in _check_parts(components, _try_embedder):
        yield check


async def check_for_free(components: Components) -> AsyncIterator[Check]:
    """The same without an embedding: embedders are asked for their health, where they have a door for it."""
    async for check in _check_parts(components, _ask_health):
        yield check


async def _check_parts(
    components: Components, try_embedder: Callable[[Embedder, bool], Awaitable[str]]
) -> AsyncIterator[Check]:
    yield await _check("catalog", partial(_try_catalog, components))
    if components.intake is not None:
        yield await _check("change feed", partial(_try_feed, components.intake))
    tried: set[str] = set()
    for vector, embedder in components.embedders.items():
        if embedder.name not in tried:
            tried.add(embedder.name)
            text = components.pipeline.vectors[vector].text is not None
            yield await _check(f"embedder {embedder.name}", partial(try_embedder, embedder, text))
    yield await _check("collection", partial(_try_collection, components))


async def _check(subject: str, work: Callable[[], Awaitable[str]]) -> Check:
    began = time.monotonic()
    try:
        detail = await work()
    except (ConfigError, Fault) as error:
        seconds = time.monotonic() - began
        misconfigured = is_misconfigured(error)
        return Check(subject, ok=False, detail=str(error), seconds=seconds, misconfigured=misconfigured)
    return Check(subject, ok=True, detail=detail, seconds=time.monotonic() - began)


async def _open_and_try_ledger(ledger_url: str) -> str:
    def look() -> str:
        with open_ledger(ledger_url) as ledger:
            return _try_ledger(ledger)

    return await anyio.to_thread.run_sync(look)


def _try_ledger(ledger: Ledger) -> str:
    workers = len(ledger.processes.workers())
    return f"{ledger.database.dialect}, {workers} process{'' if workers == 1 else 'es'} running"


async def _try_catalog(components: Components) -> str:
    def look() -> str:
        catalog = components.catalog
        catalog.check_write_back()
        known = f"columns {', '.join(catalog.columns)}"
        found = [
            f"{catalog.count():,} items",
            known,
            *remarks(components.pipeline, catalog, components.recipe()),
        ]
        return "; ".join(found)

    return await anyio.to_thread.run_sync(look)


async def _try_feed(intake: FeedIntake) -> str:
    problem = await anyio.to_thread.run_sync(intake.problem)
    if problem is not None:
        raise Refused("change feed", problem)
    return "every change of the watched tables is noted"


async def embed_sample(embedder: Embedder, *, text: bool) -> int:
    """Make one real embedding, of a text or else of a picture; returns its dimensions.

    Raises:
        Throttled, Transient, BadInput, Refused: the embedder fails, or answers with something else.
    """
    await embedder.health()
    embedded = await embedder.embed([trial_of(text=text)])
    if embedded.rejected:
        said = f"it answered, but not with a vector: {embedded.rejected[0]}"
        raise Refused(f"embedder {embedder.name}", said)
    return int(embedded.vectors.shape[1])


async def _try_embedder(embedder: Embedder, text: bool) -> str:
    size = await embed_sample(embedder, text=text)
    return f"{embedder.identity}: one embedding of {size} dimensions"


async def _ask_health(embedder: Embedder, _: bool) -> str:
    await embedder.health()
    return f"{embedder.identity}: no embedding was asked for"


async def _try_collection(components: Components) -> str:
    return describe_collection(components.collection.target, await components.collection.describe())


def describe_collection(target: str, state: CollectionState | None) -> str:
    """A collection in one line; `state` is None when it does not exist."""
    if state is None:
        return f"{target} does not exist yet; the first sync, or init, creates it"
    vectors = ", ".join(f"{name + ': ' if name else ''}{spec.words}" for name, spec in state.vectors.items())
    return f"{target}: {state.status}, {state.points:,} points, {vectors}"
