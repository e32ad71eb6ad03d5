"""The words that all parts share: items, points, vectors and what a collection looks like.

Plain frozen data. The parts hand these to each other through the sync engine and know nothing else of
one another.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]
    """Embeddings, shape (items, size), float32."""
    VectorColumn: TypeAlias = Vectors | Sequence[Vectors]
    """One vector of several points: shape (points, size); of a multivector a matrix (rows, size) a point."""

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = "dict[str, JsonValue]"
PointId: TypeAlias = "int | str"
"""An unsigned 64-bit integer or a UUID in its canonical text form, as Qdrant takes them."""

Distance: TypeAlias = Literal["cosine", "dot", "euclid", "manhattan"]
IndexType: TypeAlias = Literal["keyword", "text", "integer", "float", "bool", "datetime", "uuid", "geo"]

UNNAMED = ""
"""The name of the one vector of a collection without named vectors."""

MARKER = "_embedconsole"
"""The payload field by which we know our own points, and rebuild a lost ledger."""

MARKED_SLOTS = "vectors"
"""The marker's field with the hash of each single embedding, where there may be several."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_UINT64_END = 1 << 64


def point_id(key: str) -> PointId:
    """The id of an item's point: the key itself when Qdrant can take it, else the UUIDv5 of it.

    Args:
        key: The item's key as text; integers in decimal.
    """
    if key.isdecimal() and key.isascii() and (key == "0" or key[0] != "0") and len(key) <= 20:
        number = int(key)
        if number < _UINT64_END:
            return number
    if _UUID.fullmatch(key):
        return key.lower()
    return str(uuid.uuid5(uuid.NAMESPACE_URL, key))


def point_order(point: PointId) -> bytes:
    """A byte string that sorts as Qdrant sorts ids: all integers, then all UUIDs."""
    if isinstance(point, int):
        return b"\x00" + point.to_bytes(8, "big")
    return b"\x01" + uuid.UUID(point).bytes


def point_at(order: bytes) -> PointId:
    """The point that `point_order` made a byte string of."""
    if order[:1] == b"\x00":
        return int.from_bytes(order[1:], "big")
    return str(uuid.UUID(bytes=order[1:]))


@dataclass(frozen=True, slots=True)
class CatalogRow:
    """One row of the user's query, its values already JSON-ready.

    Attributes:
        key: The item's key as text.
        values: Column name to value: None, bool, int, finite float, str, list or dict.
        version: The value of the `changed` column as the database gave it; None when there is none.
        pictures: Reference of a picture to a mark that changes with it, where `image_hash` asks for that.
        unsure: A picture could not be looked at now, so it is not known whether the row has changed.
    """

    key: str
    values: JsonObject
    version: object = None
    pictures: Mapping[str, str] = field(default_factory=dict)
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class EmbedInput:
    """The input of one item to one embedder.

    Attributes:
        product_id: The item's key, as an integer where it is one.
        text: The rendered text template; None when the vector has no text.
        image: An image reference (URL or path); None when there is none.
        fields: The fields that the `items` shape sends next to product_id and image_url.
    """

    product_id: int | str
    text: str | None
    image: str | None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Embedded:
    """The answer of an embedder to a list of inputs.

    Attributes:
        vectors: float32, shape (inputs, size), in the order of the inputs; rows of rejected inputs are zero.
        rejected: Index of an input to the reason why it was not embedded.
        requests: How many requests it took.
        postponed: Those of the rejected that another try may well bring: their picture's host was away, or
            the service answered something that is no vector.
        refused: Those of the rejected that the service answered for, so that it may be at fault itself.
        unasked: Those of the refused that were not sent, because others before them were refused in a row.
        paid: Inputs that the service charges for; None: those that were embedded.
    """

    vectors: Vectors
    rejected: Mapping[int, str] = field(default_factory=dict)
    requests: int = 1
    postponed: Set[int] = frozenset()
    refused: Set[int] = frozenset()
    unasked: Set[int] = frozenset()
    paid: int | None = None

    @property
    def usable(self) -> int:
        """How many of the inputs were embedded."""
        return len(self.vectors) - len(self.rejected)


@dataclass(frozen=True, slots=True)
class VectorSpec:
    """One vector of a collection: its size in dimensions and its distance.

    Attributes:
        multivector: A point has any number of vectors here, and is as near as the nearest of them (max_sim).
    """

    size: int
    distance: Distance
    multivector: bool = False

    @property
    def words(self) -> str:
        """It in two or three words."""
        return f"{self.size} {self.distance}{' multivector' if self.multivector else ''}"


@dataclass(frozen=True, slots=True)
class CollectionSchema:
    """The schema that a collection should have.

    Attributes:
        vectors: Vector name (`UNNAMED` for the only one) to its spec.
        indexes: Payload path to the type of its index.
    """

    vectors: Mapping[str, VectorSpec]
    indexes: Mapping[str, IndexType] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CollectionState:
    """The schema and figures that a collection reports. Counts are approximate, as Qdrant gives them.

    Attributes:
        status: green, yellow (optimizing), grey (optimizations pending) or red (failed).
        indexes: Payload path to the type of its index, as the store names it.
        indexed_points: Payload path to how many points its index covers; empty when the store does not tell.
        optimizer_error: Why the store's optimizers have stopped; None when they have not.
        queue: Updates waiting inside the store; None when it does not tell.
        disk_bytes: Size on disk; None when the store does not tell.
        indexing_threshold: KB from which on a segment gets an index, 0: never; None: there is none to set.
    """

    status: str
    points: int
    indexed_vectors: int
    segments: int
    vectors: Mapping[str, VectorSpec]
    indexes: Mapping[str, str]
    queue: int | None = None
    disk_bytes: int | None = None
    warnings: tuple[str, ...] = ()
    optimizer_error: str | None = None
    indexed_points: Mapping[str, int] = field(default_factory=dict)
    indexing_threshold: int | None = None

    @property
    def complaints(self) -> tuple[str, ...]:
        """The problems that the store reports, a line each."""
        stopped = () if self.optimizer_error is None else (f"optimizer: {self.optimizer_error}",)
        return (*stopped, *self.warnings)


@dataclass(frozen=True, slots=True)
class Naming:
    """The collection and aliases behind a configured name.

    Attributes:
        collection: The collection itself; another name than the configured one, when that is an alias.
        aliases: All aliases that point to it.
    """

    collection: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Optimization:
    """One optimization that the store is at.

    Attributes:
        optimizer: Which one, as the store names it: "indexing", "merge", "vacuum".
        stage: What of it is being done now; empty when the store does not tell.
        done, total: Of that stage, in units of its own; None where there is nothing to count.
        segments, points: What is being rebuilt.
    """

    optimizer: str
    stage: str
    done: int | None
    total: int | None
    segments: int
    points: int


@dataclass(frozen=True, slots=True)
class Optimizations:
    """The store's running optimizations, and how many wait."""

    running: tuple[Optimization, ...] = ()
    queued: int = 0
    queued_points: int = 0


@dataclass(frozen=True, slots=True)
class Points:
    """Points to write, column by column.

    Attributes:
        ids: One id a point.
        vectors: Vector name to its column.
        payloads: One payload a point, with its `_embedconsole` object.
        without_vectors: Vectors of ours that none of the points has any more.
        without_fields: Top-level fields of ours that none of the payloads has any more.
    """

    ids: Sequence[PointId]
    vectors: Mapping[str, VectorColumn]
    payloads: Sequence[JsonObject]
    without_vectors: Sequence[str] = ()
    without_fields: Sequence[str] = ()

    def at(self, rows: Sequence[int]) -> Points:
        """Some of the points, by their places."""
        return replace(
            self,
            ids=[self.ids[row] for row in rows],
            vectors={name: _rows_of(column, rows) for name, column in self.vectors.items()},
            payloads=[self.payloads[row] for row in rows],
        )


def _rows_of(column: VectorColumn, rows: Sequence[int]) -> VectorColumn:
    several = isinstance(column, (list, tuple))
    return [column[row] for row in rows] if several else cast("Vectors", column)[list(rows)]


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """A point as it is stored, for taking over its vectors.

    Attributes:
        marker: Its `_embedconsole` object; None where it has none.
        vectors: Vector name to an array of shape (size,), of a multivector (rows, size). Where the distance
            is cosine they have length 1, whatever was written.
    """

    marker: JsonObject | None
    vectors: Mapping[str, Vectors]


@dataclass(frozen=True, slots=True)
class PointPage:
    """Some points of a collection, in the order of their ids: all integers, then all UUIDs.

    Attributes:
        points: Id and payload, or what was asked for of it.
        following: The id that the next page begins with; None when there is none.
    """

    points: Sequence[tuple[PointId, JsonObject]]
    following: PointId | None


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result.

    Attributes:
        score: In the collection's distance.
        group: The value of its group, where hits are grouped by a payload field.
    """

    id: PointId
    score: float
    payload: JsonObject
    group: str | int | None = None
