"""How a process and its embedded engine's process speak: frames of a JSON header and raw bytes.

A frame is two little-endian unsigned 64-bit lengths, the header (orjson) and the blob (float32 vectors, one
array after the other). No pickle: neither side runs what the other sent.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.items import JsonObject, JsonValue, Vectors

LENGTHS = struct.Struct("<QQ")


def pack(header: JsonObject, blob: bytes = b"") -> bytes:
    """One frame.

    Raises:
        TypeError: The header holds what JSON can't.
    """
    encoded = orjson.dumps(header)
    return LENGTHS.pack(len(encoded), len(blob)) + encoded + blob


def pack_vectors(vectors: Mapping[str, Vectors]) -> tuple[JsonObject, bytes]:
    """The names and shapes of arrays for a header, and their float32 values in one blob."""
    arrays = {name: np.asarray(array, dtype="<f4") for name, array in vectors.items()}
    shapes: JsonObject = {name: list(array.shape) for name, array in arrays.items()}
    return shapes, b"".join(array.tobytes() for array in arrays.values())


def unpack_vectors(shapes: JsonValue, blob: bytes) -> dict[str, Vectors]:
    """The arrays of `pack_vectors`."""
    arrays: dict[str, Vectors] = {}
    start = 0
    for name, shape in (shapes if isinstance(shapes, dict) else {}).items():
        rows, size = (int(str(length)) for length in (shape if isinstance(shape, list) else ()))
        count = rows * size
        arrays[name] = np.frombuffer(blob, dtype="<f4", count=count, offset=start).reshape(rows, size)
        start += count * 4
    return arrays
