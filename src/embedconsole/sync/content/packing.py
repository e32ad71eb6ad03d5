"""Vectors of one item as bytes, for keeping them in the ledger: little-endian float32, name by name."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

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
    """What `pack` made."""
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
