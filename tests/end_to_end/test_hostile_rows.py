"""Rows with any value in any column. On SQLite alone: it is the one that lets any value into any column."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

if TYPE_CHECKING:
    from support.fixtures_shop import Stage

ROWS = 80
COLUMNS = ("sku", "title", "description", "price", "stock", "image_url", "color", "size_options")
SQL = (
    "NULL",
    "''",
    "' '",
    "0",
    "-1",
    "9223372036854775807",
    "9e999",
    "-9e999",
    "1e-320",
    "0.1",
    "x'00ff'",
    "x''",
    "CAST(x'fffe' AS TEXT)",
    "CAST(x'6100620a' AS TEXT)",
    "char(27) || ']52;c;aGk=' || char(7)",
    "'[@click=app.boom]{title}${HOME}'",
    "'\ud7ff\ue000\U0010ffff'",
    "char(8238) || 'abc' || char(0)",
    "'[1, {\"a\": [null, 1e400]}]'",
    "replace(hex(zeroblob(5000)), '00', 'long ')",
    "'2026-13-45 99:99:99'",
    "'{\"_embedconsole\": 1}'",
)


@pytest.mark.parametrize("seed", range(2))
def test_any_values_are_synced_or_named_and_stay_as_they_are(sqlite_stage: Stage, seed: int) -> None:
    """Each product is in the collection or among the failed, and a second run finds nothing to do."""
    stage = sqlite_stage
    chance = random.Random(seed)
    stage.shop.add(range(1, ROWS + 1))
    with stage.shop.database.engine.begin() as connection:
        for number in range(1, ROWS + 1):
            chosen = chance.sample(COLUMNS, chance.randrange(1, 4))
            values = ", ".join(f"{column} = {chance.choice(SQL)}" for column in chosen)
            connection.execute(text(f"UPDATE products SET {values} WHERE id = {number}".replace(":", "\\:")))

    first = stage.installation.sync()

    assert first.code in (0, 1), first
    assert "Traceback" not in first.err
    assert "error of embedconsole itself" not in first.err
    report = first.products
    assert report["embedded"] + report["failed"] == report["scanned"] == ROWS
    assert (report["retrying"], report["pending"]) == (0, 0)
    points = stage.points.all(vectors=True)
    assert len(points) == report["embedded"] > 0
    for point in points.values():
        assert sum(number * number for number in point["vector"]) == pytest.approx(1, abs=1e-4)
    failed = stage.installation.run("failures", "--json").json["pipelines"]["products"]["items"]
    assert {int(item["key"]) for item in failed} == set(range(1, ROWS + 1)) - points.keys()

    stage.forget()
    second = stage.installation.sync()

    assert (second.products["embedded"], second.products["payload_updated"]) == (0, 0)
    assert stage.service.stats().requests == 0
    assert stage.writes == {}
