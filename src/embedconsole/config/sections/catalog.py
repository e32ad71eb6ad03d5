"""The settings of a catalog: the user's rows. A part of the tree in `model.py`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from embedconsole.config.sections.base import Section
from embedconsole.config.sections.watch import WatchConfig
from embedconsole.config.types import DatabaseUrl, Duration, OptionalText, Positive


class WritebackConfig(Section):
    """Columns of the user's table that we keep up to date; nothing else there is ever written."""

    table: OptionalText = None
    """Default: the catalog's table, or the first one of its query."""
    key: OptionalText = None
    """Default: the catalog's key."""
    synced_at: OptionalText = None
    """The column that gets the time at which the item was written to the collection."""
    flag: OptionalText = None
    """The column that is set to false once the item is in the collection."""
    vector: OptionalText = None
    """The column that gets the vector as JSON; the slowest of the three."""
    insert: bool = False
    """Rows that `table` lacks are inserted: key, the catalog's `product`, and the columns above."""

    @model_validator(mode="after")
    def _some_column(self) -> Self:
        if not (self.synced_at or self.flag or self.vector):
            raise ValueError("name at least one of synced_at, flag and vector, or remove writeback")
        if self.insert and self.table is None:
            raise ValueError("insert goes with table: your products are never inserted by us")
        return self

    @property
    def detects(self) -> bool:
        """Whether the catalog itself tells what is not synced (a flag, or a null synced-at)."""
        return bool(self.flag or self.synced_at)


class CatalogConfig(Section):
    """The user's rows."""

    url: DatabaseUrl
    """The shop's database, as SQLAlchemy writes it; sqlite, postgresql, mysql and mariadb are tested."""
    query: OptionalText = None
    """What an item is, one row each; only read. This or `table`."""
    table: OptionalText = None
    """All columns of one table."""
    key: Annotated[str, Field(min_length=1)] = "id"
    """The column that names an item; unique in the query."""
    changed: OptionalText = None
    """A column that grows with every change, so that a pass between full scans reads only what changed."""
    overlap: Duration = 300.0
    """How far a watermark scan looks back, for rows that were committed late with an older value."""
    full_scan_every: Duration = 86_400.0
    """How often everything is read anyway, for edits that did not touch `changed`."""
    page_size: Positive = 1000
    """Rows in one read."""
    json_columns: list[str] = []
    """Text columns that hold JSON and belong in the payload as lists and objects."""
    html_columns: list[str] = []
    """Text columns that hold HTML: markup, shortcodes and entities are removed as they are read."""
    product: OptionalText = None
    """The column with the product's id when items are its pictures; named in the log."""
    writeback: WritebackConfig | None = None
    """Columns of your table that we keep up to date; default: none."""
    trust_flags: bool = False
    """Between full scans look only at rows that the write-back columns mark as not synced."""
    watch: list[WatchConfig] = []
    """The tables that `feed install` puts triggers on."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.query is None) == (self.table is None):
            raise ValueError("give either query or table")
        tables = [watched.table for watched in self.watch]
        if len(set(tables)) < len(tables):
            raise ValueError("watch names a table twice; one entry a table")
        return self
