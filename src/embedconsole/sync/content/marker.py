"""The marker that a point bears: whose it is, of which item, and made of which content. Pure.

Fields that this version does not know are passed over: a later one may write more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from embedconsole.items import MARKER, point_id, point_order
from embedconsole.ledger.records.items import Hashes

if TYPE_CHECKING:
    from embedconsole.items import JsonObject, JsonValue, PointId


class MarkedPoint(NamedTuple):
    """A point as it is in the collection; a tuple, because a verify makes one for every point there is.

    Attributes:
        point: Its id in the form that sorts.
        pipeline: Whose it is by its marker; None where it has none, or one that can't be read.
        key: The item's key; empty where the marker does not tell.
        holds: The content it was made of; None like `pipeline`.
    """

    point: bytes
    pipeline: str | None = None
    key: str = ""
    holds: Hashes | None = None


def read_point(point: PointId, payload: JsonObject) -> MarkedPoint:
    """A point by its payload, of which the marker is enough."""
    order = point_order(point)
    marker = payload.get(MARKER)
    if not isinstance(marker, dict):
        return MarkedPoint(order)
    pipeline, holds = marker.get("pipeline"), _hashes(marker)
    if not isinstance(pipeline, str) or holds is None:
        return MarkedPoint(order)
    key = marker.get("key", str(point))
    # A copy of one of our points under another id is none of ours.
    if not isinstance(key, str) or point_id(key) != point:
        return MarkedPoint(order)
    return MarkedPoint(order, pipeline, key, holds)


def _hashes(marker: dict[str, JsonValue]) -> Hashes | None:
    try:
        return Hashes(bytes.fromhex(str(marker["embed_hash"])), bytes.fromhex(str(marker["payload_hash"])))
    except (KeyError, ValueError):
        return None
