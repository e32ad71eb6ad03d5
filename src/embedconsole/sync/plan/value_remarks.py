"""Remarks on oddities in a catalog's first rows that an operator should know before a sync.

None of it stops a sync: a value that its index passes by is in the payload, a row without a watermark is read
at every pass.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from embedconsole.catalog.base import Catalog, ValueSample
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import IndexType, JsonValue
    from embedconsole.sync.content.payload import PayloadField
    from embedconsole.sync.content.recipe import Recipe

_SHOWN = 40
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_INT64_END = 1 << 63


def remarks(pipeline: Pipeline, catalog: Catalog, recipe: Recipe) -> list[str]:
    """The oddities in the catalog's values, a sentence each; blocks.

    Raises:
        Transient, Refused: the catalog fails.
    """
    sample = catalog.sample()
    return [
        *_of_keys(pipeline, sample),
        *_of_marks(pipeline, sample),
        *_of_bytes(recipe, sample),
        *(remark for field in recipe.payload for remark in _of_index(field, sample)),
    ]


def _of_keys(pipeline: Pipeline, sample: ValueSample) -> Iterator[str]:
    if sample.unkeyed:
        rows = "1 row has" if sample.unkeyed == 1 else f"{sample.unkeyed:,} rows have"
        yield f"{rows} NULL in the key column {pipeline.catalog.key} and can't be synced"


def _of_marks(pipeline: Pipeline, sample: ValueSample) -> Iterator[str]:
    if not sample.unmarked:
        return
    key, value = next(iter(sample.unmarked.items()))
    found = (
        f"{_share(len(sample.unmarked), sample)} {pipeline.catalog.changed} is not a past time in ISO form"
    )
    what = f"{found}, such as {value[:_SHOWN]!r} (key {key})"
    if len(sample.unmarked) == len(sample.rows):
        yield f"{what}: every pass reads the whole catalog"
    else:
        yield f"{what}: every pass reads these rows"


def _of_bytes(recipe: Recipe, sample: ValueSample) -> Iterator[str]:
    read_as_text = {
        column
        for vector in recipe.vectors
        for template in (vector.text, vector.image)
        for _, column in (template.parts if template is not None else ())
    }
    read_as_text |= {column for vector in recipe.vectors for _, column in vector.fields or ()}
    read_as_text |= {field.column for field in recipe.payload if field.index in ("keyword", "text")}
    for column in sorted(sample.binary & read_as_text):
        yield f"the column {column} holds bytes and is sent as base64; cast it to text in catalog.query"


def _of_index(field: PayloadField, sample: ValueSample) -> Iterator[str]:
    fits = _FITS.get(field.index) if field.index is not None else None
    if fits is None:
        return
    odd = [
        (row.key, value)
        for row in sample.rows
        for value in _entries(field.convert(row.values[field.column]))
        if value is not None and not fits(value)
    ]
    if odd:
        key, value = odd[0]
        yield (
            f"{_share(len({key for key, _ in odd}), sample)} {field.column} does not fit its {field.index} "
            f"index, which ignores it, such as {str(value)[:_SHOWN]!r} (key {key})"
        )


def _share(count: int, sample: ValueSample) -> str:
    return f"in {count:,} of the first {len(sample.rows):,} rows"


def _entries(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [value]


def _is_integer(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_INT64_END <= value < _INT64_END


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_time(value: JsonValue) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def _is_place(value: JsonValue) -> bool:
    return isinstance(value, dict) and _is_number(value.get("lon")) and _is_number(value.get("lat"))


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str)


def _is_uuid(value: JsonValue) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


_FITS: Mapping[IndexType, Callable[[JsonValue], bool]] = {
    "bool": lambda value: isinstance(value, bool),
    "datetime": _is_time,
    "float": _is_number,
    "geo": _is_place,
    "integer": _is_integer,
    "keyword": _is_text,
    "text": _is_text,
    "uuid": _is_uuid,
}
