"""Points and schemas that the tests of this folder share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedconsole.items import UNNAMED, CollectionSchema, JsonObject, PointId, Points, VectorSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UUID = "5b1f4f7e-7d6c-4b4e-9c0a-0123456789ab"

PLAIN = CollectionSchema(
    {UNNAMED: VectorSpec(4, "cosine")},
    {"title": "text", "category": "keyword", "price": "float", "in_stock": "bool"},
)
NAMED = CollectionSchema({"text": VectorSpec(4, "cosine"), "image": VectorSpec(3, "dot")})


def payload(number: int) -> JsonObject:
    """A payload with every kind of JSON value in it."""
    return {
        "title": f"Product {number}",
        "price": number + 0.5,
        "in_stock": number % 2 == 0,
        "metadata": {"color": None, "sizes": ["S", "M"]},
        "_embedconsole": {"pipeline": "products", "embed": "e", "payload": "p"},
    }


def payloads(by_point: Mapping[PointId, JsonObject], without_fields: Sequence[str] = ()) -> Points:
    """An update of payloads alone."""
    return Points(list(by_point), {}, list(by_point.values()), without_fields=without_fields)


def plain_points(ids: list[PointId], size: int = 4) -> Points:
    """One unnamed vector a point; the same ids get the same vectors."""
    rows = np.zeros((len(ids), size), dtype=np.float32)
    for row, point in enumerate(ids):
        number = point if isinstance(point, int) else 2
        rows[row, number % size] = 1.0
        rows[row, (number + 1) % size] = 0.25
    return Points(ids, {UNNAMED: rows}, [payload(row) for row in range(len(ids))])
