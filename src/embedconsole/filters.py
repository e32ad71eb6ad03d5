"""Filters of a search: conditions on payloads, independent of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

Value: TypeAlias = str | bool | int | float | date | datetime
"""The value that a payload field is compared with.

A date means the whole day; a time without a zone is UTC.
"""

Operator: TypeAlias = Literal["in", "<", "<=", ">", ">=", "~", "null"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on one payload field.

    Attributes:
        field: The field's path as Qdrant writes it: `price`, `metadata.color`, `sizes[].eu`, `"a key".b`.
        operator: "in" is equal to one of the values; "~" has all words of the text; "null" is absent, null
            or an empty list; the others compare numbers or times.
        values: One, any number of them for "in", none for "null".
        negated: The condition must not hold; so a point without the field matches.
    """

    field: str
    operator: Operator
    values: tuple[Value, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """The filter of a search, and the grouping of its hits.

    Attributes:
        where: All of them hold of a hit.
        group_by: The payload field of which each value gives one hit, the best; None gives every hit.
    """

    where: tuple[Condition, ...] = ()
    group_by: str | None = None


EVERYTHING = Scope()
