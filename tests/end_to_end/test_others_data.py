"""Vectors and payload fields that other programs keep on our points survive every write. Scenario 44."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from embedconsole.items import MARKER
from support.outsider import outsider_of_a_synced_shop

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from support.fixtures_shop import Stage
    from support.installation import Json

BM25 = {"indices": [1, 7], "values": [0.5, 0.25]}
IDS = range(1, 6)
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SIZE = 8


@pytest.fixture
def others(stage: Stage) -> Stage:
    """5 products in sync, on whose points another program keeps a sparse vector and a field."""
    schema = {"vectors": {"dense": {"size": SIZE, "distance": "Cosine"}}, "sparse_vectors": {"bm25": {}}}
    ask(stage, "PUT", "", schema)
    stage.pipeline["vectors"] = {"dense": stage.pipeline.pop("embed")}
    stage.shop.add(IDS)
    synced = stage.installation.sync()
    assert synced.code == 0, synced.err
    enrich(stage)
    stage.service.reset()
    stage.qdrant.reset()
    return stage


def ask(stage: Stage, method: str, path: str, body: Json) -> None:
    url = f"{stage.qdrant.url}/collections/{stage.points.collection}{path}"
    httpx.request(method, url, params={"wait": "true"}, json=body, timeout=30).raise_for_status()


def enrich(stage: Stage) -> None:
    rows = [{"id": point, "vector": {"bm25": BM25}} for point in IDS]
    ask(stage, "PUT", "/points/vectors", {"points": rows})
    ask(stage, "POST", "/points/payload", {"payload": {"clicks_7d": 42}, "points": list(IDS)})


def read(stage: Stage) -> Mapping[int | str, Json]:
    return stage.points.all(vectors=True)


def assert_kept(stage: Stage) -> None:
    """What others keep is on every point."""
    for point in read(stage).values():
        assert point["vector"]["bm25"] == BM25
        assert point["payload"]["clicks_7d"] == 42


def assert_agrees(stage: Stage) -> None:
    verified = stage.installation.run("verify")
    assert verified.code == 0, verified.out


@on_sqlite
def test_edits_write_our_part_in_one_request(others: Stage) -> None:
    stage = others
    before = read(stage)
    stage.shop.edit([1], title="New title")
    stage.shop.edit([2], price="99.50")

    edited = stage.installation.sync()

    assert edited.code == 0, edited.err
    assert (edited.products["embedded"], edited.products["payload_updated"]) == (1, 1)
    after = read(stage)
    assert_kept(stage)
    assert after[1]["vector"]["dense"] != before[1]["vector"]["dense"]
    assert after[1]["payload"]["title"] == "New title"
    assert after[2]["payload"]["price"] == 99.5
    # One request a batch: what is embedded and what is not are two.
    assert stage.writes == {f"POST /collections/{stage.points.collection}/points/batch": 2}
    assert_agrees(stage)


def test_embedding_everything_again_keeps_it(others: Stage) -> None:
    stage = others
    vectors = {number: point["vector"]["dense"] for number, point in read(stage).items()}
    ask(stage, "PUT", "/points/vectors", {"points": [{"id": 3, "vector": {"dense": [1.0] * SIZE}}]})

    forced = stage.installation.sync("--force")

    assert forced.code == 0, forced.err
    assert forced.products["embedded"] == len(IDS)
    assert_kept(stage)
    for number, point in read(stage).items():
        assert point["vector"]["dense"] == pytest.approx(vectors[number], abs=1e-6)
    assert_agrees(stage)


@on_sqlite
def test_a_forced_item_that_was_removed_behind_our_back_comes_back(others: Stage) -> None:
    stage = others
    ask(stage, "POST", "/points/delete", {"points": [4]})

    forced = stage.installation.sync("--force")

    assert forced.code == 0, forced.err
    assert set(read(stage)) == set(IDS)
    assert_agrees(stage)


@on_sqlite
def test_a_repair_keeps_it_also_where_our_marker_is_gone(others: Stage) -> None:
    stage = others
    ask(stage, "POST", "/points/payload/delete", {"keys": [MARKER], "points": [1]})
    lost = {"payload": {MARKER: {"pipeline": "products"}}, "points": [2]}
    ask(stage, "POST", "/points/payload", lost)

    repaired = stage.installation.run("verify", "--repair")

    assert repaired.code == 0, repaired.err
    assert_kept(stage)
    assert_agrees(stage)


@on_sqlite
def test_adopting_keeps_it(others: Stage) -> None:
    stage = others
    ask(stage, "POST", "/points/payload/delete", {"keys": [MARKER], "points": list(IDS)})
    for ledger in (stage.installation.folder / "state").glob("*"):
        ledger.unlink()

    adopted = stage.installation.run("adopt", "--unmarked", "--yes")

    assert adopted.code == 0, adopted.err
    stage.shop.edit([5], title="After")
    edited = stage.installation.sync()
    assert (edited.code, edited.products["embedded"]) == (0, 1)
    assert_kept(stage)
    assert_agrees(stage)


@on_sqlite
@pytest.mark.parametrize("where", ["server", "embedded"])
def test_a_field_of_ours_that_is_configured_no_more_goes_and_theirs_stay(
    stage: Stage, where: str, tmp_path: Path
) -> None:
    outsider = outsider_of_a_synced_shop(stage, where, tmp_path)
    outsider.set_payloads({n: {**payload, "clicks_7d": 42} for n, payload in outsider.points().items()})
    payload = stage.pipeline["collection"]["payload"]
    del payload["metadata"]
    payload["colour of it"] = "color"

    assert stage.installation.sync().code == 0

    for fields in outsider.points().values():
        assert fields.keys() == {
            *("product_id", "title", "price", "in_stock", "colour of it", "clicks_7d", MARKER)
        }
    # Once no point has it, the name is free for others.
    outsider.set_payloads({n: {**fields, "metadata": "theirs"} for n, fields in outsider.points().items()})
    del payload["colour of it"]
    assert stage.installation.sync().code == 0
    for fields in outsider.points().values():
        assert (fields["metadata"], fields["clicks_7d"], "colour of it" in fields) == ("theirs", 42, False)
