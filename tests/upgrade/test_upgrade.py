"""Upgrading: what an older version left in the middle of its life is gone on with, and nothing is paid again.

How the dumps were made is in `make_dumps.py`.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import yaml
from sqlalchemy import make_url

from embedconsole.ledger.migrate import VERSION, VERSION_TABLE
from support.installation import Installation, Points
from support.shop import Shop

if TYPE_CHECKING:
    from support.databases import Database
    from support.embedding_service import EmbeddingService
    from support.installation import Json
    from support.qdrant_server import QdrantServer

_HERE = Path(__file__).parent

GONE, FAILED, SKIPPED = 9, 7, 8
EDITED, KEPT, UNPAID = (1, 2), (31, 32, 33), (34, 35)
"""As `make_dumps.live` left them: paid for and not written (edited, new), and not paid for."""


@dataclass(frozen=True)
class Upgraded:
    """An installation of an older version, with the program of now."""

    version: str
    database: Database
    service: EmbeddingService
    program: Installation
    points: Points

    def json(self, *arguments: str) -> Json:
        """What a command prints."""
        printed: Json = json.loads(self.program.run(*arguments, "--json").out)
        return printed


@pytest.fixture(params=["0.1"])
def upgraded(
    request: pytest.FixtureRequest,
    database: Database,
    embedding_process: EmbeddingService,
    own_qdrant: QdrantServer,
    tmp_path: Path,
) -> Upgraded:
    """The dumps of each version, restored in each database."""
    dumps = _HERE / request.param
    restore(database, (dumps / f"{database.dialect}.sql").read_text())
    restore_collections(own_qdrant, json.loads((dumps / f"{database.dialect}.json").read_text()))
    environment = {
        "SHOP_URL": database.url,
        "EMBEDDING_URL": embedding_process.url,
        "QDRANT_URL": own_qdrant.url,
    }
    settings = yaml.safe_load((dumps / "embedconsole.yaml").read_text())
    program = Installation(tmp_path, settings, environment)
    points = Points(own_qdrant.url, "products")
    return Upgraded(request.param, database, embedding_process, program, points)


def restore(database: Database, dump: str) -> None:
    """Run the statements of a dump in an empty database."""
    if database.dialect == "sqlite":
        with closing(sqlite3.connect(make_url(database.url).database or "")) as connection:
            connection.executescript(dump)
    elif database.dialect == "postgresql":
        database.run(dump)
    else:
        database.run(*(statement for statement in dump.split(";\n") if statement.strip()))


def restore_collections(qdrant: QdrantServer, dump: Json) -> None:
    """Make the collections as they were, with their points and aliases."""
    with httpx.Client(base_url=qdrant.url) as client:

        def put(path: str, body: Json) -> None:
            client.put(path, json=body, params={"wait": "true"}).raise_for_status()

        for name, one in dump["collections"].items():
            put(f"/collections/{name}", {"vectors": one["vectors"]})
            put(f"/collections/{name}/points", {"points": one["points"]})
            for field, schema in one["indexes"].items():
                put(f"/collections/{name}/index", {"field_name": field, "field_schema": schema})
        actions = [{"create_alias": alias} for alias in dump["aliases"]]
        client.post("/collections/aliases", json={"actions": actions}).raise_for_status()


def test_a_run_goes_on_with_what_the_older_version_left(upgraded: Upgraded) -> None:
    before = upgraded.points.vectors()
    runs = upgraded.database.scalar("SELECT count(*) FROM embedconsole_runs")
    assert upgraded.database.scalar(f"SELECT version_num FROM {VERSION_TABLE}") < VERSION

    ended = upgraded.program.sync()

    assert ended.code == 1, ended
    assert upgraded.database.scalar(f"SELECT version_num FROM {VERSION_TABLE}") == VERSION
    # Paid for are those alone that were not before; what was is written.
    assert set(upgraded.service.stats().embeds) == {str(key) for key in UNPAID}
    assert ended.products["embedded"] == len((*EDITED, *KEPT, *UNPAID))
    assert (ended.products["payload_updated"], ended.products["deleted"]) == (1, 1)
    assert (ended.products["failed"], ended.products["pending"]) == (1, 0)
    after = upgraded.points.vectors()
    assert set(after) == set(range(1, 36)) - {GONE, FAILED, SKIPPED}
    untouched = set(before) - {GONE, *EDITED}
    assert {key: after[key] for key in untouched} == {key: before[key] for key in untouched}
    assert {
        key: point["payload"]["title"] for key, point in upgraded.points.all().items() if key in EDITED
    } == dict.fromkeys(EDITED, "Edited in 0.1")
    assert upgraded.points.all()[3]["payload"]["price"] == 4.5
    # Nothing of its past is lost.
    assert upgraded.database.scalar("SELECT count(*) FROM embedconsole_runs") == runs + 1
    assert [item["key"] for item in upgraded.json("failures")["pipelines"]["products"]["items"]] == [
        str(FAILED)
    ]
    assert upgraded.json("failures", str(SKIPPED))["pipelines"]["products"]["state"] == "skipped"
    assert upgraded.json("verify")["outcome"] == "agrees"

    again = upgraded.program.sync().products

    assert (again["embedded"], again["payload_updated"], again["deleted"]) == (0, 0, 0)
    assert set(upgraded.service.stats().embeds) == {str(key) for key in UNPAID}


def test_commands_that_only_look_know_what_the_older_version_left(upgraded: Upgraded) -> None:
    backlog = upgraded.json("status")["pipelines"]["products"]["backlog"]

    work = len((*EDITED, *KEPT, *UNPAID, GONE)) + 1  # and the price
    assert (backlog["pending"], backlog["failed"], backlog["skipped"]) == (work, 1, 1)


def test_why_an_item_was_embedded_is_not_known_of_before(upgraded: Upgraded) -> None:
    explained = upgraded.json("explain", "1")["pipelines"]["products"]

    assert (explained["state"], explained["reason"]) == ("embed", None)


def test_a_dry_run_counts_what_is_left_to_do(upgraded: Upgraded) -> None:
    would = upgraded.json("run", "--dry-run")["pipelines"]["products"]

    assert (would["embedded"], would["payload_updated"], would["deleted"]) == (7, 1, 1)
    assert upgraded.service.stats().items == 0


def test_the_collection_that_stands_by_is_searched_again_after_a_rollback(upgraded: Upgraded) -> None:
    assert upgraded.program.sync().code == 1
    paid = upgraded.service.stats().items

    rolled = upgraded.program.run("reindex", "--rollback", "--accept-missing")

    assert rolled.code == 0, rolled
    assert "products-2" in rolled.out
    assert upgraded.service.stats().items == paid


def test_the_shop_goes_on(upgraded: Upgraded) -> None:
    assert upgraded.program.sync().code == 1
    shop = Shop(upgraded.database)
    with upgraded.database.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE products SET title = 'Edited now', updated_at = '2027-01-01 00:00:00' WHERE id = 20"
        )

    assert upgraded.program.sync().products["embedded"] == 1
    assert shop.column("title")[20] == upgraded.points.all()[20]["payload"]["title"] == "Edited now"
    assert upgraded.json("explain", "20")["pipelines"]["products"]["reason"] == "edited"
