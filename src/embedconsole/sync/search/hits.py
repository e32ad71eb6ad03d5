"""What a person recognises a hit by: its key, its title, and the plain facts of its payload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.items import MARKER

if TYPE_CHECKING:
    from embedconsole.items import Hit, JsonObject, JsonValue

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
