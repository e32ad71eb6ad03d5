"""What the questions are answered with: everything that the configuration says of one pipeline.

Values named "as written" may hold `${NAME}`: they go into the file as they are. All others are data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.config.types import PayloadMapping
    from embedconsole.items import IndexType


@dataclass(frozen=True, slots=True)
class CatalogAnswers:
    """The section `catalog`; `url` as written. Either `query` or `table`."""

    url: str
    key: str
    query: str | None = None
    table: str | None = None
    changed: str | None = None
    product: str | None = None
    json_columns: tuple[str, ...] = ()
    html_columns: tuple[str, ...] = ()
    writeback: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EmbedAnswers:
    """The section `embed`."""

    text: str | None
    image: str | None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EmbedderAnswers:
    """One of `embedders`, `kind` its type; the settings as written."""

    name: str
    kind: str
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CollectionAnswers:
    """The section `collection`: `url` (with `api_key`) or `path`, as written."""

    name: str
    url: str | None = None
    path: str | None = None
    api_key: str | None = None


@dataclass(frozen=True, slots=True)
class ItemAnswers:
    """What the items are.

    Attributes:
        pipeline: Its name.
        payload: None for all columns.
        notes: What the operator should know of the query, lines of a comment.
    """

    pipeline: str
    catalog: CatalogAnswers
    embed: EmbedAnswers
    payload: PayloadMapping | None
    indexes: Mapping[str, IndexType]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """All of it."""

    items: ItemAnswers
    embedder: EmbedderAnswers
    collection: CollectionAnswers
