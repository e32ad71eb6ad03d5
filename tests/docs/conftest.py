"""A small shop in sync, on which the commands of the documents are run as they stand there."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import pytest

from embedconsole.collection.qdrant.server import ServerCollection
from embedconsole.demo.catalog import make_demo_catalog
from embedconsole.items import MARKER, Points
from support.starting import start_program

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support.qdrant_server import QdrantServer

PRODUCTS = 40
CONFIGURATION = """\
ledger: sqlite:///{folder}/ledger.db
embedders:
  local: {{type: hashing, price_per_1000: 0.1}}
pipelines:
  products:
    catalog:
      url: sqlite:///{folder}/shop.db
      query: |
        SELECT p.id, p.sku, p.title, p.description, c.name AS category, p.price, p.stock > 0 AS in_stock,
               p.image_url, p.color, p.needs_embedding, p.updated_at
        FROM products p LEFT JOIN categories c ON c.id = p.category_id WHERE p.deleted_at IS NULL
      watch:
        - {{table: products, key: id}}
        - {{table: categories, key: id, keys: "SELECT id FROM products WHERE category_id = :key"}}
      writeback: {{synced_at: embedding_synced_at, flag: needs_embedding}}
    embed: {{embedder: local, text: "{{title}}\\n{{description}}"}}
    collection:
      url: {qdrant}
      name: {collection}
      payload: {{product_id: sku, title: title, category: category, price: price, in_stock: in_stock}}
      indexes: {{title: text, category: keyword, price: float, in_stock: bool}}
"""


@dataclass(frozen=True)
class Told:
    """What came of a command."""

    code: int
    out: str
    err: str


def run(words: Sequence[str], folder: Path) -> Told:
    """Run `embedconsole ...` in a process of its own, with all that it reads and writes in a folder."""
    assert words[0] == "embedconsole"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EMBEDCONSOLE_")}
    process = start_program(
        words[1:],
        {
            **kept,
            "EMBEDCONSOLE_CONFIG": str(folder / "embedconsole.yaml"),
            "EMBEDCONSOLE_STATE_DIR": str(folder / "state"),
            "EMBEDCONSOLE_LOG_DIR": str(folder / "log"),
        },
    )
    out, err = process.communicate(timeout=120)
    assert process.returncode is not None
    return Told(process.returncode, out, err)


@dataclass(frozen=True)
class Site:
    """A folder with everything in it but the collection, and the program as the documents call it."""

    folder: Path
    qdrant: str
    collection: str
    """An alias, so that a re-index can move it."""

    def run(self, words: Sequence[str]) -> Told:
        """Run `embedconsole ...`, its configuration found by the environment."""
        return run(words, self.folder)

    def sql(self, database: str, *statements: str) -> None:
        """Change `shop.db` or `ledger.db` behind the program's back."""
        with closing(sqlite3.connect(self.folder / database)) as connection, connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's database that all others are copies of."""
    path = tmp_path_factory.mktemp("documents") / "shop.db"
    make_demo_catalog(path, PRODUCTS)
    return path


@pytest.fixture
def site(catalog: Path, qdrant: QdrantServer, collection_name: str, tmp_path: Path) -> Site:
    """A shop of its own, in sync and with its feed installed."""
    shutil.copy(catalog, tmp_path / "shop.db")
    site = Site(tmp_path, qdrant.url, f"{collection_name}-live")
    _configure(site, collection_name)
    for line in ("feed install --yes", "--headless --once", f"reindex --lead-to {site.collection}"):
        told = site.run(["embedconsole", *line.split()])
        assert told.code == 0, told.err
    _configure(site, site.collection)
    return site


def _configure(site: Site, collection: str) -> None:
    text = CONFIGURATION.format(folder=site.folder.as_posix(), qdrant=site.qdrant, collection=collection)
    (site.folder / "embedconsole.yaml").write_text(text)


def lose_ledger(site: Site) -> None:
    """As after a disk that is gone."""
    for path in site.folder.glob("ledger.db*"):
        path.unlink()


def lose_markers(site: Site) -> None:
    """Points as the commands of before wrote them, and no ledger."""
    lose_ledger(site)

    async def unmark() -> None:
        collection = ServerCollection(site.qdrant, site.collection)
        try:
            found = (await collection.scroll(None, limit=10_000)).points
            points = [point for point, _ in found]
            bare = Points(points, {}, [{} for _ in points], without_fields=[MARKER])
            assert not await collection.update(bare)
        finally:
            await collection.aclose()

    anyio.run(unmark)


def use_the_further_name(site: Site) -> None:
    """After `reindex --lead-to products-live`, as the page says."""
    _configure(site, "products-live")
