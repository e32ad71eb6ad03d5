"""Searches of the embedded engine; in the engine's own process only.

Hits are lists of id, score, payload and group, as `Hit` takes them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import qdrant_edge as edge

from embedconsole.payload_paths import values_at

if TYPE_CHECKING:
    from uuid import UUID

    from embedconsole.items import JsonObject, JsonValue, PointId

    EngineId: TypeAlias = int | UUID | str

_FIRST_READ, _MORE = 4, 8
"""How many hits a group are read at first, and how many times that when it was not enough."""


class NoPoint(Exception):
    """A point was named that is not there, or lacks what is asked of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """By which vector, how many, of which points, and the field that hits are grouped by."""

    using: str
    limit: int
    filter: edge.Filter | None
    group_by: str | None


def nearest(shard: edge.EdgeShard, vector: edge.NamedVector, asked: Asked) -> list[JsonValue]:
    """The nearest points to a vector, best first."""
    if asked.group_by is not None:
        return _grouped(shard, vector, asked, asked.group_by)
    return [[plain(hit.id), hit.score, hit.payload or {}, None] for hit in _query(shard, vector, asked)]


def similar(shard: edge.EdgeShard, point: EngineId, asked: Asked) -> list[JsonValue]:
    """The same for the vector of a point that is there, without that point."""
    records = shard.retrieve([point], with_payload=False, with_vector=True)
    if not records:
        raise NoPoint(f"holds no point {point}")
    vectors = records[0].vector
    vector = vectors.get(asked.using) if isinstance(vectors, dict) else vectors
    if vector is None:
        raise NoPoint("the point has no such vector")
    others = edge.Filter(
        must=None if asked.filter is None else [asked.filter], must_not=[edge.HasIdCondition({point})]
    )
    return nearest(shard, vector, replace(asked, filter=others))


def plain(point: EngineId) -> PointId:
    """An id as JSON has it."""
    return point if isinstance(point, int) else str(point)


def _grouped(shard: edge.EdgeShard, vector: edge.NamedVector, asked: Asked, field: str) -> list[JsonValue]:
    """The engine does not group: read until there are groups enough, or no more points."""
    having = edge.Filter(
        must=None if asked.filter is None else [asked.filter], must_not=[edge.IsEmptyCondition(field)]
    )
    read = asked.limit * _FIRST_READ
    while True:
        hits = _query(shard, vector, replace(asked, limit=read, filter=having))
        best: dict[str | int, JsonValue] = {}
        for hit in hits:
            for group in _groups_of(hit.payload or {}, field):
                best.setdefault(group, [plain(hit.id), hit.score, hit.payload or {}, group])
        if len(best) >= asked.limit or len(hits) < read:
            return list(best.values())[: asked.limit]
        read *= _MORE


def _query(shard: edge.EdgeShard, vector: edge.NamedVector, asked: Asked) -> list[edge.ScoredPoint]:
    request = edge.QueryRequest(
        asked.limit, query=edge.Query.Nearest(vector, asked.using), filter=asked.filter, with_payload=True
    )
    return shard.query(request)


def _groups_of(payload: JsonObject, field: str) -> list[str | int]:
    """The text or integer in a field, of a list those of all entries; as on a server, all or none."""
    found = values_at(payload, field)
    values = [entry for value in found for entry in (value if isinstance(value, list) else [value])]
    groups = [value for value in values if isinstance(value, (str, int)) and not isinstance(value, bool)]
    return groups if len(groups) == len(values) else []
