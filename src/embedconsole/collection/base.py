"""The protocol of a vector store, and its optional capabilities.

`Collection` is all that a sync needs. The other protocols are capabilities: what uses one asks for it with
`isinstance`, and goes without or says so (`lacking`) where a store does not have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from embedconsole.faults import Refused
from embedconsole.filters import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.filters import Scope
    from embedconsole.items import (
        CollectionSchema,
        CollectionState,
        Hit,
        IndexType,
        JsonObject,
        Naming,
        Optimizations,
        PointId,
        PointPage,
        Points,
        StoredPoint,
        VectorSpec,
    )


class Collection(Protocol):
    """One collection of a vector store. Every write returns only after the store has confirmed it.

    Attributes:
        target: What it is and where, for messages and errors; holds no secret. For example
            "collection products at http://qdrant:6333".

    All methods raise `Throttled`, `Transient`, `BadInput` or `Refused` (`embedconsole.faults`), and
    nothing else, when the store fails. A collection that is missing is `Refused` with the remedy, except
    in `describe`.
    """

    @property
    def target(self) -> str: ...

    async def describe(self) -> CollectionState | None:
        """The collection's present schema and size; None when it does not exist."""
        ...

    async def create(self, schema: CollectionSchema) -> None:
        """Create the collection with its vectors and payload indexes; refused when it exists."""
        ...

    async def upsert(self, points: Points) -> None:
        """Write whole points: vectors and payload replace what was there, other programs' included.

        Large writes may go out in several requests; when one fails, those before it stay written. A size
        or a vector name that the collection does not have is `Refused`, as it holds for every point.
        """
        ...

    async def update(self, points: Points) -> frozenset[PointId]:
        """Write only what is ours of points that exist; returns the ids of points that do not.

        The vectors and the top-level payload fields that are named are replaced, those of `without_vectors`
        and `without_fields` removed. Everything else on the points stays. Without vectors, only the payload
        is written. A point whose vectors are written has no marker until its payload is written too, so that
        a write that ends halfway is not taken for a whole one.
        """
        ...

    async def delete(self, ids: Sequence[PointId]) -> None:
        """Delete points; those that do not exist count as deleted."""
        ...

    async def retrieve(self, ids: Sequence[PointId]) -> Mapping[PointId, JsonObject]:
        """The payloads of those of the points that exist."""
        ...

    async def scroll(
        self, start: PointId | None, *, fields: Sequence[str] | None = None, limit: int
    ) -> PointPage:
        """A page of points in the order of their ids.

        Args:
            start: The id to begin with, whether there is such a point or not; None for the first.
            fields: The only fields of the payload to give; None for all of it.
            limit: Points at most.
        """
        ...

    async def aclose(self) -> None:
        """Release connections or the child process."""
        ...


@runtime_checkable
class SchemaChanges(Protocol):
    """Additions to a collection that is there. Without it, `describe` and the configuration have to agree."""

    async def create_index(self, path: str, kind: IndexType) -> None:
        """Add one payload index; without effect when it is there, replacing one of another type."""
        ...

    async def add_vector(self, name: str, spec: VectorSpec) -> bool:
        """Add a named vector that no point has yet; False where the store can't (Qdrant can from 1.18 on)."""
        ...


@runtime_checkable
class StoredVectors(Protocol):
    """Reading vectors back: re-using them, checking them in `verify --vectors`, write-back of vectors."""

    async def stored(self, ids: Sequence[PointId]) -> Mapping[PointId, StoredPoint]:
        """Those of the points that exist, with their vectors and markers."""
        ...


@runtime_checkable
class VectorSearch(Protocol):
    """Searching: `search`, the search screen and the comparison of a re-index."""

    async def search(
        self, vector: NDArray[np.float32], *, using: str, limit: int, scope: Scope = EVERYTHING
    ) -> list[Hit]:
        """The nearest points in the scope to a vector of shape (size,), best first.

        Grouped by a field, as many hits as groups: the best of each value, a text or an integer; of each
        entry where the field is a list. Points without the field are in no group.
        """
        ...

    async def similar(
        self, point: PointId, *, using: str, limit: int, scope: Scope = EVERYTHING
    ) -> list[Hit]:
        """The points in the scope nearest to one that is there, without itself, best first.

        `BadInput` when there is no such point, or it has no such vector.
        """
        ...


@runtime_checkable
class Aliases(Protocol):
    """Several collections behind one name, for `reindex`."""

    async def naming(self) -> Naming:
        """The collection that the configured name points to, and all its aliases."""
        ...

    async def take_alias(self, alias: str) -> None:
        """Point an alias to this collection, at once, whatever it pointed to before.

        `Refused` when a collection itself has that name.
        """
        ...

    async def drop(self) -> None:
        """Drop the collection itself, with all that is in it; without effect when there is none."""
        ...


@runtime_checkable
class Optimizer(Protocol):
    """An index built behind the writes, which can be watched and put off."""

    async def optimizations(self) -> Optimizations | None:
        """The store's running optimizations; None when it does not report them (Qdrant does from 1.17 on)."""
        ...

    async def set_indexing_threshold(self, kilobytes: int) -> None:
        """Have segments get an index from this size on; 0: never. Without effect on an engine without one."""
        ...


def lacking(collection: Collection, capability: str) -> Refused:
    """The fault of a request that needs a capability which the collection's store does not have."""
    return Refused(collection.target, f"this kind of collection has no {capability}")
