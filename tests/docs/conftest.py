"""A small shop in sync, on which the commands of the documents are run as they stand there."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import pytest

from embedconsole.collection.embedded import EmbeddedCollection
from embedconsole.demo.catalog import make_demo_catalog
from embedconsole.items import MARKER
from support.starting import start_program

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PRODUCTS = 60
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
      path: {folder}/qdrant
      name: products
      payload: {{product_id: sku, title: title, category: category, price: price, in_stock: in_stock}}
      indexes: {{title: text, category: keyword, price: float, in_stock: bool}}
"""


@dataclass(frozen=True)
class Told:
    """What came of a command."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Site:
    """A folder with everything in it, and the program as the documents call it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, words: Sequence[str]) -> Told:
        """Run `embedconsole ...`, its configuration found by the environment, in a process of its own."""
        assert words[0] == "embedconsole"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EMBEDCONSOLE_")}
        process = start_program(
            words[1:],
            {
                **kept,
                "EMBEDCONSOLE_CONFIG": str(self.folder / "embedconsole.yaml"),
                "EMBEDCONSOLE_STATE_DIR": str(self.folder / "state"),
                "EMBEDCONSOLE_LOG_DIR": str(self.folder / "log"),
                **self.environment,
            },
        )
        out, err = process.communicate(timeout=120)
        assert process.returncode is not None
        return Told(process.returncode, out, err)

    def sql(self, database: str, *statements: str) -> None:
        """Change `shop.db` or `ledger.db` behind the program's back."""
        with closing(sqlite3.connect(self.folder / database)) as connection, connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(scope="session")
def _synced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all others are copies of."""
    folder = tmp_path_factory.mktemp("documents") / "site"
    folder.mkdir()
    make_demo_catalog(folder / "shop.db", PRODUCTS)
    site = _at(folder)
    told = site.run(["embedconsole", "--headless", "--once"])
    assert told.code == 0, told.err
    return folder


@pytest.fixture
def site(_synced: Path, tmp_path: Path) -> Site:
    """A shop of its own, in sync."""
    folder = tmp_path / "site"
    shutil.copytree(_synced, folder)
    return _at(folder)


def _at(folder: Path) -> Site:
    (folder / "embedconsole.yaml").write_text(CONFIGURATION.format(folder=folder.as_posix()))
    return Site(folder)


def lose_ledger(site: Site) -> None:
    """As after a disk that is gone."""
    for path in site.folder.glob("ledger.db*"):
        path.unlink()


def lose_markers(site: Site) -> None:
    """Points as the commands of before wrote them, and no ledger."""
    lose_ledger(site)

    async def unmark() -> None:
        collection = EmbeddedCollection(site.folder / "qdrant", "products")
        try:
            found = (await collection.scroll(None, limit=10_000)).points
            bare = {
                point: {name: value for name, value in payload.items() if name != MARKER}
                for point, payload in found
            }
            assert not await collection.overwrite_payloads(bare)
        finally:
            await collection.aclose()

    anyio.run(unmark)
