"""How a pipeline's hits are shown: by which payload field an item is called, and where its page is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING
from urllib.parse import quote

from embedconsole.items import MARKER
from embedconsole.payload_paths import values_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.config.types import PayloadMapping
    from embedconsole.items import Hit, JsonObject, JsonValue
    from embedconsole.sync.search.search import SearchResult


_TITLES = ("title", "name", "sku")
_SHORT = 24


def key_of(hit: Hit) -> str:
    """The item's key; of a point that is not ours, its id."""
    marker = hit.payload.get(MARKER)
    return str(marker.get("key", hit.id)) if isinstance(marker, dict) else str(hit.id)


def title_field(payload: JsonObject) -> str | None:
    """The field that names the item, else the first text there is; None when there is none."""
    usual = (name for name in _TITLES if payload.get(name))
    texts = (name for name, value in payload.items() if isinstance(value, str) and _is_words(value))
    return next(usual, None) or next(texts, None)


def title_of(payload: JsonObject) -> str:
    """What names the item; empty when nothing does."""
    field = title_field(payload)
    return "" if field is None else str(payload[field])


def facts_of(payload: JsonObject) -> dict[str, str | int | float | bool]:
    """The payload's short plain values, by field, in its order; what names the item is not among them."""
    title = title_field(payload)
    return {
        name: value
        for name, value in payload.items()
        if name != title and isinstance(value, (str, int, float)) and _is_short(value)
    }


def _is_short(value: JsonValue) -> bool:
    return len(str(value)) <= _SHORT


def _is_words(text: str) -> bool:
    return bool(text.strip()) and not text.startswith(("http://", "https://"))


_NAMING = ("title", "name")
_LINKING = ("link", "url", "product_url", "page_url", "permalink", "href", "image_url", "image")
_WEB = re.compile(r"https?://[^\s<>\"\\^`{|}\x00-\x20\x7f-\x9f]{1,2000}", re.IGNORECASE)
_URL_SIGNS = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True, slots=True)
class Showing:
    """What the configuration says of how hits are shown.

    Attributes:
        title: The path of the payload field that is made of the title or name; None when there is none.
        link: A template over the payload, `https://shop.example.com/p/{product_id}`; None looks for a field
            with an address.
    """

    title: str | None = None
    link: str | None = None

    def title_of(self, payload: JsonObject) -> str:
        """What the item is called; empty when nothing names it."""
        named = values_at(payload, self.title) if self.title is not None else []
        return str(named[0]) if named and named[0] else title_of(payload)

    def link_of(self, payload: JsonObject) -> str:
        """The http(s) address of the item's page, or of its picture, in ASCII; empty when there is none."""
        if self.link is not None:
            return _address(_rendered(self.link, payload))
        candidates = [*(payload.get(name) for name in _LINKING), *payload.values()]
        return next((link for value in candidates if (link := _address(value))), "")


def showing_of(pipeline: Pipeline) -> Showing:
    """How the hits of this pipeline are shown."""
    config = pipeline.collection
    paths = {column: path for path, column in reversed([*_paths(config.payload or {}, "")])}
    title = next((paths[column] for column in _NAMING if column in paths), None)
    return Showing(title, config.link)


def asked_fields(found: SearchResult, showing: Showing) -> list[str]:
    """The fields that the search was about, each once, but what is the title anyway."""
    scope, payloads = found.scope, [hit.payload for hit in found.hits]
    grouped = [] if scope.group_by is None else [scope.group_by]
    return [
        field
        for field in dict.fromkeys([*grouped, *(condition.field for condition in scope.where)])
        if any(shown_at(payload, field) != showing.title_of(payload) for payload in payloads)
    ]


def shown_at(payload: JsonObject, field: str) -> str:
    """What a payload has at a path, on one line; empty where it has nothing."""
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
