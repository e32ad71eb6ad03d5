"""Catalog, ledger and collection against each other, from outside: what is lost, twice, or stale."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from support.embedding_service import expected_vector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.fixtures_shop import Stage
    from support.installation import Json
    from support.ledger_rows import LedgerRows

_COLUMNS = "id, sku, title, description, image_url, price"


@dataclass(frozen=True, slots=True)
class Audit:
    """What does not agree, in product ids.

    Attributes:
        lost: In the catalog, without a point.
        duplicated: Products with more than one point.
        stale: Points that are not what the catalog has now, or of products that it has no more.
        wrong: Points whose vector is not that of their own text.
        ledger: What the ledger says otherwise, in words; empty when it agrees.
    """

    items: int
    lost: list[int]
    duplicated: list[str]
    stale: list[int | str]
    wrong: list[int | str]
    ledger: str

    @property
    def clean(self) -> bool:
        """Whether all three agree."""
        return not (self.lost or self.duplicated or self.stale or self.wrong or self.ledger)


def audit(stage: Stage, ledger: LedgerRows) -> Audit:
    """Compare all three, every row and every point with its vector."""
    rows = {
        row[0]: {"product_id": row[1], "title": row[2], "price": float(row[5])}
        for row in stage.shop.database.rows(f"SELECT {_COLUMNS} FROM products WHERE deleted_at IS NULL")
    }
    points = stage.points.all(vectors=True)
    skus = Counter(str(point["payload"]["product_id"]) for point in points.values())
    return Audit(
        items=len(rows),
        lost=sorted(rows.keys() - points.keys()),
        duplicated=[sku for sku, count in skus.items() if count > 1],
        stale=[number for number, point in points.items() if _told(point) != rows.get(number)],
        wrong=wrong_vectors(points),
        ledger=_ledger_says(ledger, len(rows)),
    )


def wrong_vectors(points: Mapping[int | str, Json]) -> list[int | str]:
    """Points whose vector was not made from their own content; true at any moment, whatever is in flight."""
    return [number for number, point in points.items() if not _fits(point)]


def _told(point: Json) -> Json:
    return {name: point["payload"][name] for name in ("product_id", "title", "price")}


def _fits(point: Json) -> bool:
    number = point["id"]
    sent = {
        "name": point["payload"]["title"],
        "description": f"What can be said of product {number}",
        "image_url": f"https://shop.example/images/{number}.jpg",
    }
    stored = point["vector"]
    # With a vector of another program, ours is the one without a name.
    vector = np.array(stored[""] if isinstance(stored, dict) else stored, dtype=np.float32)
    expected = expected_vector(sent, vector.size)
    # Qdrant keeps unit vectors under the cosine distance.
    return bool(np.allclose(vector, expected / np.linalg.norm(expected), atol=1e-5))


def _ledger_says(ledger: LedgerRows, items: int) -> str:
    counts = {
        "known": (ledger.known(), items),
        "synced": (ledger.synced(), items),
        "claimed": (ledger.claimed(), 0),
        "in flight": (ledger.in_flight(), 0),
        "attempts": (ledger.attempts(), 0),
    }
    return ", ".join(f"{name} {is_}, not {want}" for name, (is_, want) in counts.items() if is_ != want)
