"""Deterministic vectors at the price of a hash and a join, so that the service never is the bottleneck.

A vector is a short head that is the content's own, and a tail from a pool that was encoded beforehand:
different contents have different vectors, and a reply of 100 x 512 numbers takes well under a millisecond.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_POOL = 256
_HEAD = 4


def content_of(item: Mapping[str, object]) -> str:
    """What the vector of a request's item depends on: everything but the product's id."""
    values = {key: value for key, value in item.items() if key != "product_id"}
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode("utf-8", "replace")


def _head(digest: bytes, size: int) -> list[float]:
    # Sixteenths of a bit count that float32 holds exactly; never zero.
    parts = np.frombuffer(digest[:8], dtype="<u2")[: min(_HEAD, size)]
    return [(int(part) + 1) / 65_536 for part in parts]


@lru_cache(maxsize=8)
def _tails(size: int) -> NDArray[np.float32]:
    rows = np.random.default_rng(size).standard_normal((_POOL, max(0, size - _HEAD)), dtype=np.float32)
    rows /= np.float32(max(1.0, size**0.5))
    return rows


@lru_cache(maxsize=8)
def _encoded_tails(size: int) -> list[bytes]:
    return [orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1] for row in _tails(size)]


def vector_of(content: str, size: int) -> NDArray[np.float32]:
    """The vector the service answers for a content, float32 of shape (size,), exactly."""
    digest = blake2b(content.encode(), digest_size=9).digest()
    head = np.array(_head(digest, size), dtype=np.float32)
    return np.concatenate([head, _tails(size)[digest[8]]])[:size]


def expected_vector(item: Mapping[str, object], size: int) -> NDArray[np.float32]:
    """The vector for an item as it is sent, e.g. `{"name": ..., "description": ..., "image_url": None}`."""
    return vector_of(content_of(item), size)


def encode_vector(content: str, size: int) -> bytes:
    """`vector_of` as a JSON array."""
    digest = blake2b(content.encode(), digest_size=9).digest()
    head = ",".join(map(repr, _head(digest, size))).encode()
    if size <= _HEAD:
        return b"[" + head + b"]"
    return b"[" + head + b"," + _encoded_tails(size)[digest[8]] + b"]"
