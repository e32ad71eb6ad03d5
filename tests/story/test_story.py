"""A legacy shop taken over: its flags lie, it has points already, a host dies, and then the model changes."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from support.embedding_service import Behaviour, expected_vector
from support.installation import Installation, Points
from support.ledger_rows import LedgerRows
from support.processes import running, wait_until
from support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from support.databases import Database
    from support.embedding_service import EmbeddingService
    from support.installation import Ended, Json
    from support.processes import Running
    from support.qdrant_server import QdrantServer

SIZE = 8
TRUE = range(1, 41)
"""Indexed by the commands of before, and still so; the flags of some say that they are not."""
LOST = range(41, 46)
"""Marked as synced, and without a point."""
STALE = range(46, 51)
"""Marked as synced, and edited since."""
NEW = range(51, 61)
GONE = 70
"""The point of a product that was deleted: the commands of before forgot it."""
BY_HAND = 900


@dataclass(frozen=True)
class Story:
    """The shop, its services, and the installation that takes over."""

    shop: Shop
    service: EmbeddingService
    points: Points
    installation: Installation
    ledger: LedgerRows

    def run(self, *arguments: str) -> Ended:
        """Run the program; it has to end with 0."""
        ended = self.installation.run(*arguments)
        assert ended.code == 0, ended.err
        return ended

    def paid(self) -> Mapping[str, int]:
        """Embeddings by product since the last call."""
        paid = self.service.stats().embeds
        self.service.reset()
        return paid

    def searched(self, name: str) -> dict[int, object]:
        """Titles by point, of what a name stands for now."""
        points = Points(self.points.url, name).payloads()
        return {
            int(point): payload["title"] for point, payload in points.items() if point not in (GONE, BY_HAND)
        }

    def wanted(self) -> dict[int, object]:
        """Titles by product, as the catalog has them."""
        return self.shop.column("title")

    def wait_until_true(self, name: str) -> None:
        """Wait until what is searched is what the catalog says."""
        wait_until(lambda: self.searched(name) == self.wanted(), f"{name} is as the catalog")

    def stands_for(self, alias: str) -> str:
        """The collection behind an alias."""
        aliases = httpx.get(f"{self.points.url}/aliases").json()["result"]["aliases"]
        (found,) = (one["collection_name"] for one in aliases if one["alias_name"] == alias)
        return str(found)

    def holder(self, daemons: Iterable[Running]) -> Running:
        """The daemon that holds the batch in flight."""
        (worker,) = self.ledger.batches()
        return next(daemon for daemon in daemons if str(daemon.pid) == worker.split(":")[1])


@pytest.fixture
def story(
    postgresql: Database,
    embedding_process: EmbeddingService,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
) -> Story:
    """The shop as it was left, and nothing of ours."""
    shop = Shop(postgresql)
    shop.create()
    shop.add([*TRUE, *LOST, *STALE, *NEW])
    database = shop.database
    points = Points(qdrant.url, collection_name)
    _index_as_the_commands_before_did(shop, points, [*TRUE, *STALE])
    _flag(database, [*TRUE, *LOST, *STALE], synced=True)
    _flag(database, range(31, 41), synced=False)
    shop.edit(STALE, title="Edited, and the observer slept", touch=False)
    environment = {
        "DATABASE_URL": database.url,
        "QDRANT_URL": qdrant.url,
        "ML_EMBEDDING_URL": embedding_process.url,
        "LEDGER_URL": database.url,
    }
    installation = Installation(tmp_path, {}, environment)
    return Story(shop, embedding_process, points, installation, LedgerRows(database))


def _flag(database: Database, ids: Iterable[int], *, synced: bool) -> None:
    when = "now()" if synced else "NULL"
    database.run(
        f"UPDATE products SET embedding_synced_at = {when}, needs_embedding = {not synced}"
        f" WHERE id IN ({', '.join(map(str, ids))})"
    )


def _index_as_the_commands_before_did(shop: Shop, points: Points, ids: Iterable[int]) -> None:
    """Points without a marker: flags numbers, and two that belong to no product."""
    address = f"{points.url}/collections/{points.collection}"
    made = httpx.put(address, json={"vectors": {"size": SIZE, "distance": "Cosine"}})
    made.raise_for_status()
    rows = shop.database.rows(
        "SELECT p.id, sku, title, description, c.name, price, stock, image_url, color, size_options"
        " FROM products p JOIN categories c ON c.id = category_id WHERE p.id IN"
        f" ({', '.join(map(str, ids))})"
    )
    legacy = [_legacy_point(*row) for row in rows]
    legacy += [{**legacy[0], "id": GONE}, {**legacy[0], "id": BY_HAND, "payload": {"title": "by hand"}}]
    httpx.put(f"{address}/points", params={"wait": "true"}, json={"points": legacy}).raise_for_status()


def _legacy_point(
    number: int, sku: str, title: str, description: str, category: str, price: Any, stock: int,
    image: str, color: str, sizes: str,
) -> Json:  # fmt: skip
    sent = {"name": title, "description": description, "image_url": image}
    payload = {
        "product_id": sku,
        "title": title,
        "category": category,
        "price": float(price),
        "in_stock": int(stock > 0),
        "image_url": image,
        "metadata": {"color": color, "size": sizes},
    }
    return {"id": number, "vector": expected_vector(sent, SIZE).tolist(), "payload": payload}


def test_a_legacy_shop_is_taken_over_and_lives_on(story: Story) -> None:
    _set_up(story)
    _adopt(story)
    _first_run(story)
    _watch_the_shop(story)
    with running(story.installation, "--headless", "--json") as one:
        one.wait_out('"pipelines"')
        with running(story.installation, "--headless", "--json") as other:
            wait_until(lambda: len(story.ledger.workers()) == 2, "both hosts are there")
            _edits_arrive(story)
            survivor = _a_host_dies(story, one, other)
            alias = _lead_to_an_alias(story)
            _another_model(story, alias)
            _the_old_configuration_is_refused(story, survivor)
    _back_and_forward(story, alias)
    _understand(story)


def _set_up(story: Story) -> None:
    """Unattended; the file names variables and no secret, and the operator adds the shared ledger."""
    config = story.installation.config
    made = story.installation.bare(
        "setup", "--config", str(config), "--preset", "legacy-flags", "--yes",
        "--database-url-env", "DATABASE_URL", "--embedder-url", "ML_EMBEDDING_URL",
        "--qdrant", "QDRANT_URL", "--collection", story.points.collection,
    )  # fmt: skip
    assert made.code == 0, made.err
    text = config.read_text()
    assert not [value for value in story.installation.environment.values() if value in text]
    story.installation.settings.update(yaml.safe_load(text))
    story.installation.settings |= {"ledger": "${LEDGER_URL}", "chunk_size": 10, "workers": 1}
    story.paid()


def _adopt(story: Story) -> None:
    """What is as we would make it becomes ours; what is not is told, and nothing is paid."""
    adopted = story.installation.run("adopt", "--unmarked", "--yes", "--json")
    assert adopted.code == 1, adopted.err
    found = adopted.products
    assert (found["alike"], found["unlike"], found["foreign"]) == (len(TRUE), len(STALE), 2)
    assert {one["key"] for one in found["examples"]} == {str(key) for key in STALE}
    assert not story.paid()


def _first_run(story: Story) -> None:
    """Whatever the flags say, what differs is embedded, and nothing else; the flags are true then.

    Points that differ have no marker of ours yet: only the word of the operator overwrites them.
    """
    report = story.run("run", "--take-over", "--yes", "--json").products
    differs = [*LOST, *STALE, *NEW]
    assert (report["embedded"], report["deleted"], report["failed"]) == (len(differs), 0, 0)
    assert story.paid() == {str(key): 1 for key in differs}
    assert set(story.shop.column("needs_embedding").values()) == {False}
    assert None not in story.shop.column("embedding_synced_at").values()
    assert story.searched(story.points.collection) == story.wanted()
    assert {GONE, BY_HAND} < story.points.ids()


def _watch_the_shop(story: Story) -> None:
    catalog = story.installation.settings["pipelines"]["products"]["catalog"]
    catalog["watch"] = [{"table": "products", "key": "id"}]
    story.run("feed", "install", "--yes")


def _edits_arrive(story: Story) -> None:
    """By raw SQL that touches no `updated_at`, within seconds: the next scan is an hour away."""
    story.shop.database.run(
        "UPDATE products SET title = 'Edited by hand' WHERE id IN (1, 2)",
        "DELETE FROM products WHERE id = 3",
        "UPDATE products SET price = 1.25 WHERE id = 4",
    )
    story.wait_until_true(story.points.collection)
    wait_until(lambda: story.points.payload(4)["price"] == 1.25, "the price is there")
    assert story.paid() == {"1": 1, "2": 1}


def _a_host_dies(story: Story, *daemons: Running) -> Running:
    """kill -9 with a batch at the embedder; the other host goes on, and pays again for that batch only."""
    story.service.behave(Behaviour("hold_reply", times=1))
    story.shop.database.run("UPDATE products SET title = 'Sale ' || id WHERE id BETWEEN 11 AND 40")
    wait_until(lambda: story.service.stats().held == 1, "a batch is at the embedder")
    wait_until(lambda: len(story.ledger.batches()) == 1, "the other host has nothing to do")
    victim = story.holder(daemons)
    in_flight = story.ledger.in_flight()
    assert 10 <= in_flight < 30
    victim.kill()
    story.service.release()
    story.wait_until_true(story.points.collection)
    wait_until(lambda: not story.ledger.claimed(), "nothing is left behind")
    paid = story.paid()
    assert paid.keys() == {str(key) for key in range(11, 41)}
    assert sum(paid.values()) <= 30 + in_flight
    return next(daemon for daemon in daemons if daemon is not victim)


def _lead_to_an_alias(story: Story) -> str:
    """While the daemon runs on; readers can go over one by one."""
    alias = f"{story.points.collection}-live"
    story.run("reindex", "--lead-to", alias)
    story.installation.settings["pipelines"]["products"]["collection"]["name"] = alias
    assert story.stands_for(alias) == story.points.collection
    return alias


def _another_model(story: Story, alias: str) -> None:
    """Refused until it is re-indexed; meanwhile what is searched is searched, and edits reach the new one."""
    story.installation.settings["embedders"]["ml"]["model"] = "clip-2"
    refused = story.installation.sync()
    assert refused.code == 2
    assert "embedconsole reindex" in refused.err
    assert not story.paid()

    story.service.behave(Behaviour("hold", times=1))
    with running(story.installation, "reindex", "--json") as reindex:
        wait_until(lambda: story.service.stats().held == 1, "it is in the middle")
        assert len(story.searched(alias)) == len(story.wanted())
        story.shop.database.run(
            "UPDATE products SET title = 'Edited meanwhile' WHERE id = 7", "DELETE FROM products WHERE id = 8"
        )
        story.service.release()
        done = reindex.wait()
    assert done.code == 0, done.err
    assert done.json["stand"] == "done"
    assert story.stands_for(alias) == done.json["after"] != story.points.collection
    assert story.searched(alias) == story.wanted()
    assert story.wanted()[7] == "Edited meanwhile"
    verified = story.run("verify", "--sample", "5", "--json")
    assert verified.json["outcome"] == "agrees"
    assert verified.products["collection"]["agrees"] == len(story.wanted())


def _the_old_configuration_is_refused(story: Story, daemon: Running) -> None:
    """The daemon has not been restarted: it must not take the pipeline back and pay for all of it."""
    story.paid()
    story.shop.database.run("UPDATE products SET title = 'Edited after the move' WHERE id = 9")
    daemon.wait_out("has taken over from its collection")
    daemon.send(signal.SIGTERM)
    assert daemon.wait().code == 143
    assert not story.paid()


def _back_and_forward(story: Story, alias: str) -> None:
    new = story.stands_for(alias)
    story.run("reindex", "--rollback")
    assert story.stands_for(alias) == story.points.collection
    story.run("reindex", "--rollback")
    assert story.stands_for(alias) == new
    report = story.run("--headless", "--once", "--json").products
    assert (report["embedded"], report["pending"], report["failed"]) == (1, 0, 0)
    assert story.paid() == {"9": 1}
    assert story.searched(alias) == story.wanted()


def _understand(story: Story) -> None:
    found = story.run("search", "edited", "--where", "metadata.color=red", "--limit", "60", "--json").json
    assert {hit["key"]: hit["title"] for hit in found["hits"]} == {
        str(key): title for key, title in story.searched(story.points.collection + "-live").items()
    }
    doctor = story.run("doctor").out
    assert story.points.collection in doctor
    assert "another model" not in doctor
    explained = story.run("explain", "7", "--json").json
    assert "Edited meanwhile" in str(explained)
