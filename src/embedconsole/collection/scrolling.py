"""Reading points page by page from a Qdrant server: request bodies and replies. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedconsole.items import UNNAMED, PointPage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

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
    points = [(point, _payload(record)) for point, record in _records(result["points"])]
    following = result.get("next_page_offset")
    if following is not None and not _is_id(following):
        return None
    return PointPage(points, following)  # type: ignore[arg-type]


def parse_vectors(result: JsonValue) -> dict[PointId, Mapping[str, NDArray[np.float32]]]:
    """The dense vectors in a reply to `points`, by point and name."""
    found: dict[PointId, Mapping[str, NDArray[np.float32]]] = {}
    for point, record in _records(result):
        told = record.get("vector")
        by_name = told if isinstance(told, dict) else {UNNAMED: told}
        found[point] = {
            name: np.asarray(values, dtype=np.float32)
            for name, values in by_name.items()
            if isinstance(values, list) and values and isinstance(values[0], (int, float))
        }
    return found


def _records(result: JsonValue) -> Iterator[tuple[PointId, JsonObject]]:
    for record in result if isinstance(result, list) else []:
        if isinstance(record, dict) and _is_id(record.get("id")):
            yield record["id"], record  # type: ignore[misc]


def _is_id(value: JsonValue) -> bool:
    return isinstance(value, (int, str)) and not isinstance(value, bool)


def _payload(record: JsonObject) -> JsonObject:
    payload = record.get("payload")
    return payload if isinstance(payload, dict) else {}
