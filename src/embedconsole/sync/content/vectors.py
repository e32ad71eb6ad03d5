"""Vectors of one item as bytes, for keeping them in the ledger: little-endian float32, name by name."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from embedconsole.sync.content.slots import place_of, slot_of, vector_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from embedconsole.items import JsonValue, VectorColumn

    Vector = NDArray[np.float32]


_LENGTHS = struct.Struct("<HI")


def pack(vectors: Mapping[str, Vector]) -> bytes:
    """The vectors of one item, name by name, each of shape (size,)."""
    parts = []
    for name, vector in vectors.items():
        encoded = name.encode()
        parts += [_LENGTHS.pack(len(encoded), vector.size), encoded, vector.astype("<f4").tobytes()]
    return b"".join(parts)


def unpack(packed: bytes) -> dict[str, Vector]:
    """Decode the bytes that `pack` made."""
    vectors = {}
    start = 0
    while start < len(packed):
        name_bytes, size = _LENGTHS.unpack_from(packed, start)
        start += _LENGTHS.size
        name = packed[start : start + name_bytes].decode()
        start += name_bytes
        vectors[name] = np.frombuffer(packed, dtype="<f4", count=size, offset=start).astype(np.float32)
        start += size * 4
    return vectors


def gathered(slots: Mapping[str, Vector]) -> dict[str, Vector]:
    """The vectors of one item by name, of its embeddings by slot.

    Returns:
        Arrays of shape (size,), of a multivector (rows, size).
    """
    vectors: dict[str, Vector] = {}
    rows: dict[str, dict[int, Vector]] = {}
    for slot, embedding in slots.items():
        if (place := place_of(slot)) is None:
            vectors[slot] = embedding
        else:
            rows.setdefault(vector_of(slot), {})[place] = embedding
    return vectors | {
        name: np.stack([found[place] for place in sorted(found)]) for name, found in rows.items()
    }


def by_slot(vectors: Mapping[str, Vector]) -> dict[str, Vector]:
    """The single embeddings of one item by slot: what `gathered` gathered."""
    slots: dict[str, Vector] = {}
    for name, vector in vectors.items():
        if vector.ndim > 1:
            slots |= {slot_of(name, place): row for place, row in enumerate(vector)}
        else:
            slots[name] = vector
    return slots


def joined(
    first: Mapping[str, Mapping[str, Vector]], second: Mapping[str, Mapping[str, Vector]]
) -> dict[str, Mapping[str, Vector]]:
    """Embeddings of several items by key and slot, from two places; the first counts where both have one."""
    return {key: {**second.get(key, {}), **first.get(key, {})} for key in {**first, **second}}


def standing(marks: JsonValue, vectors: Mapping[str, Vector]) -> dict[tuple[str, str], Vector]:
    """The embeddings of a stored point by vector name and hash.

    Args:
        marks: What `marked` made; anything else, foreign or older, tells nothing.
        vectors: The point's vectors by name, shape (size,) or (rows, size).
    """
    found: dict[tuple[str, str], Vector] = {}
    for name, marks_of_vector in (marks if isinstance(marks, dict) else {}).items():
        vector = vectors.get(name)
        hashes = marks_of_vector if isinstance(marks_of_vector, list) else [marks_of_vector]
        if vector is not None and (rows := np.atleast_2d(vector)).shape[0] == len(hashes):
            found |= {(name, str(digest)): row for digest, row in zip(hashes, rows, strict=True)}
    return found


def column_of(rows: Sequence[Vector]) -> VectorColumn:
    """One vector of several points, each as `gathered` gives it."""
    if rows[0].ndim > 1:
        return rows
    # Half the time of `np.stack`.
    return np.concatenate(rows).reshape(len(rows), -1)
