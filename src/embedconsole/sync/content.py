"""From a row to what its point should be: embedder inputs, payload and the two hashes.

Planner and worker both come through here, so that what was compared is what is sent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from embedconsole.faults import ConfigError
from embedconsole.items import MARKER, EmbedInput, point_id
from embedconsole.ledger.records import Hashes
from embedconsole.ledger.schema import HASH_BYTES
from embedconsole.sync.payload import PayloadField, make_payload, payload_fields
from embedconsole.sync.template import Template, as_text, parse_template, unknown_column

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from embedconsole.config.model import VectorConfig
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import CatalogRow, JsonObject, JsonValue, PointId

_SORTED = orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True)
class Content:
    """What one item should be in the collection.

    Attributes:
        inputs: Vector name to what is sent for it; a named vector without content is left out.
        payload: With our marker.
        problem: Why the item can't be embedded at all, before anything is sent; None when it can.
    """

    key: str
    point: PointId
    inputs: Mapping[str, EmbedInput]
    payload: JsonObject
    hashes: Hashes
    problem: str | None


@dataclass(frozen=True, slots=True)
class _VectorRecipe:
    name: str
    text: Template | None
    image: Template | None
    fields: tuple[tuple[str, str], ...] | None

    def input(self, product_id: int | str, values: JsonObject) -> EmbedInput | None:
        """What is sent for one row; None when the row has nothing for this vector."""
        text = self.text.render(values) if self.text else None
        image = (self.image.render(values) or None) if self.image else None
        if not text and image is None:
            return None
        if self.fields is None:
            fields = {"name": text or "", "description": ""}
        else:
            fields = {name: as_text(values[column]) for name, column in self.fields}
        return EmbedInput(product_id, text, image, fields)


class Recipe:
    """How a pipeline makes content of rows, resolved against the query's columns.

    Args:
        space: What makes its vectors comparable (see `space.py`); part of every embed hash.

    Raises:
        ConfigError: a template, field or payload names a column that the query does not have.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        columns: Collection[str],
        default_payload: Collection[str],
        space: str,
    ) -> None:
        self._pipeline = pipeline.name
        self._key = pipeline.catalog.key
        self._space = hashlib.blake2b(space.encode(), digest_size=HASH_BYTES).digest()
        place = f"pipelines.{pipeline.name}"
        self._vectors = tuple(
            _vector_recipe(name, vector, columns, f"{place}.vectors.{name}" if name else f"{place}.embed")
            for name, vector in pipeline.vectors.items()
        )
        self._payload: tuple[PayloadField, ...] = payload_fields(
            pipeline.collection.payload,
            default_payload,
            columns,
            pipeline.collection.indexes,
            f"{place}.collection.payload",
        )

    def content(self, row: CatalogRow) -> Content:
        """What the row's item should be."""
        point = point_id(row.key)
        # The service gets the key as the number it is, and the text where it is none.
        number = row.values.get(self._key)
        product_id = number if isinstance(number, int) and not isinstance(number, bool) else row.key
        inputs = {}
        sent: list[JsonValue] = []
        for vector in self._vectors:
            entry = vector.input(product_id, row.values)
            if entry is not None:
                inputs[vector.name] = entry
                sent.append([vector.name, entry.text, entry.image, dict(entry.fields)])
        payload = make_payload(self._payload, row.values)
        hashes = Hashes(
            embed=_digest(self._space + orjson.dumps(sent, option=_SORTED)),
            payload=_digest(orjson.dumps(payload, option=_SORTED)),
        )
        payload[MARKER] = {
            "pipeline": self._pipeline,
            "key": row.key,
            "embed_hash": hashes.embed.hex(),
            "payload_hash": hashes.payload.hex(),
        }
        problem = None if inputs else "nothing to embed: its text and image are empty"
        return Content(row.key, point, inputs, payload, hashes, problem)


def _vector_recipe(name: str, config: VectorConfig, columns: Collection[str], place: str) -> _VectorRecipe:
    for column in (config.fields or {}).values():
        if column not in columns:
            raise ConfigError(unknown_column(f"{place}.fields", column, columns))
    return _VectorRecipe(
        name=name,
        text=parse_template(config.text, columns, f"{place}.text") if config.text else None,
        image=parse_template(config.image, columns, f"{place}.image") if config.image else None,
        fields=None if config.fields is None else tuple(config.fields.items()),
    )


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=HASH_BYTES).digest()
