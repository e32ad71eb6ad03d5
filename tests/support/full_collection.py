"""What both of our collections can do: the core and every capability."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from embedconsole.collection.base import (
    Aliases,
    Collection,
    Optimizer,
    SchemaChanges,
    StoredVectors,
    VectorSearch,
)


@runtime_checkable
class FullCollection(
    Collection, SchemaChanges, StoredVectors, VectorSearch, Aliases, Optimizer, Protocol
): ...


def full(collection: Collection) -> FullCollection:
    """The same collection, which has every capability."""
    assert isinstance(collection, FullCollection)
    return collection
