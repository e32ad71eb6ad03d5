"""The commands an operator types beside the sync itself: init, status, search, demo, help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from embedconsole.cli.group import CommandGroup
from embedconsole.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.fixtures_shop import Stage
    from support.qdrant_server import QdrantServer

_ONCE = ("--headless", "--once", "--json")


def test_init_creates_compares_adds_and_refuses_but_never_drops(sqlite_stage: Stage) -> None:
    """Scenario 29: a wrong size on an existing collection is refused with what to do, by the sync too."""
    stage = sqlite_stage
    stage.shop.add([1, 2])
    collection = stage.pipeline["collection"] | {"size": 8}
    stage.pipeline["collection"] = collection

    created = stage.installation.run("init")

    assert created.code == 0, created.err
    assert created.out.startswith(f"products: created collection {collection['name']} at ")
    assert "8 cosine; payload indexes: title text, price float, in_stock bool" in created.out
    assert stage.installation.sync().code == 0

    collection["indexes"]["metadata.color"] = "keyword"
    compared = stage.installation.run("init")
    assert compared.code == 0, compared.err
    assert "added the payload index metadata.color keyword" in compared.out
    again = stage.installation.run("init", "--json")
    assert (again.code, again.products["created"]) == (0, False)
    assert (again.products["added"], again.products["left"]) == ([], [])

    collection["size"] = 16
    before = stage.points.all(vectors=True)
    stage.qdrant.reset()
    refused = stage.installation.run("init")
    assert refused.code == 3
    assert "REFUSED  vector.size: expected 16, found 8; create a collection with another" in refused.out
    collection |= {"size": 8, "distance": "dot"}
    stage.shop.add([3])
    sync = stage.installation.sync()
    assert sync.code == 3
    told = sync.json["messages"]["products"]
    assert "vector.distance is cosine, expected dot; no attempts used" in told
    assert "create a collection with another" in told
    assert (sync.products["embedded"], sync.products["failed"], sync.products["pending"]) == (0, 0, 1)
    assert stage.writes == {}
    assert stage.points.all(vectors=True) == before


def test_status_of_nothing_of_a_backlog_and_of_a_server_that_is_away(
    sqlite_stage: Stage, own_qdrant: QdrantServer
) -> None:
    """Backlog, failures, collection and batches; those in flight are seen in test_in_flight.py."""
    stage = sqlite_stage
    stage.pipeline["collection"]["url"] = own_qdrant.url
    stage.shop.add(range(1, 6))
    nothing = stage.installation.run("status")
    assert nothing.code == 0, nothing.err
    assert "pending 0   retrying 0   failed 0   synced 0" in nothing.out
    assert "does not exist yet" in nothing.out
    assert "no batch in flight" in nothing.out

    stage.shop.edit([1], title="", description="", image_url=None)
    assert stage.installation.sync("--limit", "3").code == 1
    some = stage.installation.run("status")

    assert some.code == 1
    assert "pending 2   retrying 0   failed 1   synced 2" in some.out
    assert re.search(r"collection  green   2 points .*8 cosine", some.out)
    own_qdrant.stop()
    away = stage.installation.run("status", "--json")
    assert away.code == 3
    assert away.products["backlog"]["pending"] == 2
    assert own_qdrant.url.removeprefix("http://") in away.products["collection"]
    assert away.json["last_run"]["outcome"] == "partial"


def test_search_finds_the_nearest(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.shop.add(range(1, 6))
    stage.shop.edit([4], title="Red running shoes", description="For the road")
    stage.installation.settings["embedders"]["ml"] = {"type": "hashing", "size": 256}
    del stage.pipeline["embed"]["fields"]
    assert stage.installation.sync().code == 0

    found = stage.installation.run("search", "running shoes", "--limit", "2")

    assert found.code == 0, found.err
    lines = found.out.splitlines()
    assert len(lines) == 2
    assert lines[0].split()[1] == "4"
    assert "Red running shoes" in lines[0]
    hits = stage.installation.run("search", "Product number 3", "--limit", "3", "--json").json["hits"]
    scores = [hit["score"] for hit in hits]
    assert hits[0]["id"] == 3
    assert hits[0]["payload"]["title"] == "Product number 3"
    assert len(hits) == 3
    assert scores == sorted(scores, reverse=True)
    similar = stage.installation.run("search", "--similar-to", "3", "--limit", "3", "--json").json["hits"]
    assert {hit["id"] for hit in similar} == {1, 2, 5}
    absent = stage.installation.run("search", "--similar-to", "99")
    assert absent.code == 2
    assert "holds no point 99" in absent.err
    assert stage.installation.run("search", "mug", "--similar-to", "3").code == 2


def test_the_console_and_the_demo_without_a_terminal(sqlite_stage: Stage) -> None:
    """The console gives a hint, the demo makes a run; it needs no configuration, server or network."""
    installation = sqlite_stage.installation
    console = installation.run()
    assert (console.code, console.out) == (2, "")
    assert "embedconsole run" in console.err

    demo = ("demo", "--dir", str(installation.folder / "demo"))
    tried = installation.bare(*demo, "--products", "600")
    assert tried.code == 0, tried.err
    assert "embedconsole demo run" in tried.err
    assert " failed: embedconsole demo failures" in tried.err
    synced = installation.bare(*demo, "--reset", "--products", "40", *_ONCE)
    assert synced.code == 0, synced.err
    assert synced.products["embedded"] == 40
    hits = installation.bare(*demo, "search", "shoes", "--json").json["hits"]
    assert len(hits) == 10
    assert hits[0]["payload"]["title"]
    with_config = installation.run(*demo, *_ONCE)
    assert with_config.code == 2
    assert "leave out --config" in with_config.err


def _commands(group: CommandGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.loaded().items():
        if isinstance(command, CommandGroup):
            yield from _commands(command, (*path, name))
        yield (*path, name)


def test_help_has_examples_and_exit_codes(sqlite_stage: Stage) -> None:
    """The whole program's own; then every command's, in this process, since there are many."""
    top = sqlite_stage.installation.bare("--help")

    assert top.code == 0
    assert "  Examples:\n    embedconsole demo run" in top.out
    codes = dict(line.split(None, 1) for line in top.out.partition("Exit codes:\n")[2].splitlines())
    assert codes.keys() == {"0", "1", "2", "3", "4", "129", "130", "143"}
    assert codes["1"] == "finished, some items failed, or a limit or budget left some"
    assert codes["4"] == "another process holds this run"
    named = {path[0] for path in _commands(cli)}
    assert named >= {"test", "init", "status", "failures", "retry", "search", "config", "demo"}


@pytest.mark.parametrize("path", sorted(_commands(cli)), ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli, [*path, "--help"])
    assert shown.exit_code == 0
    assert "Examples:\n" in shown.output
    assert "--config FILE" in shown.output or path[-1] in ("config", "completion", "feed")
