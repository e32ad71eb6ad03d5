"""Slots: where the single embeddings of an item go.

A vector of a point takes one embedding and is its own slot. A multivector takes any number, and has a slot
for each: so that they are asked for, kept and paid for one by one, like all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.items import JsonObject

_SEPARATOR = "\x1f"
"""A character that no configured name contains."""


def slot_of(vector: str, place: int) -> str:
    """The slot of a multivector's embedding, counted from 0."""
    return f"{vector}{_SEPARATOR}{place}"


def place_of(slot: str) -> int | None:
    """The number of an embedding within its multivector; None for a single vector."""
    _, several, place = slot.partition(_SEPARATOR)
    return int(place) if several else None


def vector_of(slot: str) -> str:
    """The name of the vector that a slot belongs to."""
    return slot.partition(_SEPARATOR)[0]


def slot_words(slot: str) -> str:
    """Name of a slot for people: by its vector, of a multivector with its place from 1."""
    place = place_of(slot)
    return slot if place is None else f"{vector_of(slot)} {place + 1}".strip()


def marked(hashes: Mapping[str, str]) -> JsonObject:
    """The hashes of an item's slots as a point's marker has them: by name, of a multivector a list."""
    found: JsonObject = {}
    for slot, digest in hashes.items():
        if _SEPARATOR not in slot:
            found[slot] = digest
            continue
        listed = found.setdefault(vector_of(slot), [])
        assert isinstance(listed, list)
        listed.append(digest)
    return found
