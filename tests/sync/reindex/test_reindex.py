"""A new collection beside the one that is searched, checked, and the name that moves."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import pytest
from sqlalchemy import func, select

from embedconsole.collection.qdrant.server import ServerCollection
from embedconsole.faults import ConfigError
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.schema import items
from embedconsole.sync.reindex import reindex as reindexing
from embedconsole.sync.reindex.compare import compare
from embedconsole.sync.reindex.reindex import ReindexOptions, ReindexOutcome, roll_back
from embedconsole.sync.reindex.switch import AliasSwitch
from embedconsole.sync.run.components import open_components
from embedconsole.sync.shared.report import Outcome
from embedconsole.sync.worker.schema import wanted_schema
from embedders.backends import SIZE
from support.embedding_service import Behaviour
from support.full_collection import full
from support.processes import wait_until
from sync.reindex.conftest import ON_SERVERS

if TYPE_CHECKING:
    from embedconsole.ledger.records.work import Batch
    from embedconsole.sync.reindex.compare import Comparison
    from embedconsole.sync.reindex.reindex import Reindexed
    from sync.reindex.conftest import Site

pytestmark = pytest.mark.anyio


async def filled(site: Site) -> Site:
    """Synced, and its name an alias where it is to be one."""
    assert (await site.sync()).embedded == 12
    if "url" in site.place:
        alias = f"{site.alias}-live"
        async with site.engine() as engine:
            (components,) = engine.all_components
            await AliasSwitch(engine.ledger, components).lead_to(alias)
        site.alias = alias
        assert (await site.sync()).embedded == 0  # under its other name it is still the same
    site.service.reset()
    return site


def generations(site: Site) -> dict[str, str]:
    """Collection to stage."""
    with open_ledger(site.ledger_url) as ledger:
        live = ledger.generations.current("products")
        assert live is not None
        standby = ledger.generations.standby("products")
        return {one.target: one.stage.value for one in (live, *standby)}


async def test_another_model_is_refused_with_the_advice_to_reindex(site: Site) -> None:
    await filled(site)
    site.embedder = {"model": "clip-2"}
    with pytest.raises(ConfigError, match="embedconsole reindex"):
        await site.sync()
    assert site.service.stats().requests == 0


async def test_another_model_gets_a_collection_and_the_name(site: Site) -> None:
    await filled(site)
    site.embedder = {"model": "clip-2"}

    done = await site.reindex()

    assert (done.stand, done.reason) == (ReindexOutcome.DONE, "")
    assert done.fill["embed_items"] == 12
    assert done.comparison is not None
    assert (done.comparison.before, done.comparison.after, done.comparison.lacking) == (12, 12, 0)
    assert done.comparison.neighbours is not None
    assert done.comparison.neighbours.overlap == 1.0  # vectors of the service do not depend on the model
    assert generations(site) == {done.after: "live", done.before: "standby"}
    assert len(await site.titles()) == 12
    # From here on it is a pipeline as any other.
    site.shop.edit([3], title="Edited after the move")
    assert (await site.sync()).embedded == 1
    assert (await site.titles())[3] == "Edited after the move"
    assert (await site.titles(done.after))[3] == "Edited after the move"
    assert (await site.titles(done.before))[3] != "Edited after the move"


async def test_searches_are_shown_side_by_side(site: Site) -> None:
    await filled(site)
    site.embedder = {"model": "clip-2"}
    done = await site.reindex(ReindexOptions(switch=False, queries=("Product number 4",)))
    assert done.comparison is not None
    (both,) = done.comparison.searches
    assert both.before == both.after  # vectors of the service do not depend on the model
    assert all(hit.startswith("#") for hit in both.before)
    assert len(both.before) == 5


async def test_another_distance_pays_for_nothing(site: Site) -> None:
    await filled(site)
    site.collection = {"distance": "euclid"}
    assert (await site.sync()).embed_requests == 0

    done = await site.reindex()

    assert (done.stand, done.fill["embedded"], done.fill["embed_items"]) == (ReindexOutcome.DONE, 12, 0)
    assert site.service.stats().requests == 0
    assert (await site.sync()).outcome is Outcome.OK


async def test_edits_and_deletions_reach_both_while_it_is_built(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(site)
    site.embedder = {"model": "clip-2"}
    monkeypatch.setattr("embedconsole.sync.reindex.keep_current.REFRESH_EVERY", 0.05)
    told: list[str] = []

    def say(text: str) -> None:
        told.append(text)
        if text.startswith("Building"):
            site.shop.edit([3], title="Edited meanwhile")
            site.shop.delete([5])

    site.say = say
    done = await site.reindex(ReindexOptions(switch=False))

    assert done.stand is ReindexOutcome.BUILT
    assert not any("not kept up to date" in text for text in told)
    for name in (done.before, done.after):
        titles = await site.titles(name)
        assert titles[3] == "Edited meanwhile", name
        assert 5 not in titles, name
    assert done.comparison is not None
    assert done.comparison.lacking == 0


async def test_it_waits_for_items_that_would_be_missed(site: Site) -> None:
    await filled(site)
    site.embedder = {"model": "clip-2"}
    site.shop.edit([7], title="")  # fails for good; its old point stays searchable

    done = await site.reindex()

    assert done.stand is ReindexOutcome.WAITS
    assert "#7" in done.reason
    assert generations(site) == {done.before: "live"}
    moved = await site.reindex(ReindexOptions(accept_missing=True))
    assert (moved.stand, moved.after) == (ReindexOutcome.DONE, done.after)
    assert moved.fill["embed_items"] == 0


async def test_back_and_forth(site: Site) -> None:
    await filled(site)
    before = await site.titles()
    site.embedder = {"model": "clip-2"}
    done = await site.reindex()
    site.shop.edit([3], title="Edited after the move")
    await site.sync()

    async with site.engine() as engine:
        said = await roll_back(engine, "products")

    assert "Set pipelines.products back" in said
    assert await site.titles() == before
    with pytest.raises(ConfigError, match="reindex"):
        await site.sync()
    site.embedder = {}
    site.service.reset()
    report = await site.sync()
    assert (report.outcome, report.embedded) == (Outcome.OK, 1)
    assert (await site.titles())[3] == "Edited after the move"
    assert generations(site) == {done.before: "live", done.after: "standby"}


async def test_a_name_that_was_an_alias_from_the_first(site: Site) -> None:
    """Or a ledger was lost since: what the alias stood for stands by, not the alias."""
    if "path" in site.place:
        pytest.skip("not applicable: an embedded collection has no aliases but ours")
    own = site.alias
    await filled(site)
    with open_ledger(site.ledger_url) as ledger:
        for one in (ledger.generations.current("products"), *ledger.generations.standby("products")):
            assert one is not None
            ledger.generations.retire(one)
            ledger.generations.forget(one)
    await site.sync()
    site.embedder = {"model": "clip-2"}

    done = await site.reindex()

    assert (done.stand, done.before) == (ReindexOutcome.DONE, own)
    async with site.engine() as engine:
        await roll_back(engine, "products")
        (components,) = engine.all_components
        assert await AliasSwitch(engine.ledger, components).drop_standby() == [done.after]
    assert len(await site.titles(own)) == 12
    assert len(await site.titles()) == 12


async def test_what_stands_by_is_dropped_on_request_only(site: Site) -> None:
    await filled(site)
    site.embedder = {"model": "clip-2"}
    done = await site.reindex()
    async with site.engine() as engine:
        (components,) = engine.all_components
        assert await AliasSwitch(engine.ledger, components).drop_standby() == [done.before]
        with pytest.raises(ConfigError, match="no previous collection"):
            await roll_back(engine, "products")
    assert generations(site) == {done.after: "live"}
    assert len(await site.titles()) == 12
    async with open_components([site.pipeline()]) as (components,):
        assert await components.bound_to(done.before).collection.describe() is None
    with open_ledger(site.ledger_url) as ledger:
        assert ledger.database.scalar(select(func.count()).select_from(items)) == 12


async def test_another_size_gets_its_own_collection(site: Site) -> None:
    await filled(site)
    assert await site.sizes() == {SIZE}
    site.embedder = {"type": "hashing", "size": 2 * SIZE}

    done = await site.reindex()

    assert done.stand is ReindexOutcome.DONE
    assert await site.sizes() == {2 * SIZE}


async def test_a_configuration_that_changes_again_begins_again(site: Site) -> None:
    await filled(site)
    site.embedder = {"model": "clip-2"}
    first = await site.reindex(ReindexOptions(switch=False))
    site.embedder = {"model": "clip-3"}

    done = await site.reindex()

    assert done.stand is ReindexOutcome.DONE
    assert done.fill["embed_items"] == 12
    assert any(text.startswith(f"{first.after} was started for another configuration") for text in site.said)
    assert generations(site) == {done.after: "live", done.before: "standby"}


async def test_it_goes_on_where_it_was_broken_off(site: Site) -> None:
    await filled(site)
    site.embedder = {"model": "clip-2"}
    first = await site.reindex(ReindexOptions(switch=False))
    site.service.reset()

    # Killed between the move of the name and its note in the ledger.
    async with site.engine() as engine:
        (components,) = engine.all_components
        switch = AliasSwitch(engine.ledger, components)
        building = engine.ledger.generations.building("products")
        assert building is not None
        await switch.aliases_of(str(building.target)).take_alias(site.alias)
    done = await site.reindex()

    assert (done.stand, done.after) == (ReindexOutcome.DONE, first.after)
    assert site.service.stats().requests == 0
    assert generations(site) == {done.after: "live", done.before: "standby"}


@ON_SERVERS
async def test_a_name_of_a_collection_itself_is_told_what_can_be_done(site: Site) -> None:
    await site.sync()
    site.embedder = {"model": "clip-2"}

    waits = await site.reindex()

    assert waits.stand is ReindexOutcome.WAITS
    assert "--lead-to" in waits.reason
    assert len(await site.titles()) == 12
    done = await site.reindex(ReindexOptions(replace=True))
    assert done.stand is ReindexOutcome.DONE
    assert len(await site.titles()) == 12
    assert generations(site) == {done.after: "live"}
    assert (await site.sync()).embedded == 0


@ON_SERVERS
async def test_what_is_replaced_is_taken_from_its_workers_before_it_is_dropped(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A helper with the old configuration would write into the new collection, by the name that moves."""
    await site.sync()
    site.embedder = {"model": "clip-2"}
    claimed: list[Batch] = []
    held = []

    async def compare_while_a_helper_claims(*arguments: Any, **named: Any) -> Comparison:
        compared = await compare(*arguments, **named)
        with open_ledger(site.ledger_url) as ledger:
            searched = ledger.generations.current("products")
            assert searched is not None
            page = next(ledger.planned_items.ids(searched.id))
            ledger.planned_items.apply(searched.id, [], [], [], [item for item, _ in page[:2]])
            batch = ledger.work.claim(searched.id, worker_id="helper", slot=0, limit=1)
            assert batch is not None
            claimed.append(batch)
        return compared

    drop = ServerCollection.drop

    async def look_and_drop(collection: ServerCollection) -> None:
        with open_ledger(site.ledger_url) as ledger:
            again = ledger.work.claim(claimed[0].generation_id, worker_id="helper", slot=0, limit=9)
            held.append((ledger.work.extend(claimed[0]), again))
        await drop(collection)

    monkeypatch.setattr(reindexing, "compare", compare_while_a_helper_claims)
    monkeypatch.setattr(ServerCollection, "drop", look_and_drop)

    done = await site.reindex(ReindexOptions(replace=True))

    assert done.stand is ReindexOutcome.DONE
    assert held == [(False, None)]


async def test_nothing_to_reindex_is_told(site: Site) -> None:
    with pytest.raises(ConfigError, match="nothing to re-index yet"):
        await site.reindex()


async def test_what_is_searched_is_not_written_again_for_nothing(site: Site) -> None:
    await filled(site)
    before = await site.stored()
    site.embedder = {"model": "clip-2"}
    await site.reindex(ReindexOptions(switch=False))
    with open_ledger(site.ledger_url) as ledger:
        served = [run.report for run in ledger.history.runs() if run.kind == "serve" and run.report]
    assert served
    for report in served:
        figures = report["pipelines"]
        assert isinstance(figures, dict)
        assert (figures["products"]["embedded"], figures["products"]["payload_updated"]) == (0, 0)
    site.embedder = {}
    assert await site.stored() == before


async def test_what_was_being_built_may_vanish(site: Site) -> None:
    await filled(site)
    site.embedder = {"model": "clip-2"}
    first = await site.reindex(ReindexOptions(switch=False))
    async with open_components([site.pipeline()]) as (components,):
        await full(components.bound_to(first.after).collection).drop()

    done = await site.reindex()

    assert done.stand is ReindexOutcome.DONE
    assert any(text.endswith("was started before, and is gone") for text in site.said)
    assert len(await site.titles()) == 12


@ON_SERVERS
async def test_an_alias_that_somebody_else_made_moves_too(site: Site) -> None:
    own_name, site.alias = f"{site.alias}-old", f"{site.alias}-search"
    async with open_components([site.pipeline()]) as (components,):
        collection = components.bound_to(own_name).collection
        await collection.create(wanted_schema(site.pipeline(), {"": SIZE}))
        await full(collection).take_alias(site.alias)
    assert (await site.sync()).embedded == 12
    site.embedder = {"model": "clip-2"}

    done = await site.reindex()

    assert (done.stand, done.before) == (ReindexOutcome.DONE, own_name)
    assert generations(site) == {done.after: "live", own_name: "standby"}
    async with site.engine() as engine:
        await roll_back(engine, "products")
    async with open_components([site.pipeline()]) as (components,):
        assert (await full(components.collection).naming()).collection == own_name


async def test_an_edit_that_only_flags_or_a_feed_know_of_is_not_lost_by_the_move(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told to the one of before is not told again: here it leaves the watermark's column alone."""
    site.catalog = {"changed": "updated_at", "overlap": 0}
    await filled(site)
    site.embedder = {"model": "clip-2"}

    async def edit_and_compare(*arguments: Any, **named: Any) -> Comparison:
        site.shop.edit([3], title="Edited behind the last pass", touch=False)
        return await compare(*arguments, **named)

    monkeypatch.setattr("embedconsole.sync.reindex.reindex.compare", edit_and_compare)

    done = await site.reindex()

    assert done.stand is ReindexOutcome.DONE
    assert (await site.titles())[3] == "Edited behind the last pass"
    # The same of the way back.
    site.shop.edit([4], title="Edited before the way back", touch=False)
    async with site.engine() as engine:
        await roll_back(engine, "products")
    site.embedder = {}
    await site.sync()
    assert (await site.titles())[4] == "Edited before the way back"


async def test_what_is_deleted_at_the_last_moment_keeps_no_name_from_moving(site: Site) -> None:
    """Gone from the next one already, and the one that is searched would be synced in half a minute only."""
    await filled(site)
    site.embedder = {"model": "clip-2"}
    site.service.behave(Behaviour("hold", times=1))

    async with anyio.create_task_group() as group:
        done: list[Reindexed] = []

        async def reindex() -> None:
            done.append(await site.reindex())

        group.start_soon(reindex)
        held = partial(wait_until, lambda: site.service.stats().held == 1, "it is in the middle")
        await anyio.to_thread.run_sync(held)
        site.shop.delete([5])
        site.service.release()

    assert (done[0].stand, done[0].reason) == (ReindexOutcome.DONE, "")
    assert 5 not in await site.titles()


async def test_the_vector_column_holds_what_is_searched(site: Site) -> None:
    """There and back; else readers of the column would compare vectors of two models."""
    site.catalog = {"writeback": {"flag": "needs_embedding", "vector": "embedding"}}
    site.embedder = {"type": "hashing", "size": SIZE}
    await site.sync()

    def sizes() -> set[int]:
        return {len(json.loads(str(vector))) for vector in site.shop.column("embedding").values()}

    assert sizes() == {SIZE}
    site.embedder = {"type": "hashing", "size": 2 * SIZE}
    await site.reindex(ReindexOptions(replace="url" in site.place))
    assert sizes() == {2 * SIZE}
    if "url" in site.place:
        return  # what was replaced is dropped
    site.shop.edit([3], title="Edited", needs_embedding=1)
    async with site.engine() as engine:
        await roll_back(engine, "products")
    vectors = site.shop.column("embedding")
    assert len(json.loads(str(vectors.pop(3)))) == 2 * SIZE  # the next run's to embed
    assert {len(json.loads(str(vector))) for vector in vectors.values()} == {SIZE}
    assert site.shop.column("needs_embedding")[3] == 1


async def test_a_host_with_the_configuration_of_before_does_not_take_it_back(site: Site) -> None:
    """It would pay for all of it again, and forget the collection that is searched."""
    name = site.alias
    await filled(site)
    site.embedder = {"model": "clip-2"}
    done = await site.reindex() if "url" in site.place else await site.reindex(ReindexOptions(alias="other"))
    site.service.reset()
    site.alias, site.embedder = name, {}

    with pytest.raises(ConfigError, match="has taken over from its collection"):
        await site.sync()

    assert site.service.stats().requests == 0
    assert generations(site) == {done.after: "live", done.before: "standby"}


async def test_after_the_way_back_the_next_one_is_not_paid_for_again(site: Site) -> None:
    await filled(site)
    site.embedder = {"model": "clip-2"}
    first = await site.reindex()
    async with site.engine() as engine:
        await roll_back(engine, "products")
    site.shop.edit([3], title="Edited meanwhile")
    site.service.reset()

    again = await site.reindex()

    assert (again.stand, again.after) == (ReindexOutcome.DONE, first.after)
    assert set(site.service.stats().embeds) == {"3"}
    assert (await site.titles())[3] == "Edited meanwhile"
    assert generations(site) == {first.after: "live", first.before: "standby"}
