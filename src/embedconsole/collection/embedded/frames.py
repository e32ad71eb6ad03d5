"""The protocol between a process and its embedded engine's process: frames of a JSON header and raw bytes.

A frame is two little-endian unsigned 64-bit lengths, the header (orjson) and the blob (float32 vectors, one
array after the other). No pickle: neither side runs what the other sent.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedconsole.items import JsonObject, JsonValue, VectorColumn, Vectors

LENGTHS = struct.Struct("<QQ")


def pack(header: JsonObject, blob: bytes = b"") -> bytes:
    """One frame.

    Raises:
        TypeError: The header holds what JSON can't.
    """
    encoded = orjson.dumps(header)
    return LENGTHS.pack(len(encoded), len(blob)) + encoded + blob


def pack_vectors(vectors: Mapping[str, VectorColumn]) -> tuple[JsonObject, bytes]:
    """The names and shapes of columns for a header, and their float32 values in one blob.

    The shape of a multivector's column is a list of the shapes of its points.
    """
    shapes: JsonObject = {}
    parts: list[bytes] = []
    for name, column in vectors.items():
        arrays = [np.asarray(array, dtype="<f4") for array in _arrays(column)]
        listed: list[JsonValue] = [list(array.shape) for array in arrays]
        shapes[name] = listed[0] if isinstance(column, np.ndarray) else listed
        parts += [array.tobytes() for array in arrays]
    return shapes, b"".join(parts)


def _arrays(column: VectorColumn) -> Sequence[Vectors]:
    return [column] if isinstance(column, np.ndarray) else column


def unpack_vectors(shapes: JsonValue, blob: bytes) -> dict[str, VectorColumn]:
    """The columns of `pack_vectors`."""
    columns: dict[str, VectorColumn] = {}
    start = 0
    for name, shape in (shapes if isinstance(shapes, dict) else {}).items():
        listed = shape if isinstance(shape, list) else []
        several = bool(listed) and isinstance(listed[0], list)
        arrays = []
        for one in listed if several else [shape]:
            rows, size = (int(str(length)) for length in (one if isinstance(one, list) else ()))
            count = rows * size
            arrays.append(np.frombuffer(blob, dtype="<f4", count=count, offset=start).reshape(rows, size))
            start += count * 4
        columns[name] = arrays if several else arrays[0]
    return columns
