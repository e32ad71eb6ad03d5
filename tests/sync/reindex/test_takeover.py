"""A ledger knows a collection by address and name; what it does not know it looks at before it writes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import httpx
import pytest
from sqlalchemy import func, select, update

from embedconsole.faults import ConfigError, Refused
from embedconsole.items import MARKER, Points
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.schema import generations, items, metadata, vectors
from embedconsole.sync.audit.adopt import adopt, adoptable
from embedconsole.sync.audit.collection import AuditProgress
from embedconsole.sync.audit.repair import repair
from embedconsole.sync.content.vectors import column_of
from embedconsole.sync.reindex.switch import AliasSwitch
from embedconsole.sync.run.components import components_of, open_components
from embedconsole.sync.run.dry_run import dry_run
from embedconsole.sync.run.leases import run_lease
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from support.embedding_service import Behaviour
from support.full_collection import full

if TYPE_CHECKING:
    from embedconsole.items import JsonObject, PointId
    from embedconsole.sync.shared.report import PipelineReport
    from support.qdrant_server import QdrantServer
    from sync.reindex.conftest import Site

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("site", ["sqlite"], indirect=True)
on_both_engines = pytest.mark.parametrize("site", ["sqlite", "embedded"], indirect=True)


async def run(site: Site, options: RunOptions) -> PipelineReport:
    async with site.engine() as engine:
        return (await engine.run(options)).pipelines["products"]


def lose_the_ledger(site: Site) -> None:
    """Empty it; the shop may be in the same database."""
    with open_ledger(site.ledger_url) as ledger:
        for table in metadata.sorted_tables:
            ledger.database.execute(table.delete())


def forget_addresses(site: Site) -> None:
    """As the ledger of a version that noted none."""
    with open_ledger(site.ledger_url) as ledger:
        ledger.database.execute(update(generations).values(address=None, used_at=None))


def count_items(site: Site) -> int:
    with open_ledger(site.ledger_url) as ledger:
        return int(ledger.database.scalar(select(func.count()).select_from(items)) or 0)


def change_payloads(site: Site, payloads: dict[PointId, JsonObject]) -> None:
    """Replace the payloads of points, as another program does."""
    for point, payload in payloads.items():
        httpx.put(
            f"{site.place['url']}/collections/{site.alias}/points/payload?wait=true",
            json={"points": [point], "payload": payload},
        ).raise_for_status()


async def add_point(site: Site, point: int, payload: JsonObject) -> None:
    """Put a point beside ours, as another program does."""
    async with open_components([site.pipeline()]) as (components,):
        stored = await full(components.collection).stored([1])
        vectors = {name: column_of([vector]) for name, vector in stored[1].vectors.items()}
        await components.collection.upsert(Points([point], vectors, [payload]))


def move_points(site: Site, url: str) -> None:
    """Copy the collection to another server, as a snapshot does."""
    there = f"/collections/{site.alias}"
    config = httpx.get(site.place["url"] + there).raise_for_status().json()["result"]["config"]
    vectors = {"vectors": config["params"]["vectors"]}
    httpx.put(url + there, json=vectors).raise_for_status()
    scroll = {"limit": 1000, "with_payload": True, "with_vector": True}
    page = httpx.post(f"{site.place['url']}{there}/points/scroll", json=scroll).raise_for_status().json()
    points = {"points": page["result"]["points"]}
    httpx.put(f"{url}{there}/points?wait=true", json=points).raise_for_status()


@pytest.fixture
def other_qdrant(own_qdrant: QdrantServer) -> QdrantServer:
    return own_qdrant


# A lost ledger


async def test_a_lost_ledger_beside_our_points_pays_nothing_and_says_so(site: Site) -> None:
    assert (await site.sync()).embedded == 12
    lose_the_ledger(site)
    site.service.reset()
    site.shop.edit([3], title="Edited meanwhile")
    site.shop.delete([5])

    again = await site.sync()

    assert (again.outcome, again.embedded, again.deleted) == (Outcome.OK, 1, 1)
    assert site.service.stats().embeds == {"3": 1}
    assert again.message is not None
    assert "took over 12 points" in again.message
    assert (await site.titles()).keys() == set(range(1, 13)) - {5}


async def planned(site: Site) -> PipelineReport:
    async with open_components([site.pipeline()]) as (components,):
        return await anyio.to_thread.run_sync(dry_run, components, site.ledger_url, RunOptions())


@on_both_engines
async def test_a_dry_run_without_its_ledger_counts_what_is_taken_over_as_there(site: Site) -> None:
    await site.sync()
    lose_the_ledger(site)
    site.shop.edit([3], title="Edited meanwhile")
    site.shop.delete([5])
    site.shop.add([20])

    dry = await planned(site)

    assert (dry.embedded, dry.deleted, dry.unchanged) == (2, 1, 10)
    assert dry.message is not None
    assert "would take over 12 points" in dry.message
    assert count_items(site) == 0, "nothing is written"
    done = await site.sync()
    assert (done.embedded, done.deleted, done.unchanged) == (2, 1, 10)


@pytest.mark.parametrize("site", ["embedded"], indirect=True)
async def test_a_dry_run_makes_no_directory_of_an_embedded_collection(site: Site) -> None:
    dry = await planned(site)

    assert dry.embedded == 12
    assert not await anyio.Path(site.place["path"]).exists()


async def test_a_dry_run_without_its_ledger_ends_as_the_run_would_by_points_of_others(site: Site) -> None:
    await site.sync()
    lose_the_ledger(site)
    async with open_components([site.pipeline()]) as (components,):
        await components.collection.update(Points([4], {}, [{MARKER: {"pipeline": "another", "key": "4"}}]))

    with pytest.raises(Refused, match="not its own"):
        await planned(site)


@on_sqlite
async def test_points_of_another_model_or_text_are_not_taken_over(site: Site) -> None:
    site.shop.add(range(13, 40))
    await site.sync()
    lose_the_ledger(site)
    before, site.embed = site.embed, {"text": "another {title}"}
    site.service.reset()

    refused = await site.sync()

    assert refused.outcome is Outcome.ABORTED
    assert "none of the 39 points" in (refused.message or "")
    assert site.service.stats().requests == 0
    site.embed = before
    assert (await site.sync()).embedded == 0


@pytest.mark.parametrize("site", ["embedded"], indirect=True)
async def test_a_lost_ledger_finds_the_collection_that_an_alias_stands_for(site: Site) -> None:
    await site.sync()
    site.collection = {"distance": "euclid"}
    done = await site.reindex()
    lose_the_ledger(site)
    site.service.reset()

    again = await site.sync()

    assert (again.outcome, again.embedded) == (Outcome.OK, 0)
    site.shop.edit([2], title="Found by its alias")
    await site.sync()
    assert (await site.titles())[2] == "Found by its alias"
    assert (await site.titles(done.after))[2] == "Found by its alias"
    assert (await site.reindex()).before == done.after


@pytest.mark.parametrize("site", ["embedded"], indirect=True)
async def test_adopt_repair_and_drop_old_mean_the_collection_that_an_embedded_alias_stands_for(
    site: Site,
) -> None:
    await site.sync()
    site.collection = {"distance": "euclid"}
    done = await site.reindex()
    lose_the_ledger(site)
    site.service.reset()

    async with site.engine() as engine:
        found = await adoptable(engine, pipeline="products", unmarked=False)
        adopted = await adopt(engine, pipeline="products", unmarked=False, trust_vectors=False)
    assert (found.marked, adopted.entered) == (12, 12)

    async with open_components([site.pipeline()]) as (components,):
        await components.collection.delete([4])
    async with site.engine() as engine:
        repaired = await repair(engine, progress={"products": AuditProgress()})
    assert repaired.run.pipelines["products"].embedded == 1
    assert (await site.sync()).embedded == 0
    assert site.service.stats().embeds == {"4": 1}
    assert (await site.titles(done.after)).keys() == set(range(1, 13))

    site.collection = {"distance": "cosine"}
    again = await site.reindex()
    async with site.engine() as engine:
        components = components_of(engine.all_components, "products")
        dropped = await AliasSwitch(engine.ledger, components).drop_standby()
    assert (again.before, dropped) == (done.after, [done.after])
    assert (await site.titles()).keys() == set(range(1, 13))
    assert await site.titles() == await site.titles(again.after)


# Points of others


@on_sqlite
async def test_a_first_run_stops_at_points_of_others_that_it_would_overwrite(site: Site) -> None:
    await site.sync()
    lose_the_ledger(site)
    change_payloads(site, {2: {"title": "theirs"}, 4: {"title": "theirs"}})
    site.service.reset()

    refused = await site.sync()

    assert refused.outcome is Outcome.ABORTED
    assert refused.message is not None
    assert "2 of its points" in refused.message
    assert "#2, #4" in refused.message
    assert "adopt --unmarked" in refused.message
    assert "--take-over" in refused.message
    assert site.service.stats().requests == 0
    assert (await site.titles())[2] == "theirs"

    taken = await run(site, RunOptions(take_over=True))

    assert (taken.outcome, taken.embedded) == (Outcome.OK, 2)
    assert (await site.titles())[2] != "theirs"


@on_both_engines
@pytest.mark.parametrize("payload", [{"title": "theirs"}, {"_embedconsole": {"pipeline": "articles"}}])
async def test_a_new_item_never_takes_the_point_of_others_on_a_later_run(
    site: Site, payload: JsonObject
) -> None:
    await site.sync()
    await add_point(site, 13, payload)
    site.shop.add([13, 14])
    site.service.reset()

    later = await site.sync()

    assert (later.outcome, later.embedded, later.failed) == (Outcome.PARTIAL, 1, 1)
    assert site.service.stats().embeds == {"14": 1}
    assert (await site.stored())[13] == payload
    with open_ledger(site.ledger_url) as ledger:
        generation = ledger.generations.current("products")
        assert generation is not None
        assert ledger.failures.retry(generation.id) == 1
    taken = await run(site, RunOptions(take_over=True))
    assert (taken.outcome, taken.embedded) == (Outcome.OK, 1)
    assert (await site.stored())[13] != payload


@on_sqlite
async def test_new_items_in_a_collection_of_ours_alone_are_written_without_a_look(
    site: Site, qdrant: QdrantServer
) -> None:
    await site.sync()
    site.shop.add([13])
    site.shop.edit([1], title="Edited")
    qdrant.reset()

    assert (await site.sync()).embedded == 2
    assert f"POST /collections/{site.alias}/points" not in qdrant.requests()


@on_sqlite
async def test_points_of_others_with_other_ids_are_no_reason_to_stop(site: Site) -> None:
    await site.sync()
    lose_the_ledger(site)
    site.shop.delete([2])
    change_payloads(site, {2: {"title": "theirs"}})

    again = await site.sync()

    assert (again.outcome, again.deleted) == (Outcome.OK, 0)
    assert (await site.titles())[2] == "theirs"


@on_sqlite
async def test_points_of_a_renamed_pipeline_are_named(site: Site) -> None:
    await site.sync()
    lose_the_ledger(site)
    stored = await site.stored()
    renamed = {
        point: {**payload, "_embedconsole": {**payload["_embedconsole"], "pipeline": "articles"}}  # type: ignore[dict-item]
        for point, payload in stored.items()
    }
    change_payloads(site, renamed)

    refused = await site.sync()

    assert refused.outcome is Outcome.ABORTED
    assert "of pipeline articles" in (refused.message or "")
    assert "Give it the name articles again" in (refused.message or "")


@on_sqlite
async def test_a_ledger_that_knows_the_collection_asks_it_nothing(site: Site, qdrant: QdrantServer) -> None:
    await site.sync()
    qdrant.reset()

    await site.sync()

    assert list(qdrant.requests()) == [f"GET /collections/{site.alias}"]


# Addresses


@on_sqlite
async def test_two_servers_on_one_ledger_are_never_mixed(site: Site, other_qdrant: QdrantServer) -> None:
    staging, production = {"url": site.place["url"]}, {"url": other_qdrant.url}
    await site.sync()
    site.place = production

    refused = await site.sync()

    assert refused.outcome is Outcome.ABORTED
    assert staging["url"] in (refused.message or "")
    assert other_qdrant.url in (refused.message or "")

    assert (await run(site, RunOptions(force=True))).embedded == 12
    site.shop.edit([1], title="Edited")
    site.place = staging
    assert (await run(site, RunOptions(force=True))).embedded == 12
    site.place = production
    site.service.reset()

    edited = await site.sync()

    assert (edited.outcome, edited.embedded) == (Outcome.OK, 1)
    assert (await site.titles())[1] == "Edited"
    assert site.service.stats().embeds == {"1": 1}


@on_sqlite
async def test_a_moved_server_is_taken_over_by_its_markers_and_says_where_it_was(
    site: Site, other_qdrant: QdrantServer
) -> None:
    await site.sync()
    was = site.place["url"]
    move_points(site, other_qdrant.url)
    site.place = {"url": other_qdrant.url}
    site.service.reset()
    site.shop.edit([3], title="Edited meanwhile")

    moved = await site.sync()

    assert (moved.outcome, moved.embedded) == (Outcome.OK, 1)
    assert site.service.stats().embeds == {"3": 1}
    assert f"took over 12 points that are in collection {site.alias}" in (moved.message or "")
    assert f"it was at {was}" in (moved.message or "")


@on_sqlite
async def test_the_same_address_written_otherwise_is_the_same(site: Site, qdrant: QdrantServer) -> None:
    await site.sync()
    site.place = {"url": f"{site.place['url'].replace('http:', 'HTTP:')}/"}
    qdrant.reset()

    again = await site.sync()

    assert (again.embedded, again.message) == (0, None)
    assert len(qdrant.requests()) == 1


async def test_a_ledger_of_before_notes_the_address_in_silence(site: Site) -> None:
    await site.sync()
    forget_addresses(site)

    again = await site.sync()

    assert (again.outcome, again.embedded, again.message) == (Outcome.OK, 0, None)
    with open_ledger(site.ledger_url) as ledger:
        live = ledger.generations.current("products")
        assert live is not None
        assert live.address is not None


@on_sqlite
async def test_a_ledger_of_before_is_set_right_by_what_the_points_say(
    site: Site, other_qdrant: QdrantServer
) -> None:
    """It was written to by two configurations, and believes the one that ran last."""
    staging = site.place
    site.place = {"url": other_qdrant.url}
    await site.sync()
    lose_the_ledger(site)
    site.place = staging
    site.shop.edit([7], title="Newer")
    await site.sync()
    forget_addresses(site)
    site.place = {"url": other_qdrant.url}

    mended = await run(site, RunOptions(full=True))

    assert (mended.outcome, mended.embedded) == (Outcome.OK, 1)
    assert (await site.titles())[7] == "Newer"


# Names


@on_sqlite
async def test_a_renamed_collection_and_back_pays_nothing(site: Site) -> None:
    await site.sync()
    site.service.reset()
    name, site.alias = site.alias, f"{site.alias}-renamed"

    renamed = await site.sync()
    site.shop.edit([4], title="Edited under the other name")
    await site.sync()
    site.alias = name
    back = await site.sync()

    assert (renamed.embedded, back.embedded) == (12, 1)
    assert site.service.stats().embeds == {"4": 1}
    assert (await site.titles())[4] == "Edited under the other name"


@on_sqlite
async def test_what_no_run_uses_any_more_is_forgotten_in_the_end(site: Site) -> None:
    await site.sync()
    site.alias = f"{site.alias}-renamed"
    await site.sync()
    assert count_items(site) == 24
    with open_ledger(site.ledger_url) as ledger:
        long_ago = update(generations).values(used_at=generations.c.used_at - 40 * 24 * 3600 * 1000)
        ledger.database.execute(long_ago)

    await site.sync()

    assert count_items(site) == 12


# Kept vectors


@on_sqlite
async def test_kept_vectors_that_nothing_wants_do_not_pile_up(site: Site) -> None:
    pipeline = site.pipeline
    site.pipeline = lambda: replace(pipeline(), keep_vectors="always")  # type: ignore[method-assign]
    for time in range(5):
        for number in range(1, 13):
            site.shop.edit([number], title=f"Number {number}, edited {time} times")
        await site.sync()

    with open_ledger(site.ledger_url) as ledger:
        kept = ledger.database.scalar(select(func.count()).select_from(vectors))

    assert 12 <= kept <= 24


# State after the deed


@on_both_engines
async def test_a_model_of_another_size_leaves_the_ledger_as_it_was(site: Site) -> None:
    site.embedder = {"type": "hashing", "size": 8}
    await site.sync()
    site.embedder = {"type": "hashing", "size": 16}

    with pytest.raises(ConfigError) as told:
        await site.sync()
    assert "--force" not in str(told.value)
    assert "embedconsole reindex" in str(told.value)
    with pytest.raises(ConfigError):
        await run(site, RunOptions(force=True))

    site.embedder = {"type": "hashing", "size": 8}
    back = await site.sync()
    assert (back.outcome, back.embedded, back.unchanged) == (Outcome.OK, 0, 12)


@on_sqlite
async def test_a_model_whose_size_shows_too_late_leaves_what_was_written_known(site: Site) -> None:
    await site.sync()
    before, site.embedder = site.embedder, {"model": "clip-2"}
    site.service.behave(Behaviour("size", size=16, at=None))

    refused = await run(site, RunOptions(force=True))
    site.embedder = before
    site.service.behave()
    back = await site.sync()

    assert refused.outcome is Outcome.ABORTED
    assert (back.outcome, back.embedded) == (Outcome.OK, 0)


# Leases


@on_sqlite
async def test_a_repair_waits_for_the_run_that_holds_the_pipeline(site: Site) -> None:
    await site.sync()
    async with site.engine() as engine:
        presence = engine.ledger.processes
        held = await anyio.to_thread.run_sync(presence.acquire, [run_lease("products")], "another process")
        assert not isinstance(held, str)
        done = anyio.Event()

        async def mend() -> None:
            await repair(engine, progress={"products": AuditProgress()})
            done.set()

        async with anyio.create_task_group() as group:
            group.start_soon(mend)
            with anyio.move_on_after(0.3):
                await done.wait()
            assert not done.is_set()
            await anyio.to_thread.run_sync(presence.release, held)
            await done.wait()
