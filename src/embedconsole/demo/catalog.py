"""A sample shop in SQLite: all that the console does can be seen with it, without a service or own data."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from embedconsole.demo.words import BRANDS, COLOURS, KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SOFT_DELETED_EVERY = 97
"""Every so many products one is marked as deleted."""
EMPTY_EVERY = 499
"""Every so many products one has neither title nor description: an embedder refuses it."""

_FIRST_DAY = datetime(2024, 1, 1, 8, 0, 0)  # naive, as shops' databases mostly hold them
_SCHEMA = """
CREATE TABLE categories (
    id INTEGER PRIMARY KEY,
    name VARCHAR(60) NOT NULL UNIQUE
);
CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    sku VARCHAR(32) NOT NULL UNIQUE,
    title VARCHAR(200) NOT NULL,
    description TEXT,
    category_id INTEGER REFERENCES categories (id),
    price DECIMAL(10, 2) NOT NULL,
    stock INTEGER NOT NULL,
    image_url VARCHAR(300),
    color VARCHAR(30),
    size_options JSON,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    deleted_at DATETIME,
    needs_embedding BOOLEAN NOT NULL DEFAULT 1,
    embedding_synced_at DATETIME
);
"""
# After the rows: sorting once is quicker than keeping sorted.
_INDEXES = """
CREATE INDEX products_updated_at ON products (updated_at);
CREATE INDEX products_needs_embedding ON products (id) WHERE needs_embedding;
"""
_INSERT = """
INSERT INTO products (id, sku, title, description, category_id, price, stock, image_url, color, size_options,
                      created_at, updated_at, deleted_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_Choice = TypeVar("_Choice")


def make_demo_catalog(path: Path, products: int = 3000) -> None:
    """Write the sample shop; the same products each time.

    Args:
        path: A SQLite file that does not exist yet; missing folders are made.
        products: How many rows `products` gets, soft-deleted and empty ones included.

    Raises:
        FileExistsError: There is something at `path` already.
    """
    if path.exists():
        raise FileExistsError(f"{path} exists already")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Under another name first: an interrupted demo leaves no half shop behind.
    unfinished = path.with_name(path.name + ".part")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished)) as database:
        database.executescript(_SCHEMA)
        database.executemany(
            "INSERT INTO categories (id, name) VALUES (?, ?)",
            [(number, kind.category) for number, kind in enumerate(KINDS, start=1)],
        )
        database.executemany(_INSERT, _rows(products))
        database.executescript(_INDEXES)
        database.commit()
    unfinished.rename(path)


def _rows(products: int) -> Iterator[tuple[object, ...]]:
    chance = random.Random(20240101)
    for number in range(1, products + 1):
        category = (number - 1) % len(KINDS)
        yield _product(chance, number, category + 1, KINDS[category])


def _product(chance: random.Random, number: int, category_id: int, kind: Kind) -> tuple[object, ...]:
    brand, colour = _pick(chance, BRANDS), _pick(chance, COLOURS)
    use, noun = _pick(chance, kind.uses), _pick(chance, kind.nouns)
    material = _pick(chance, kind.materials)
    first = int(chance.random() * len(kind.phrases))
    second = (first + 1 + int(chance.random() * (len(kind.phrases) - 1))) % len(kind.phrases)
    title = f"{brand} {colour} {use} {noun}"
    description = (
        f"{use.capitalize()} {noun} in {colour}, made of {material}. "
        f"{kind.phrases[first]} {kind.phrases[second]}"
    )
    low, high = kind.prices
    price = f"{low + int(chance.random() * (high - low))}.{_pick(chance, ('00', '50', '90', '95'))}"
    stock = 0 if chance.random() < 0.12 else 1 + int(chance.random() * 80)
    sku = f"{kind.category[:3].upper()}-{number:06d}"
    image = f"https://images.example.com/{sku.lower()}.jpg" if chance.random() < 0.9 else None
    kept = int(chance.random() * len(kind.sizes)) if kind.sizes else 0
    created = _FIRST_DAY + timedelta(minutes=number * 7)
    updated = created + timedelta(minutes=int(chance.random() * 200_000))
    deleted = updated + timedelta(days=1) if number % SOFT_DELETED_EVERY == 0 else None
    if number % EMPTY_EVERY == 0:
        title, description, image = "", "", None
    return (
        *(number, sku, title, description, category_id, price, stock, image, colour),
        json.dumps(kind.sizes[kept:]) if kind.sizes else None,
        *(_text(created), _text(updated), None if deleted is None else _text(deleted)),
    )


def _pick(chance: random.Random, choices: Sequence[_Choice]) -> _Choice:
    # By `random()` alone, whose sequence Python promises to keep; `choice` may change between versions.
    return choices[int(chance.random() * len(choices))]


def _text(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="microseconds")
