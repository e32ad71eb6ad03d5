"""What a preset is: a query and its mapping as data.

Shops differ: one has no `color`, another calls the picture's column `path`. So a preset's columns and
conditions say by `alias.column` what they need, and what can't be had is left out (`fit.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.config.types import PayloadMapping
    from embedconsole.items import IndexType


@dataclass(frozen=True, slots=True)
class Pick:
    """A column of the query: its name, and the expressions that may give it, the best one first."""

    name: str
    expressions: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that the preset asks; it stands in the query and templates as `{name}`.

    Attributes:
        pattern: What an answer must be in full, as it goes into SQL.
        table: Asked only where there is this table.
        looks: Queries, the best one first, whose first value is suggested; with earlier parameters in them.
    """

    name: str
    question: str
    help: str
    default: str
    pattern: str
    table: str | None = None
    looks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """Columns of a shop that say what is embedded; they are kept up to date.

    Attributes:
        alias: Of their table.
        columns: Setting of `writeback` to the names that its column may have.
        key: The column with the item's key in a table of its own, where a missing row is inserted; None: they
            are in the items' table.
    """

    alias: str
    columns: Mapping[str, tuple[str, ...]]
    key: str | None = None


ADDRESS = r"https?://[^\s{}'\"]+"
"""The pattern of an address that goes into SQL."""

PAYLOAD: PayloadMapping = {
    "product_id": "id",
    "sku": "sku",
    "title": "title",
    "slug": "slug",
    "category": "category",
    "price": "price",
    "special_price": "special_price",
    "in_stock": "in_stock",
    "image_url": "image_url",
}
"""What search results of a shop show; a preset's query has some of it."""

INDEXES: Mapping[str, IndexType] = {
    "title": "text",
    "sku": "keyword",
    "category": "keyword",
    "price": "float",
    "in_stock": "bool",
}
"""What shops filter by."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A known schema.

    Attributes:
        tables: Alias to table, the main one first. Others are left out with all that needs them.
        marks: By which the schema is known: one of these texts, with all the columns that it names.
        joins: Alias to its join, where the tables are there.
        conditions: Joined by AND.
        payload, indexes: What the query lacks is left out of them.
        html_columns, json_columns: Those of them that the query has.
        notes: A comment for the configuration.
        embedder: What it is made for, offered first, with its settings as written.
    """

    name: str
    title: str
    tables: Mapping[str, str]
    marks: tuple[str, ...]
    picks: tuple[Pick, ...]
    key: str
    pipeline: str
    text: str | None = None
    image: str = "{image_url}"
    payload: PayloadMapping = field(default_factory=lambda: PAYLOAD)
    indexes: Mapping[str, IndexType] = field(default_factory=lambda: INDEXES)
    embedder: str = "http"
    embedder_name: str = "ml"
    embedder_settings: Mapping[str, str] = field(default_factory=dict)
    joins: Mapping[str, str] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    changed: str | None = None
    product: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    json_columns: tuple[str, ...] = ()
    html_columns: tuple[str, ...] = ()
    noted: Noted | None = None
    parameters: tuple[Parameter, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def main(self) -> str:
        """The table of the items, with the preset's parameters still in it."""
        return next(iter(self.tables.values()))
