"""From a row to what its point should be: embedder inputs, payload and the two hashes.

Planner and worker both come through here, so that what was compared is what is sent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from embedconsole.faults import ConfigError
from embedconsole.items import MARKED_SLOTS, MARKER, UNNAMED, EmbedInput, point_id
from embedconsole.ledger.records.items import Hashes
from embedconsole.ledger.state import HASH_BYTES
from embedconsole.sync.content.payload import CONVERSIONS_VERSION, PayloadField, make_payload, payload_fields
from embedconsole.sync.content.slots import marked, slot_of
from embedconsole.sync.content.template import Template, as_text, parse_template, unknown_column
from embedconsole.sync.content.vector_space import identities_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.config.sections.vector import ImageHash, VectorConfig
    from embedconsole.items import CatalogRow, JsonObject, JsonValue

_SORTED = orjson.OPT_SORT_KEYS

_ROW_FAULTS = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""The errors of turning one row's values into content; orjson's own error is a TypeError."""


class Content:
    """The content that one item should have in the collection.

    A scan makes one for every row and compares its hashes; only few are ever sent. So what is sent is put
    together when it is asked for.

    Attributes:
        key: The item's key.
        point: The id of its point.
        hashes: Of what is embedded and of the payload.
    """

    __slots__ = (
        "_payload_values",
        "_pictures",
        "_recipe",
        "_sent",
        "_unmade",
        "hashes",
        "key",
        "point",
        "product_id",
    )

    def __init__(
        self,
        recipe: Recipe,
        row: CatalogRow,
        product_id: int | str,
        sent: Sequence[list[JsonValue] | None],
        payload_values: list[JsonValue],
        hashes: Hashes,
        unmade: str | None = None,
    ) -> None:
        self._recipe = recipe
        self._unmade = unmade
        self._sent = sent
        self._payload_values = payload_values
        self._pictures = row.pictures
        self.key = row.key
        self.point = point_id(row.key)
        self.product_id = product_id
        self.hashes = hashes

    @property
    def inputs(self) -> dict[str, EmbedInput]:
        """Slot to the input that is sent for it; a vector without content has none."""
        return {
            slot: entry
            for vector, sent in zip(self._recipe.vectors, self._sent, strict=True)
            if sent is not None
            for slot, entry in vector.inputs(self.product_id, sent)
        }

    @property
    def vector_names(self) -> tuple[str, ...]:
        """The vectors that an item of its pipeline may have."""
        return tuple(vector.name for vector in self._recipe.vectors)

    @property
    def slot_hashes(self) -> dict[str, str]:
        """Slot to a hash of what is sent for it and to whom: while it stays, so does the embedding."""
        return {
            slot: _digest(vector.seed + orjson.dumps(self._looked_at(entry))).hex()
            for vector, sent in zip(self._recipe.vectors, self._sent, strict=True)
            if sent is not None
            for slot, entry in vector.inputs(self.product_id, sent)
        }

    def _looked_at(self, entry: EmbedInput) -> list[str | None]:
        mark = self._pictures.get(entry.image) if entry.image is not None else None
        return [entry.text, entry.image, *entry.fields.values(), *([] if mark is None else [mark])]

    @property
    def payload(self) -> JsonObject:
        """The payload, with our marker."""
        payload = make_payload(self._recipe.payload, self._payload_values)
        marker: JsonObject = {
            "pipeline": self._recipe.pipeline,
            "key": self.key,
            "embed_hash": self.hashes.embed.hex(),
            "payload_hash": self.hashes.payload.hex(),
        }
        if self._recipe.in_slots:
            marker[MARKED_SLOTS] = marked(self.slot_hashes)
        payload[MARKER] = marker
        return payload

    @property
    def problem(self) -> str | None:
        """Why the item can't be embedded at all, before anything is sent; None when it can."""
        if self._unmade is not None or any(sent is not None for sent in self._sent):
            return self._unmade
        return "nothing to embed: its text and image are empty"


@dataclass(frozen=True, slots=True)
class VectorRecipe:
    """The recipe for one vector's inputs: rendered text, rendered image or images, then the fields.

    Attributes:
        several: Each of an item's pictures is embedded by itself (a multivector); else the first one is.
        image_hash: How a changed picture is noticed.
        seed: Of the hashes of its slots: who embeds, and what the fields are called.
    """

    name: str
    text: Template | None
    image: Template | None
    fields: tuple[tuple[str, str], ...] | None
    several: bool = False
    image_hash: ImageHash = "url"
    seed: bytes = b""

    def sent(self, values: JsonObject) -> list[JsonValue] | None:
        """The input for one row; None when the row has nothing for this vector."""
        text = self.text.render(values) if self.text is not None else None
        image = self._image(values) if self.image is not None else None
        if not text and image is None:
            return None
        if self.fields is None:
            return [text, image]
        return [text, image, *(as_text(values[column]) for _, column in self.fields)]

    def _image(self, values: JsonObject) -> JsonValue:
        images = self.images(values)
        if not images:
            return None
        return [*images] if self.several else images[0]

    def images(self, values: JsonObject) -> list[str]:
        """The references of the row's pictures that are embedded."""
        images = [] if self.image is None else self.image.render_each(values)
        return images if self.several else images[:1]

    def inputs(self, product_id: int | str, sent: Sequence[JsonValue]) -> Iterator[tuple[str, EmbedInput]]:
        """The same as an embedder takes it, slot by slot."""
        text = None if sent[0] is None else str(sent[0])
        if self.fields is None:
            fields = {"name": text or "", "description": ""}
        else:
            fields = {name: str(value) for (name, _), value in zip(self.fields, sent[2:], strict=True)}
        if isinstance(sent[1], list):
            for place, image in enumerate(sent[1]):
                yield slot_of(self.name, place), EmbedInput(product_id, text, str(image), fields)
        else:
            image = None if sent[1] is None else str(sent[1])
            yield self.name, EmbedInput(product_id, text, image, fields)


class Recipe:
    """The recipe by which a pipeline makes content of rows, resolved against the query's columns.

    Args:
        space: What makes its vectors comparable (the vector space); part of every embed hash.

    Raises:
        ConfigError: a template, field or payload names a column that the query does not have.
    """

    def __init__(
        self, pipeline: Pipeline, *, columns: Collection[str], default_payload: Collection[str], space: str
    ) -> None:
        place = f"pipelines.{pipeline.name}"
        self.pipeline = pipeline.name
        who = identities_in(space)
        self.vectors = tuple(
            _vector_recipe(
                name,
                vector,
                columns,
                place,
                who.get(name, ""),
            )
            for name, vector in pipeline.vectors.items()
        )
        # Whether a part of an item's embeddings may stay what it is while another changes.
        self.in_slots = any(vector.name != UNNAMED or vector.several for vector in self.vectors)
        self.payload: tuple[PayloadField, ...] = payload_fields(
            pipeline.collection.payload,
            default_payload,
            columns,
            pipeline.collection.indexes,
            f"{place}.collection.payload",
        )
        self.fields = frozenset(field.path[0] for field in self.payload)
        self._key = pipeline.catalog.key
        # What a list of values means follows from names; these go into the hashes once.
        names = [[vector.name, [name for name, _ in vector.fields or ()]] for vector in self.vectors]
        self._embed_seed = _digest(space.encode() + orjson.dumps(names))
        self._payload_seed = _digest(orjson.dumps([field.path for field in self.payload]))
        # Whatever turns a row into content, so that another configuration looks at every row again.
        how = [(field.column, field.index, CONVERSIONS_VERSION) for field in self.payload]
        self._source_seed = _digest(
            self._embed_seed + self._payload_seed + repr(self.vectors).encode() + orjson.dumps(how)
        )

    def source_hash(self, row: CatalogRow) -> bytes:
        """A hash of the whole row: while it stays, so does its content, which costs several times as much."""
        marks = orjson.dumps(row.pictures, option=_SORTED) if row.pictures else b""
        return _digest(self._source_seed + orjson.dumps(row.values, option=_SORTED) + marks)

    def references(self, row: CatalogRow) -> list[tuple[ImageHash, str]]:
        """The row's pictures that are to be looked at, and how."""
        return [
            (vector.image_hash, image)
            for vector in self.vectors
            if vector.image_hash != "url" and vector.image is not None
            for image in vector.images(row.values)
        ]

    def content(self, row: CatalogRow) -> Content:
        """The content of the row's item; an error in a row's values is a problem of that item alone."""
        try:
            return self._made(row)
        except _ROW_FAULTS as error:
            return self._unmade(row, error)

    def _unmade(self, row: CatalogRow, error: Exception) -> Content:
        """An item that fails until its row changes: its hashes are those of the row."""
        column = next((field.column for field in self.payload if not _can_be_made(field, row)), None)
        where = f"column {column} of the row" if column is not None else "the row"
        reason = f"{where} with the key {row.key} can't be made into an item: {error}"
        source = self.source_hash(row)
        hashes = Hashes(_digest(self._embed_seed + source), _digest(self._payload_seed + source))
        nothing: list[JsonValue] = [None] * len(self.payload)
        return Content(self, row, row.key, [None] * len(self.vectors), nothing, hashes, reason)

    def _made(self, row: CatalogRow) -> Content:
        values = row.values
        sent = [vector.sent(values) for vector in self.vectors]
        payload_values = [
            values[field.column] if field.index is None else field.convert(values[field.column])
            for field in self.payload
        ]
        marks = orjson.dumps(row.pictures, option=_SORTED) if row.pictures else b""
        hashes = Hashes(
            _digest(self._embed_seed + orjson.dumps(sent) + marks),
            _digest(self._payload_seed + orjson.dumps(payload_values, option=_SORTED)),
        )
        # The service gets the key as the number it is, and the text where it is none.
        number = values.get(self._key)
        product_id = number if isinstance(number, int) and not isinstance(number, bool) else row.key
        return Content(self, row, product_id, sent, payload_values, hashes)


def _vector_recipe(
    name: str, config: VectorConfig, columns: Collection[str], place: str, identity: str
) -> VectorRecipe:
    place = f"{place}.vectors.{name}" if name else f"{place}.embed"
    for column in (config.fields or {}).values():
        if column not in columns:
            raise ConfigError(unknown_column(f"{place}.fields", column, columns))
    return VectorRecipe(
        name=name,
        text=parse_template(config.text, columns, f"{place}.text") if config.text else None,
        image=parse_template(config.image, columns, f"{place}.image") if config.image else None,
        fields=None if config.fields is None else tuple(config.fields.items()),
        several=config.pictures == "all",
        image_hash=config.image_hash,
        seed=_digest(orjson.dumps([identity, list(config.fields or ())])),
    )


def _can_be_made(field: PayloadField, row: CatalogRow) -> bool:
    try:
        orjson.dumps(field.convert(row.values[field.column]))
    except _ROW_FAULTS:
        return False
    return True


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=HASH_BYTES).digest()
