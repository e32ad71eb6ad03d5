"""A first fill in bulk: the index is put off, and set back whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from embedconsole.collection.wait_indexed import progress_words
from embedconsole.items import CollectionState, Optimization, Optimizations
from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.run.components import open_components
from embedconsole.sync.shared.options import RunOptions
from support.embedding_service import Behaviour
from support.full_collection import full
from sync.reindex.conftest import ON_SERVERS

if TYPE_CHECKING:
    from embedconsole.sync.shared.report import PipelineReport
    from sync.reindex.conftest import Site

pytestmark = pytest.mark.anyio

USUAL = 10_000


async def bulk(site: Site) -> PipelineReport:
    async with site.engine() as engine:
        return (await engine.run(RunOptions(bulk=True))).pipelines["products"]


async def threshold(site: Site) -> int | None:
    async with open_components([site.pipeline()]) as (components,):
        state = await components.collection.describe()
        assert state is not None
        return state.indexing_threshold


def left(site: Site) -> int | None:
    """What the ledger says is to be set back."""
    with open_ledger(site.ledger_url) as ledger:
        generation = ledger.generations.current("products")
        assert generation is not None
        return generation.deferred


@ON_SERVERS
async def test_it_is_put_off_while_the_run_goes_on_and_set_back_at_its_end(site: Site) -> None:
    site.service.behave(Behaviour("hold", times=1))
    seen: list[int | None] = []

    async def look() -> None:
        # Some batches are written while one is held.
        while not seen or seen[-1] != 0:
            async with open_components([site.pipeline()]) as (components,):
                state = await components.collection.describe()
                seen.append(None if state is None else state.indexing_threshold)
            await anyio.lowlevel.checkpoint()
        assert left(site) == USUAL
        site.service.release()

    async with anyio.create_task_group() as group:
        group.start_soon(look)
        report = await bulk(site)

    assert report.embedded == 12
    assert seen[-1] == 0
    assert await threshold(site) == USUAL
    assert left(site) is None


@ON_SERVERS
async def test_after_a_kill_the_next_run_sets_it_back(site: Site) -> None:
    await site.sync()
    # As a run in bulk leaves it that is killed.
    with open_ledger(site.ledger_url) as ledger:
        generation = ledger.generations.current("products")
        assert generation is not None
        ledger.generations.set_deferred(generation.id, 12_345)
    async with open_components([site.pipeline()]) as (components,):
        await full(components.collection).set_indexing_threshold(0)

    assert (await site.sync()).embedded == 0

    assert await threshold(site) == 12_345
    assert left(site) is None


@ON_SERVERS
async def test_who_helps_does_not_set_it_back_under_the_run_that_put_it_off(site: Site) -> None:
    await site.sync()
    site.shop.edit([1], title="Another")
    async with site.engine() as engine:
        await engine.run(RunOptions(limit=0))
    with open_ledger(site.ledger_url) as ledger:
        generation = ledger.generations.current("products")
        assert generation is not None
        ledger.generations.set_deferred(generation.id, 12_345)

    async with site.engine() as engine:
        assert (await engine.help()).pipelines["products"].embedded == 1

    assert left(site) == 12_345


@ON_SERVERS
async def test_an_operators_own_choice_is_left_alone(site: Site) -> None:
    await site.sync()
    async with open_components([site.pipeline()]) as (components,):
        await full(components.collection).set_indexing_threshold(0)
    site.shop.edit([1], title="Another")
    assert (await bulk(site)).embedded == 1
    assert await threshold(site) == 0


async def test_the_embedded_engine_takes_it_too(site: Site) -> None:
    assert (await bulk(site)).embedded == 12
    assert left(site) is None


def test_progress_is_told_in_a_line() -> None:
    state = CollectionState("yellow", 200, 50, 3, {}, {})
    one = Optimization("indexing", "graph", 30, 60, 1, 100)
    assert progress_words(state, Optimizations((one,), queued=2)) == (
        "Qdrant optimizes; 50 of 200 points indexed; indexing graph 50%; 2 more wait"
    )
    assert progress_words(state, None) == "Qdrant optimizes; 50 of 200 points indexed"
