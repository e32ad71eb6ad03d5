"""Reading points page by page from a Qdrant server: request bodies and replies. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.collection.qdrant.records import parse_records, payload_of, point_of
from embedconsole.items import PointPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.items import JsonObject, JsonValue, PointId


def scroll_body(start: PointId | None, fields: Sequence[str] | None, limit: int) -> JsonObject:
    """The body of `points/scroll`; without an `order_by` the server goes by the ids."""
    body: JsonObject = {
        "limit": limit,
        "with_payload": True if fields is None else list(fields),
        "with_vector": False,
    }
    if start is not None:
        body["offset"] = start
    return body


def parse_page(result: JsonValue) -> PointPage | None:
    """The page in a reply; None when it is none."""
    if not isinstance(result, dict) or not isinstance(result.get("points"), list):
        return None
    points = [(point, payload_of(record)) for point, record in parse_records(result["points"])]
    told = result.get("next_page_offset")
    following = point_of(told)
    if told is not None and following is None:
        return None
    return PointPage(points, following)
