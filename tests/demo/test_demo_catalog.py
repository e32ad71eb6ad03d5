"""The sample shop: the same each time, varied, with the cases a shop has."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from embedconsole.demo import catalog
from embedconsole.demo.catalog import make_demo_catalog
from embedconsole.demo.words import KINDS
from embedconsole.embedders.hashing import hashed

if TYPE_CHECKING:
    from pathlib import Path


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "new folder" / "shop.db"
    make_demo_catalog(path)
    return path


def test_is_the_same_each_time(shop: Path, tmp_path: Path) -> None:
    make_demo_catalog(tmp_path / "again.db")
    query = "SELECT * FROM products ORDER BY id"
    assert rows(shop, query) == rows(tmp_path / "again.db", query)


def test_more_products_leave_the_first_as_they_are(shop: Path, tmp_path: Path) -> None:
    make_demo_catalog(tmp_path / "small.db", products=50)
    assert rows(tmp_path / "small.db", "SELECT * FROM products") == rows(
        shop, "SELECT * FROM products LIMIT 50"
    )


def test_has_what_shops_have(shop: Path) -> None:
    [counts] = rows(
        shop,
        "SELECT count(*), count(DISTINCT sku), count(DISTINCT title) > 2500, sum(deleted_at IS NOT NULL), "
        "sum(title = ''), sum(image_url IS NULL) > 100, sum(stock = 0) > 100, min(price) >= 5, "
        "count(DISTINCT category_id), min(updated_at >= created_at), sum(needs_embedding), "
        "sum(embedding_synced_at IS NOT NULL) FROM products",
    )
    assert counts == (3000, 3000, 1, 30, 6, 1, 1, 1, 12, 1, 3000, 0)
    assert rows(shop, "PRAGMA integrity_check") == [("ok",)]
    for (options,) in rows(shop, "SELECT size_options FROM products WHERE size_options IS NOT NULL"):
        assert isinstance(options, str)
        assert json.loads(options)


def test_empty_products_have_nothing_to_embed(shop: Path) -> None:
    found = rows(shop, "SELECT title, description, image_url FROM products WHERE title = ''")
    assert set(found) == {("", "", None)}


def test_search_finds_red_running_shoes_first(shop: Path) -> None:
    found = rows(shop, "SELECT title, description FROM products WHERE title <> '' ORDER BY id")
    vectors = np.array([hashed(f"{title}\n{description}", 512) for title, description in found])
    order = np.argsort(-(vectors @ hashed("red running shoes", 512)))
    best = [str(found[index][0]) for index in order[:10]]
    assert best[0].endswith("red running shoes")
    assert all("shoes" in title for title in best[:5])


def test_an_interrupted_start_leaves_no_half_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "shop.db"
    with monkeypatch.context() as patch:
        patch.setattr(catalog, "KINDS", (KINDS[0], None))
        with pytest.raises(AttributeError):
            make_demo_catalog(path)
    assert not path.exists()
    make_demo_catalog(path, products=10)
    assert rows(path, "SELECT count(*) FROM products") == [(10,)]


def test_leaves_what_is_there_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.db"
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        make_demo_catalog(path)
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]
