"""Presentation of a pipeline's hits: the payload field of an item's title, and the address of its page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

from embedconsole.items import MARKER
from embedconsole.payload_paths import paths_of, values_at
from embedconsole.sync.content.template import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.config.types import PayloadMapping
    from embedconsole.items import Hit, JsonObject, JsonValue
    from embedconsole.sync.search.search import SearchResult


Facts: TypeAlias = "dict[str, str | int | float | bool]"
"""Plain values of a payload, by field."""

_TITLES = ("title", "name", "sku")
_SHORT = 24


def key_of(hit: Hit) -> str:
    """The item's key; of a point that is not ours, its id."""
    marker = hit.payload.get(MARKER)
    return str(marker.get("key", hit.id)) if isinstance(marker, dict) else str(hit.id)


def _title_field(payload: JsonObject) -> str | None:
    """The field that names the item, else the first text there is; None when there is none."""
    usual = (name for name in _TITLES if payload.get(name))
    texts = (name for name, value in payload.items() if isinstance(value, str) and _is_words(value))
    return next(usual, None) or next(texts, None)


def title_of(payload: JsonObject) -> str:
    """The title of the item; empty when it has none."""
    field = _title_field(payload)
    return "" if field is None else str(payload[field])


def _is_short(value: JsonValue) -> bool:
    return len(str(value)) <= _SHORT


def _is_words(text: str) -> bool:
    return bool(text.strip()) and not text.startswith(("http://", "https://"))


_NAMING = ("title", "name")
_LINKING = ("link", "url", "product_url", "page_url", "permalink", "href", "image_url", "image")
_WEB = re.compile(r"https?://[^\s<>\"\\^`{|}\x00-\x20\x7f-\x9f]{1,2000}", re.IGNORECASE)
_URL_SIGNS = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True, slots=True)
class HitFormat:
    """The configuration of how hits are shown.

    Attributes:
        title: The path of the payload field that names the item; None when the configuration says of none.
        link: A template over the payload, `https://shop.example.com/p/{product_id}`; None looks for a field
            with an address.
    """

    title: str | None = None
    link: str | None = None

    def title_of(self, payload: JsonObject) -> str:
        """The title of the item; empty when it has none."""
        return self._named(payload) or title_of(payload)

    def facts_of(self, payload: JsonObject) -> Facts:
        """The payload's short plain values, by field, in its order, without the title."""
        title = self.title if self._named(payload) else _title_field(payload)
        return {
            name: value
            for name, value in payload.items()
            if title not in (name, f'"{name}"') and isinstance(value, (str, int, float)) and _is_short(value)
        }

    def _named(self, payload: JsonObject) -> str:
        """The value of the configured title field; empty when it has none."""
        named = values_at(payload, self.title) if self.title is not None else []
        return as_text(named[0]) if named else ""

    def link_of(self, payload: JsonObject) -> str:
        """The http(s) address of the item's page, or of its picture, in ASCII; empty when there is none."""
        if self.link is not None:
            return _address(_rendered(self.link, payload))
        candidates = [*(payload.get(name) for name in _LINKING), *payload.values()]
        return next((link for value in candidates if (link := _address(value))), "")


def showing_of(pipeline: Pipeline) -> HitFormat:
    """How the hits of this pipeline are shown.

    An item is called by its title or name if the embedded text has one, else by the first column of that
    text, else by a title or name in the payload.
    """
    config = pipeline.collection
    texts = [vector.text for vector in pipeline.vectors.values() if vector.text]
    embedded = [column for text in texts[:1] for _, column, _, _ in Formatter().parse(text) if column]
    naming = [column for column in _NAMING if column in embedded]
    columns = [*naming, *embedded[:1], *_NAMING]
    if config.payload is None:
        # Every column is a field of its own.
        return HitFormat(next(iter(paths_of(columns)), None), config.link)
    paths = {column: path for path, column in reversed([*_paths(config.payload, "")])}
    return HitFormat(next((paths[column] for column in columns if column in paths), None), config.link)


def asked_fields(found: SearchResult, showing: HitFormat) -> list[str]:
    """The fields that the search was about, each once, but what is the title anyway."""
    scope, payloads = found.scope, [hit.payload for hit in found.hits]
    grouped = [] if scope.group_by is None else [scope.group_by]
    return [
        field
        for field in dict.fromkeys([*grouped, *(condition.field for condition in scope.where)])
        if any(shown_at(payload, field) != showing.title_of(payload) for payload in payloads)
    ]


def shown_at(payload: JsonObject, field: str) -> str:
    """The value of a payload at a path, on one line; empty where there is none."""
    found = values_at(payload, field)
    values = [one for value in found for one in (value if isinstance(value, list) else [value])]
    return ", ".join(str(value) for value in values if value is not None)


def _paths(mapping: PayloadMapping, prefix: str) -> Iterator[tuple[str, str]]:
    for field, column in mapping.items():
        name = field if re.fullmatch(r"[\w-]+", field) else f'"{field}"'
        if isinstance(column, str):
            yield prefix + name, column
        else:
            yield from _paths(column, f"{prefix}{name}.")


def _rendered(template: str, payload: JsonObject) -> str:
    """The template with the payload's values, which are quoted but where they begin the address."""
    address = ""
    for literal, field, _, _ in Formatter().parse(template):
        address += literal
        if field is None:
            continue
        values = values_at(payload, field)
        if not values or isinstance(values[0], (dict, list, type(None))) or values[0] == "":
            return ""
        address += quote(str(values[0]), safe="") if address else str(values[0])
    return address


def _address(value: object) -> str:
    if not isinstance(value, str) or not _WEB.fullmatch(value):
        return ""
    return quote(value, safe=_URL_SIGNS)
