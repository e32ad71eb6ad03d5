"""docs/migration.md, played through: what the commands of before left is taken over and not paid for."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from docs.conftest import lose_markers
from docs.documents import blocks

if TYPE_CHECKING:
    import pytest

    from docs.conftest import Site
    from support.fixtures_shop import Stage


def report(site: Site, line: str) -> dict[str, int]:
    told = site.run([*line.split(), "--json"])
    assert told.code == 0, told.err
    figures: dict[str, int] = json.loads(told.out.splitlines()[-1])["pipelines"]["products"]
    return figures


def test_rows_that_waited_are_embedded_and_nothing_else(site: Site) -> None:
    """The order of the page matters: a normal run before step 4 would take the flags of stale points away."""
    lose_markers(site)
    site.sql(
        "shop.db",
        "UPDATE products SET needs_embedding = 1, description = 'edited, never embedded' WHERE id IN (3, 4)",
        "UPDATE products SET price = 1 WHERE id = 5",
        "UPDATE products SET deleted_at = '2026-01-01 00:00:00' WHERE id = 6",
    )
    adopted = site.run(["embedconsole", "adopt", "--unmarked", "--trust-vectors", "--yes"])
    assert adopted.code == 0, adopted.err

    waited = report(site, "embedconsole --headless --once --force --only needs_embedding=1")
    rest = report(site, "embedconsole --headless --once")

    assert (waited["embedded"], waited["payload_updated"]) == (2, 1)
    assert (rest["embedded"], rest["embed_requests"]) == (0, 0)
    # The point of the product that is gone is nobody's, and left behind by a re-index that pays for nothing.
    assert " 1 foreign" in site.run(["embedconsole", "verify"]).out
    built = site.run(["embedconsole", "reindex", "--json"])
    assert built.code == 0, built.err
    assert json.loads(built.out)["fill"]["embed_items"] == 0
    assert " 0 foreign" in site.run(["embedconsole", "verify"]).out


def test_vectors_that_are_in_sql_only_are_put_into_qdrant(
    sqlite_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = sqlite_stage
    stage.shop.add(range(1, 13))
    assert stage.installation.sync().code == 0
    with closing(sqlite3.connect(str(stage.shop.database.engine.url.database))) as shop, shop:
        shop.execute("CREATE TABLE product_embeddings (product_id INTEGER, embedding TEXT)")
        rows = [(key, json.dumps(vector)) for key, vector in stage.points.vectors().items()]
        shop.executemany("INSERT INTO product_embeddings VALUES (?, ?)", rows)
    stage.pipeline["collection"]["name"] = f"{stage.points.collection}-anew"
    stage.forget()
    assert stage.installation.run("init").code == 0
    stage.forget()

    monkeypatch.setenv("DATABASE_URL", str(stage.shop.database.engine.url))
    monkeypatch.setenv("QDRANT_URL", stage.qdrant.url)
    (script,) = blocks("docs/migration.md", "python")
    exec(script.replace('"products"', repr(stage.pipeline["collection"]["name"])), {})

    adopted = stage.installation.run("adopt", "--unmarked", "--trust-vectors", "--yes")
    assert adopted.code == 0, adopted.err
    synced = stage.installation.sync()
    assert (synced.products["embedded"], synced.products["payload_updated"]) == (0, 12)
    assert stage.service.stats().requests == 0
