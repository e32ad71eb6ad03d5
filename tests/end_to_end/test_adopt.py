"""`adopt`: a ledger made of what the collection holds, without paying. Scenario 28."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.run.leases import run_lease
from support.outsider import Outsider, outsider_of_a_synced_shop

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.items import JsonObject
    from support.fixtures_shop import Stage
    from support.installation import Ended, Json

_WHERE = [("sqlite", "server"), ("postgresql", "server"), ("mysql", "server"), ("sqlite", "embedded")]
everywhere = pytest.mark.parametrize(("database", "where"), _WHERE, indirect=["database"])
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def where() -> str:
    return "server"


@pytest.fixture
def outsider(stage: Stage, where: str, tmp_path: Path) -> Outsider:
    """25 products in sync, and a ledger that is lost."""
    outsider = outsider_of_a_synced_shop(stage, where, tmp_path)
    outsider.restore({})
    return outsider


def adopt(stage: Stage, *flags: str) -> Ended:
    return stage.installation.run("adopt", "--json", "--yes", *flags)


def counts(ended: Ended) -> Json:
    """The figures that are not 0."""
    return {name: value for name, value in ended.products.items() if value}


@everywhere
def test_a_lost_ledger_is_made_anew_and_the_next_run_pays_for_news_only(outsider: Outsider) -> None:
    stage = outsider.stage
    before = outsider.points()
    outsider.put({900: {"title": "by hand"}})
    stage.shop.edit([1], title="Newer")
    stage.shop.edit([2], price="7.77")
    stage.shop.delete([3])
    stage.shop.add([26])

    looked = adopt(stage, "--dry-run")

    assert looked.code == 0, looked.err
    expected = {"points": 26, "marked": 25, "current": 23, "gone": 1, "foreign": 1}
    assert counts(looked) == expected
    assert outsider.backup()["embedconsole_items"] == []

    adopted = adopt(stage)

    assert adopted.code == 0, adopted.err
    assert counts(adopted) == {**expected, "entered": 25}
    assert len(outsider.backup()["embedconsole_items"]) == 25
    assert outsider.points() == {**before, 900: {"title": "by hand"}}

    synced = stage.installation.sync()

    assert synced.code == 0, synced.err
    run = synced.products
    assert (run["embedded"], run["payload_updated"], run["deleted"], run["unchanged"]) == (2, 1, 1, 22)
    assert sorted(stage.service.stats().embeds) == ["1", "26"]
    after = outsider.points()
    assert after.keys() == (before.keys() - {3}) | {26, 900}
    assert (after[1]["title"], after[2]["price"]) == ("Newer", 7.77)


def legacy(payload: JsonObject) -> JsonObject:
    """The same payload as another program wrote it: no marker, other types, more fields."""
    metadata = payload["metadata"]
    assert isinstance(metadata, dict)
    size = metadata["size"]
    return {
        **{name: value for name, value in payload.items() if name != "_embedconsole"},
        "in_stock": int(bool(payload["in_stock"])),
        "metadata": {**metadata, "size": json.loads(size) if isinstance(size, str) else json.dumps(size)},
        "indexed_by": "the command before",
    }


@everywhere
def test_points_of_the_commands_before_are_adopted_without_paying(outsider: Outsider) -> None:
    stage = outsider.stage
    before = outsider.points()
    outsider.set_payloads({point: legacy(payload) for point, payload in before.items()})
    outsider.set_payloads({5: {**legacy(before[5]), "title": "Another"}})
    outsider.put({900: {"title": "by hand"}})
    vectors = outsider.vectors()

    unasked = adopt(stage)
    assert counts(unasked) == {"points": 26, "foreign": 26}

    adopted = adopt(stage, "--unmarked")

    assert adopted.code == 1
    assert counts(adopted) == {
        "points": 26,
        "alike": 24,
        "unlike": 1,
        "foreign": 1,
        "examples": [{"key": "5", "field": "title"}],
        "entered": 24,
    }
    assert "--trust-vectors" in stage.installation.run("adopt", "--unmarked", "--dry-run").err
    marked = outsider.points()
    assert marked[1]["_embedconsole"] == before[1]["_embedconsole"]
    assert marked[1]["indexed_by"] == "the command before"
    assert marked[5] == {**legacy(before[5]), "title": "Another"}

    trusted = adopt(stage, "--unmarked", "--trust-vectors")

    assert trusted.code == 0
    assert counts(trusted) == {
        "points": 26,
        "marked": 24,
        "current": 24,
        "unlike": 1,
        "foreign": 1,
        "examples": [{"key": "5", "field": "title"}],
        "entered": 1,
    }

    synced = stage.installation.sync()

    assert synced.code == 0, synced.err
    run = synced.products
    assert (run["embedded"], run["payload_updated"], run["deleted"]) == (0, 1, 0)
    assert stage.service.stats().requests == 0
    assert outsider.vectors() == vectors
    assert outsider.points()[5] == {**before[5], "indexed_by": "the command before"}
    assert stage.installation.run("verify").code == 0


@on_sqlite
def test_what_would_do_harm_is_refused_with_what_to_do(outsider: Outsider) -> None:
    stage = outsider.stage
    settings = stage.pipeline["collection"]

    settings["size"] = 16
    wrong_size = adopt(stage)
    assert wrong_size.code == 3
    assert "vector.size is 8, expected 16" in wrong_size.err
    del settings["size"]

    text = stage.pipeline["embed"]["text"]
    stage.pipeline["embed"]["text"] = "{title}"
    other = adopt(stage)
    assert other.code == 2
    assert "none of its 25 points was made as the configuration says now" in other.err
    repair = stage.installation.run("verify", "--repair")
    assert repair.code == 2
    assert "none of its 25 points" in repair.err
    stage.pipeline["embed"]["text"] = text

    assert adopt(stage).code == 0
    twice = adopt(stage)
    assert twice.code == 2
    assert "the ledger is not lost: it knows 25 items, the collection holds 25 points" in twice.err
    assert "embedconsole verify --repair" in twice.err

    outsider.restore({})
    name, settings["name"] = settings["name"], "nothing-here"
    missing = adopt(stage)
    assert missing.code == 3
    assert "it does not exist, so there is nothing to adopt" in missing.err
    settings["name"] = name

    assert stage.installation.run("adopt", "--trust-vectors").code == 2
    assert stage.service.stats().requests == 0


@on_sqlite
def test_a_ledger_that_knows_less_takes_up_what_it_lacks(outsider: Outsider) -> None:
    """A foreign-made ledger, or one from the first days."""
    stage = outsider.stage
    assert adopt(stage).code == 0
    backup = outsider.backup()
    rows = backup["embedconsole_items"]
    outsider.restore({**backup, "embedconsole_items": rows[:10]})

    adopted = adopt(stage)

    assert adopted.code == 0, adopted.err
    assert adopted.products["entered"] == 15
    assert stage.installation.run("verify").code == 0
    assert stage.installation.sync().products["unchanged"] == 25
    assert stage.service.stats().requests == 0


@on_sqlite
def test_adopt_leaves_a_pipeline_that_another_process_runs_alone(outsider: Outsider) -> None:
    stage = outsider.stage
    with open_ledger(outsider.ledger_url) as ledger:
        held = ledger.processes.acquire([run_lease("products")], "another process")
        assert not isinstance(held, str)

        adopted = adopt(stage, "--dry-run")

    assert adopted.code == 4, adopted.err
    assert "another process" in adopted.err
    assert outsider.backup()["embedconsole_items"] == []


@on_sqlite
def test_taking_over_points_of_others_needs_the_operator(outsider: Outsider) -> None:
    stage = outsider.stage
    before = outsider.points()
    outsider.set_payloads({5: {"title": "theirs"}})

    stopped = stage.installation.sync()
    unasked = stage.installation.run("--headless", "--once", "--take-over")

    assert stopped.code == 3
    assert "1 of its points has the id of items of pipeline products and is not its own (#5" in stopped.err
    assert unasked.code == 2
    assert "--yes" in unasked.err
    assert outsider.points()[5] == {"title": "theirs"}

    assert stage.installation.run("--headless", "--once", "--take-over", "--yes").code == 0
    assert outsider.points() == before
