"""Sessions that pages show: run from the first command to the last, each on a shop of its own."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

import pytest

from docs.conftest import run
from docs.documents import TRANSCRIPTS, blocks
from docs.test_outputs import lines
from setup.preset_shops import MAKERS
from support.databases import sqlite_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.databases import Database
    from support.qdrant_server import QdrantServer

_QDRANT = "http://127.0.0.1:6333"
_SET = re.compile(r"export DATABASE_URL=")
_AT = "'2026-01-02 03:04:05'"


def _plain(database: Database, table: str = "products", more: str = "") -> None:
    """Three products in a table as most frameworks make it."""
    database.run(
        f"CREATE TABLE {table} (id integer PRIMARY KEY, title varchar(99), description text,"
        f" price decimal(10,2), updated_at timestamp{more})",
        f"INSERT INTO {table} (id, title, description, price, updated_at) VALUES"
        f" (1, 'Red running shoes', 'Light, for the road', 79.95, {_AT}),"
        f" (2, 'Coffee mug', 'Stoneware, 300 ml', 9.95, {_AT}),"
        f" (3, 'Blue rain jacket', 'Waterproof, with a hood', 119.0, {_AT})",
    )


def _django(database: Database) -> None:
    _plain(database, "shop_product")


def _with_soft_deletes(database: Database, column: str) -> None:
    _plain(database, more=f", {column} timestamp")
    database.run(f"UPDATE products SET {column} = updated_at WHERE id = 3")


def _laravel(database: Database) -> None:
    _with_soft_deletes(database, "deleted_at")


def _rails(database: Database) -> None:
    _with_soft_deletes(database, "discarded_at")


class Session(NamedTuple):
    """What a page shows between one `export DATABASE_URL=` and the next, and the shop that it is shown on."""

    page: str
    number: int
    steps: tuple[str, ...]


_SHOPS: dict[str, tuple[Callable[[Database], None], ...]] = {
    "docs/quickstart.md": (_plain,),
    "docs/laravel.md": (_laravel, MAKERS["legacy-flags"]),
    "docs/django-rails.md": (_django, _rails),
    "docs/woocommerce-bagisto.md": (MAKERS["woocommerce"], MAKERS["bagisto"]),
}


def sessions() -> Iterator[Session]:
    """Every session of every page."""
    for page in sorted(TRANSCRIPTS):
        found: list[list[str]] = []
        for block in blocks(page, "console", "sql"):
            for step in re.split(r"^\$ ", block, flags=re.MULTILINE) if block.startswith("$ ") else [block]:
                if _SET.match(step):
                    found.append([])
                elif step:
                    found[-1].append(step)
        yield from (Session(page, number, tuple(steps)) for number, steps in enumerate(found))


def test_every_session_has_its_shop() -> None:
    shown = [(one.page, one.number) for one in sessions()]
    assert shown == [(page, number) for page in sorted(_SHOPS) for number in range(len(_SHOPS[page]))]


@pytest.mark.parametrize("session", sessions(), ids=lambda one: f"{one.page}-{one.number}")
def test_what_it_shows_is_printed(
    session: Session,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = sqlite_database(tmp_path)
    _SHOPS[session.page][session.number](shop)
    monkeypatch.setenv("DATABASE_URL", shop.url)
    for step in session.steps:
        line, _, shown = step.partition("\n")
        words = shlex.split(line, comments=True)
        if words[:1] != ["embedconsole"]:
            shop.run(*filter(str.strip, step.split(";")))
            continue
        if words[1] == "setup":
            words += ["--config", str(tmp_path / "embedconsole.yaml"), "--collection", collection_name]
        told = run([word.replace(_QDRANT, qdrant.url) for word in words], tmp_path)
        assert told.code == 0, f"{line}: {told.out}{told.err}"
        printed = (told.out + told.err).replace(str(tmp_path), "~/shop").replace(qdrant.url, _QDRANT)
        printed = printed.replace(collection_name, "products")
        assert "Warning" not in printed
        missing = [one for one in lines(shown) if one not in lines(printed)]
        assert missing == [], f"{line} printed\n{printed}"
