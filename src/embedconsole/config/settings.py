"""The settings tree: every key of the configuration file, typed, with its default.

Loading (file, environment, flags, line numbers in errors) is `load.py`; here are shapes and rules only.
Durations are seconds once loaded; in the file they may be written `90`, `90s`, `5m`, `1h30m`, `1d`.
"""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Annotated, Literal, LiteralString, Self, TypeAlias

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from embedconsole.config.sections.base import Section
from embedconsole.config.sections.catalog import CatalogConfig
from embedconsole.config.sections.celery import CeleryConfig
from embedconsole.config.sections.embedder import (
    EmbedderConfig,
    FastembedConfig,
    HttpConfig,
    OpenAIConfig,
    ReplicateConfig,
)
from embedconsole.config.sections.metrics import MetricsConfig
from embedconsole.config.sections.notify import NotifyConfig
from embedconsole.config.sections.pictures import PicturesConfig
from embedconsole.config.sections.service import ServiceConfig
from embedconsole.config.sections.tls import TlsConfig
from embedconsole.config.types import (
    Combine,
    Duration,
    LogLevel,
    Name,
    OptionalDatabaseUrl,
    OptionalKey,
    OptionalPath,
    OptionalTemplate,
    OptionalWebAddress,
    PayloadCheck,
    PayloadMapping,
    Positive,
    Template,
    Timeout,
    payload_leaves,
)
from embedconsole.items import MARKER, UNNAMED, Distance, IndexType
from embedconsole.payload_paths import as_path, first_name, path_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_Problem: TypeAlias = "tuple[LiteralString, LiteralString, Mapping[str, str]]"
"""A `PydanticCustomError` in the making: its type, its message, the values in it."""


ImageHash: TypeAlias = Literal["url", "bytes", "etag"]


class VectorConfig(Section):
    """What one vector of an item is made of. Templates name the query's columns: `{title}`."""

    embedder: str
    """Its name under `embedders`."""
    text: OptionalTemplate = None
    """A template over the query's columns: `"{title}\\n{description}"`; `{{` is a literal brace."""
    image: OptionalTemplate = None
    """A template for a picture's address or path; left out for items where it comes out empty."""
    fields: dict[str, Template] | None = None
    """Field to column, sent beside id and image by `shape: items`; default: the text as `name`."""
    size: Positive | None = None
    """Dimensions; default: the collection's `size`, else what the embedder answers."""
    distance: Distance | None = None
    """Default: the collection's `distance`."""
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
    """The Qdrant server's address; this or `path`."""
    path: OptionalPath = None
    """A folder for the embedded engine; one process at a time."""
    api_key: OptionalKey = None
    """Sent to the Qdrant server."""
    tls: TlsConfig = TlsConfig()
    """How an https address is trusted, and how it trusts us."""
    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$")]
    """The collection, or an alias that stands for it."""
    size: Positive | None = None
    """Dimensions of all vectors that name none themselves; default: what the embedder answers."""
    distance: Distance = "cosine"
    """How vectors are compared."""
    payload: Annotated[PayloadMapping | None, PayloadCheck] = None
    """Field to column, nested as you like; default: all columns under their own names."""
    indexes: dict[str, IndexType] = {}
    """Payload fields that are filtered by, and what they hold."""
    timeout: Timeout = 60.0
    """How long one request to Qdrant may take."""
    link: OptionalTemplate = None
    """The page of an item, for the hits of a search: an address with fields of the payload in it."""

    @field_validator("indexes")
    @classmethod
    def _paths(cls, indexes: dict[str, IndexType], info: ValidationInfo) -> dict[str, IndexType]:
        # In Qdrant's paths a name with a dot or a blank in it stands in quotation marks.
        leaves = {".".join(path): path_of(path) for path, _ in payload_leaves(info.data.get("payload") or {})}
        return {leaves.get(path) or as_path(path): kind for path, kind in indexes.items()}

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
    """Tries in all before an item counts as failed."""
    backoff: Annotated[list[Duration], Field(min_length=1)] = [60.0, 120.0, 300.0]
    """Waits between them; the last one repeats."""
    call_attempts: Positive = 3
    """Tries of one request at once, for a hiccup of the network."""
    call_delay: Duration = 1.0
    """The wait before the second of those; a little longer each time."""
    patience: Duration = 600.0
    """How long one run waits for a service that only throttles, since its last success; a daemon waits on."""


class ScheduleConfig(Section):
    """When the daemon syncs."""

    every: Timeout = 3600.0
    """How often the daemon and the console sync by themselves."""


class LogConfig(Section):
    """The log file; default in the user's log directory."""

    path: OptionalPath = None
    """Default: `embedconsole.log` in your log folder, or in `$EMBEDCONSOLE_LOG_DIR`."""
    level: LogLevel = "info"
    """What is less is not written."""
    format: Literal["text", "json"] = "text"
    """`json`: an object a line, for a log collector."""
    max_bytes: Positive = 10_000_000
    """A larger file is set aside."""
    keep: Annotated[int, Field(ge=0)] = 5
    """How many of those set aside are kept."""


KeepVectors: TypeAlias = Literal["on_failure", "always"]
Fraction: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class PipelineConfig(Section):
    """One catalog query, its vectors and one collection. Keys left out come from the top level."""

    catalog: CatalogConfig
    """What an item is."""
    embed: VectorConfig | None = None
    """The only vector of an item; this or `vectors`."""
    vectors: dict[Name, VectorConfig] | None = None
    """Several vectors of an item, by name."""
    collection: CollectionConfig
    """Where its point goes."""
    chunk_size: Positive | None = None
    """Default: that of the top level, as with the four below."""
    workers: Positive | None = None
    """Default: that of the top level."""
    retry: RetryConfig | None = None
    """Default, key by key: that of the top level."""
    keep_vectors: KeepVectors | None = None
    """Default: that of the top level."""
    max_delete_fraction: Fraction | None = None
    """Default: that of the top level."""

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
    """Where our own tables are: `sqlite://`, `postgresql://` or `mysql://`; on a server several hosts share
    them. Default: a SQLite file in your state folder, or in `$EMBEDCONSOLE_STATE_DIR`."""
    embedders: Annotated[dict[Name, EmbedderConfig], Field(min_length=1)]
    """What turns text and pictures into vectors, by name."""
    pipelines: Annotated[dict[Name, PipelineConfig], Field(min_length=1)]
    """What is kept true, by name."""
    chunk_size: Positive = 100
    """Items in a batch: what is lost at most when the power goes."""
    workers: Positive = 8
    """Batches at the same time."""
    retry: RetryConfig = RetryConfig()
    """When what failed is tried again."""
    schedule: ScheduleConfig = ScheduleConfig()
    """When the daemon syncs."""
    keep_vectors: KeepVectors = "on_failure"
    """`always`: keep every vector in the ledger; a lost collection is refilled without paying again."""
    max_delete_fraction: Fraction = 0.2
    """The share of the items, 0 to 1, that may be deleted at once, or be lost within an hour.

    A deletion of more is refused whole, until `--allow-deletes` approves it.
    """
    pictures: PicturesConfig = PicturesConfig()
    """Where we may look at pictures for `image_hash`, unless their embedder says so itself."""
    log: LogConfig = LogConfig()
    """The log file."""
    service: ServiceConfig = ServiceConfig()
    """What `embedconsole serve` serves."""
    notify: NotifyConfig = NotifyConfig()
    """Who is told when something wants a look."""
    metrics: MetricsConfig = MetricsConfig()
    """Figures for Prometheus."""
    celery: CeleryConfig = CeleryConfig()
    """The work on a queue that your team runs already."""
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
        elif isinstance(embedder, HttpConfig):
            if config.image and embedder.request.image in (config.fields or {}):
                at = {"name": embedder.request.image}
                yield (
                    "fields",
                    (
                        "picture_twice",
                        "{name} is what the picture is sent as: remove it from fields, or remove image",
                        at,
                    ),
                )
        elif (
            isinstance(embedder, (OpenAIConfig, ReplicateConfig, FastembedConfig))
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
        elif isinstance(embedder, OpenAIConfig) and config.image and embedder.images is None:
            at = {"name": config.embedder}
            yield "image", ("no_images", "say how the server takes images: embedders.{name}.images", at)
        elif isinstance(embedder, FastembedConfig):
            at = {"name": config.embedder}
            if config.text and embedder.for_texts is None:
                yield "text", ("no_model", "it has no model for texts: set embedders.{name}.model", at)
            if config.image and embedder.for_pictures is None:
                message: LiteralString = "it has no model for pictures: set embedders.{name}.image_model"
                yield "image", ("no_model", message, at)
