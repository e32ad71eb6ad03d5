"""Compares a collection with its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.items import UNNAMED

if TYPE_CHECKING:
    from embedconsole.items import CollectionSchema, CollectionState, VectorSpec

_OTHER_COLLECTION = "create a collection with another name, or run `embedconsole reindex`"
_ADD_INDEX = "`embedconsole init` adds it"
_OTHER_INDEX = "change the configuration, or drop the index in Qdrant and run `embedconsole init`"
_SURPLUS = "nothing to do; name it under collection.indexes to keep it in a re-index"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as configured.

    Attributes:
        field: Where, for example "vectors.text.size", "vector.distance" (the only one), "indexes.price".
        want: The configured value; None when there is none.
        have: What the collection has; None when it has nothing.
        blocking: Whether nothing may be written until it is repaired.
        remedy: What the operator can do.
    """

    field: str
    want: str | None
    have: str | None
    blocking: bool
    remedy: str


def differences(want: CollectionSchema, have: CollectionState) -> list[Difference]:
    """All differences: vectors first, then indexes by path; an empty list when it is as configured.

    Vectors that the collection has and the configuration does not name are left alone: points may
    lack a vector. Index types are compared as Qdrant names them.
    """
    found: list[Difference] = []
    for name, spec in want.vectors.items():
        place = vector_field(name)
        there = have.vectors.get(name)
        if there is None:
            found.append(missing_vector(name, f"{spec.size}, {spec.distance}", have))
            continue
        if there.size != spec.size:
            sizes = str(spec.size), str(there.size)
            found.append(Difference(f"{place}.size", *sizes, True, _OTHER_COLLECTION))
        if there.distance != spec.distance:
            found.append(
                Difference(f"{place}.distance", spec.distance, there.distance, True, _OTHER_COLLECTION)
            )
        if there.multivector != spec.multivector:
            kinds = _kind(spec), _kind(there)
            found.append(Difference(place, *kinds, True, _OTHER_COLLECTION))
    for path in sorted({*want.indexes, *have.indexes}):
        wanted, existing = want.indexes.get(path), have.indexes.get(path)
        if wanted == existing:
            continue
        remedy = _ADD_INDEX if existing is None else _SURPLUS if wanted is None else _OTHER_INDEX
        found.append(Difference(index_field(path), wanted, existing, False, remedy))
    return found


def _kind(spec: VectorSpec) -> str:
    return "a multivector" if spec.multivector else "one vector a point"


def missing_vector(name: str, described: str, have: CollectionState) -> Difference:
    """A configured vector that the collection does not have; `described` is what it should be."""
    others = ", ".join(other or "the unnamed one" for other in have.vectors) or None
    return Difference(vector_field(name), described, others, True, _OTHER_COLLECTION)


def vector_field(name: str) -> str:
    """The name of a vector's differences; those of its size and distance continue after a dot."""
    return f"vectors.{name}" if name != UNNAMED else "vector"


def index_field(path: str) -> str:
    """The name of a payload index's difference."""
    return f"indexes.{path}"
