"""What a preset is: a query and its mapping as data.

Shops differ: one has no `color`, another calls the picture's column `path`. So a preset's columns and
conditions say by `alias.column` what they need, and what can't be had is left out (`fitting.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.config.types import PayloadMapping
    from embedconsole.items import IndexType
    from embedconsole.setup.answers import EmbedderKind


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
    """

    name: str
    question: str
    help: str
    default: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Preset:
    """A known schema.

    Attributes:
        tables: Alias to table, the main one first. Others are left out with all that needs them.
        marks: Columns of the main table by which the schema is known.
        joins: Alias to its join, where the tables are there.
        conditions: Joined by AND.
        payload, indexes: Of columns that the query has; what it lacks is left out of them.
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
    text: str | None
    image: str | None
    payload: PayloadMapping
    indexes: Mapping[str, IndexType]
    embedder: EmbedderKind
    embedder_name: str
    embedder_settings: Mapping[str, str] = field(default_factory=dict)
    joins: Mapping[str, str] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    changed: str | None = None
    product: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    json_columns: tuple[str, ...] = ()
    writeback: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def main(self) -> str:
        """The table of the items, with the preset's parameters still in it."""
        return next(iter(self.tables.values()))
