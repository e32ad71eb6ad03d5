"""Reading untyped JSON bodies without letting `Any` spread."""

from __future__ import annotations

import uuid
from typing import TypeAlias

import qdrant_edge as edge

from support.qdrant.errors import bad_format

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Object: TypeAlias = "dict[str, Json]"
EngineId: TypeAlias = "int | uuid.UUID | str"
"""What the engine takes as an id; a list of it is invariant, so plain int and str will not do."""


def as_object(value: Json, what: str) -> Object:
    if not isinstance(value, dict):
        raise bad_format(f"invalid type: expected {what}")
    return value


def as_list(value: Json, what: str) -> list[Json]:
    if not isinstance(value, list):
        raise bad_format(f"invalid type: expected {what}")
    return value


def member(body: Object, name: str) -> Json:
    if name not in body:
        raise bad_format(f"missing field `{name}`")
    return body[name]


def as_text(value: Json, what: str) -> str:
    if not isinstance(value, str):
        raise bad_format(f"invalid type: expected a string for {what}")
    return value


def as_count(value: Json, name: str, default: int) -> int:
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise bad_format(f"invalid value for `{name}`, expected usize")
    return value


def as_id(value: Json) -> int | str:
    """An unsigned 64-bit integer, or any spelling of a UUID, brought to the canonical one."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64:
        return value
    if isinstance(value, str):
        try:
            return str(uuid.UUID(value))
        except ValueError:
            pass
    raise bad_format(
        f"value {value} is not a valid point ID, valid values are either an unsigned integer or a UUID"
    )


def as_ids(value: Json) -> list[EngineId]:
    return [as_id(entry) for entry in as_list(value, "a list of point ids")]


def as_vectors(value: Json) -> list[float] | list[list[float]]:
    """A dense vector, or the rows of a multivector."""
    if isinstance(value, list) and value and all(isinstance(row, list) for row in value):
        return [as_vector(row) for row in value]
    return as_vector(value)


def as_sparse(body: Object) -> edge.SparseVector:
    indices = [as_count(entry, "indices", 0) for entry in as_list(member(body, "indices"), "indices")]
    return edge.SparseVector(indices, as_vector(member(body, "values")))


def as_vector(value: Json) -> list[float]:
    if isinstance(value, list) and all(type(entry) in (int, float) for entry in value):
        return [float(entry) for entry in value if isinstance(entry, (int, float))]
    raise bad_format("data did not match any variant of untagged enum VectorStruct")
