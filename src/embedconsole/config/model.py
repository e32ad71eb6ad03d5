"""The settings tree: every key of the configuration file, typed, with its default.

Loading (file, environment, flags, line numbers in errors) is `load.py`; here are shapes and rules only.
Durations are seconds once loaded; in the file they may be written `90`, `90s`, `5m`, `1h30m`, `1d`.
"""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Annotated, Literal, LiteralString, Self, TypeAlias

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from embedconsole.config.celery import CeleryConfig
from embedconsole.config.embedder import EmbedderConfig, FastembedEmbedder, OpenAIEmbedder, ReplicateEmbedder
from embedconsole.config.metrics import MetricsConfig
from embedconsole.config.notify import NotifyConfig
from embedconsole.config.pictures import PicturesConfig
from embedconsole.config.section import Section
from embedconsole.config.service import ServiceConfig
from embedconsole.config.values import (
    DatabaseUrl,
    Duration,
    Name,
    OptionalDatabaseUrl,
    OptionalPath,
    OptionalSecret,
    OptionalTemplate,
    OptionalText,
    OptionalWebAddress,
    PayloadCheck,
    PayloadMapping,
    Positive,
    Template,
    Timeout,
)
from embedconsole.config.watch import WatchConfig
from embedconsole.fields import first_name
from embedconsole.items import MARKER, UNNAMED, Distance, IndexType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_Problem: TypeAlias = "tuple[LiteralString, LiteralString, Mapping[str, str]]"
"""A `PydanticCustomError` in the making: its type, its message, the values in it."""


class WritebackConfig(Section):
    """Columns of the user's table that we keep up to date; nothing else there is ever written.

    `table` and `key` default to the catalog's table (or the first table of its query) and key.
    """

    table: OptionalText = None
    key: OptionalText = None
    synced_at: OptionalText = None
    flag: OptionalText = None
    vector: OptionalText = None

    @model_validator(mode="after")
    def _some_column(self) -> Self:
        if not (self.synced_at or self.flag or self.vector):
            raise ValueError("name at least one of synced_at, flag and vector, or remove writeback")
        return self

    @property
    def detects(self) -> bool:
        """Whether the catalog itself tells what is not synced (a flag, or a null synced-at)."""
        return bool(self.flag or self.synced_at)


class CatalogConfig(Section):
    """The user's rows."""

    url: DatabaseUrl
    query: OptionalText = None
    table: OptionalText = None
    key: Annotated[str, Field(min_length=1)] = "id"
    changed: OptionalText = None
    overlap: Duration = 300.0
    """How far a watermark scan looks back, for rows that were committed late with an older value."""
    full_scan_every: Duration = 86_400.0
    page_size: Positive = 1000
    json_columns: list[str] = []
    """Text columns that hold JSON and belong in the payload as lists and objects."""
    product: OptionalText = None
    """The column with the product's id when items are its pictures; named in the log."""
    writeback: WritebackConfig | None = None
    trust_flags: bool = False
    """Between full scans look only at rows that the write-back columns mark as not synced."""
    watch: list[WatchConfig] = []
    """The tables that `feed install` puts triggers on."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.query is None) == (self.table is None):
            raise ValueError("give either query or table")
        tables = [watched.table for watched in self.watch]
        if len(set(tables)) < len(tables):
            raise ValueError("watch names a table twice; one entry a table")
        return self


Combine: TypeAlias = Literal["mean", "concat"]
ImageHash: TypeAlias = Literal["url", "bytes", "etag"]


class VectorConfig(Section):
    """What one vector of an item is made of. Templates name the query's columns: `{title}`."""

    embedder: str
    text: OptionalTemplate = None
    image: OptionalTemplate = None
    fields: dict[str, Template] | None = None
    size: Positive | None = None
    distance: Distance | None = None
    pictures: Literal["first", "all"] = "first"
    """Where the image's column holds a list: embed the first one, or each of them (a multivector)."""
    image_hash: ImageHash = "url"
    """How a changed picture is noticed: by its address, or with a look at it at every full scan."""
    combine: Combine | None = None
    """Text and image are embedded one by one, and made one vector here; else the service gets both."""

    @model_validator(mode="after")
    def _something_to_embed(self) -> Self:
        if not self.text and not self.image:
            raise ValueError("give text, image or both")
        if self.combine and not (self.text and self.image):
            raise ValueError("combine goes with text and image: give both, or leave it out")
        if self.image_hash != "url" and not self.image:
            raise ValueError("image_hash goes with image")
        if self.pictures == "all" and (self.text or not self.image):
            raise ValueError("pictures: all goes with image alone; a text gets a vector of its own")
        return self


class CollectionConfig(Section):
    """Where the vectors go: a Qdrant server (`url`) or the embedded engine (`path`)."""

    url: OptionalWebAddress = None
    path: OptionalPath = None
    api_key: OptionalSecret = None
    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$")]
    size: Positive | None = None
    distance: Distance = "cosine"
    payload: Annotated[PayloadMapping | None, PayloadCheck] = None
    indexes: dict[str, IndexType] = {}
    timeout: Timeout = 60.0
    link: OptionalTemplate = None
    """The page of an item, for the hits of a search: an address with fields of the payload in it."""

    @field_validator("link")
    @classmethod
    def _fields_of_the_payload(cls, link: str | None, info: ValidationInfo) -> str | None:
        payload = info.data.get("payload")
        for _, field, form, conversion in Formatter().parse(link or ""):
            if form or conversion:
                raise ValueError("write fields of the payload as {product_id}, nothing else in the braces")
            if field and payload and first_name(field) not in (*payload, MARKER):
                raise ValueError(f"names a field that the payload does not have; it has {', '.join(payload)}")
        return link

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.url is None) == (self.path is None):
            raise ValueError("give either url (a Qdrant server) or path (the embedded engine)")
        return self


class RetryConfig(Section):
    """`call_attempts` tries at once; then an item waits `backoff`, up to `attempts` tries in all."""

    attempts: Positive = 3
    backoff: Annotated[list[Duration], Field(min_length=1)] = [60.0, 120.0, 300.0]
    call_attempts: Positive = 3
    call_delay: Duration = 1.0


class ScheduleConfig(Section):
    """When the daemon syncs."""

    every: Timeout = 3600.0


class LogConfig(Section):
    """The log file; default in the user's log directory."""

    path: OptionalPath = None
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"
    max_bytes: Positive = 10_000_000
    keep: Annotated[int, Field(ge=0)] = 5


KeepVectors: TypeAlias = Literal["on_failure", "always"]
Fraction: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class PipelineConfig(Section):
    """One catalog query, its vectors and one collection. Keys left out come from the top level."""

    catalog: CatalogConfig
    embed: VectorConfig | None = None
    vectors: dict[Name, VectorConfig] | None = None
    collection: CollectionConfig
    chunk_size: Positive | None = None
    workers: Positive | None = None
    retry: RetryConfig | None = None
    keep_vectors: KeepVectors | None = None
    max_delete_fraction: Fraction | None = None

    @model_validator(mode="after")
    def _one_kind_of_vectors(self) -> Self:
        if (self.embed is None) == (self.vectors is None) or self.vectors == {}:
            raise ValueError("give either embed (one vector) or vectors (named ones)")
        return self

    @property
    def vector_configs(self) -> dict[str, VectorConfig]:
        """Every vector by name; the one of `embed` is `UNNAMED`."""
        if self.embed is not None:
            return {UNNAMED: self.embed}
        return self.vectors or {}


class Settings(Section):
    """The whole configuration."""

    ledger: OptionalDatabaseUrl = None
    embedders: Annotated[dict[Name, EmbedderConfig], Field(min_length=1)]
    pipelines: Annotated[dict[Name, PipelineConfig], Field(min_length=1)]
    chunk_size: Positive = 100
    workers: Positive = 8
    retry: RetryConfig = RetryConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    keep_vectors: KeepVectors = "on_failure"
    max_delete_fraction: Fraction = 0.2
    pictures: PicturesConfig = PicturesConfig()
    """Where we may look at pictures for `image_hash`, unless their embedder says so itself."""
    log: LogConfig = LogConfig()
    service: ServiceConfig = ServiceConfig()
    notify: NotifyConfig = NotifyConfig()
    metrics: MetricsConfig = MetricsConfig()
    celery: CeleryConfig = CeleryConfig()
    keys: dict[Name, Name] = {}
    """The console's keys: action to key, as Textual names it (`sync: s`, `quit: ctrl+q`)."""

    @model_validator(mode="after")
    def _embedders_fit(self) -> Self:
        wrong = [
            InitErrorDetails(
                type=PydanticCustomError(problem[0], problem[1], dict(problem[2])),
                loc=("pipelines", name, *(("embed",) if vector == UNNAMED else ("vectors", vector)), key),
                input=None,
            )
            for name, pipeline in self.pipelines.items()
            for vector, config in pipeline.vector_configs.items()
            for key, problem in self._problems(config)
        ]
        if wrong:
            raise ValidationError.from_exception_data("Settings", wrong, hide_input=True)
        return self

    def _problems(self, config: VectorConfig) -> Iterable[tuple[str, _Problem]]:
        """The key of a vector and what is wrong with it, looking at its embedder."""
        embedder = self.embedders.get(config.embedder)
        if embedder is None:
            known = {"known": ", ".join(self.embedders)}
            yield "embedder", ("unknown_embedder", "no such embedder; known: {known}", known)
        elif (
            isinstance(embedder, (OpenAIEmbedder, ReplicateEmbedder, FastembedEmbedder))
            and (config.text and config.image)
            and config.combine is None
        ):
            kind = {"kind": embedder.type}
            yield (
                "image",
                (
                    "text_or_image",
                    "{kind} embeds a text or an image: leave one of them out, or add combine: mean",
                    kind,
                ),
            )
        elif isinstance(embedder, OpenAIEmbedder) and config.image and embedder.images is None:
            at = {"name": config.embedder}
            yield "image", ("no_images", "say how the server takes images: embedders.{name}.images", at)
        elif isinstance(embedder, FastembedEmbedder):
            at = {"name": config.embedder}
            if config.text and embedder.for_texts is None:
                yield "text", ("no_model", "it has no model for texts: set embedders.{name}.model", at)
            if config.image and embedder.for_pictures is None:
                message: LiteralString = "it has no model for pictures: set embedders.{name}.image_model"
                yield "image", ("no_model", message, at)
