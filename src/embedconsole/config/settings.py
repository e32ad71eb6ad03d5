"""The settings tree: every key of the configuration file, typed, with its default.

Loading (file, environment, flags, line numbers in errors) is `load.py`; here are shapes and rules only.
Durations are seconds once loaded; in the file they may be written `90`, `90s`, `5m`, `1h30m`, `1d`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from embedconsole.config.sections.base import Section
from embedconsole.config.sections.catalog import CatalogConfig
from embedconsole.config.sections.celery import CeleryConfig
from embedconsole.config.sections.collection import CollectionConfig
from embedconsole.config.sections.embedder import EmbedderConfig
from embedconsole.config.sections.metrics import MetricsConfig
from embedconsole.config.sections.notify import NotifyConfig
from embedconsole.config.sections.pictures import PicturesConfig
from embedconsole.config.sections.service import ServiceConfig
from embedconsole.config.sections.vector import VectorConfig
from embedconsole.config.types import (
    Duration,
    LogLevel,
    Name,
    OptionalDatabaseUrl,
    OptionalPath,
    Positive,
    Timeout,
)
from embedconsole.items import UNNAMED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from embedconsole.config.sections.embedders.base import Problem


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
    """Notifications when something needs attention."""
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
                loc=("embedders", name, embedder.type, *place),
                input=None,
            )
            for name, embedder in self.embedders.items()
            for place, problem in embedder.conflicts()
        ]
        wrong += [
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

    def unused(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """The places of settings without effect, each with the reason."""
        for name, pipeline in self.pipelines.items():
            for vector, config in pipeline.vector_configs.items():
                where = ("embed",) if vector == UNNAMED else ("vectors", vector)
                for key, reason in self.embedders[config.embedder].unused(config.embedder, config):
                    yield ("pipelines", name, *where, key), reason

    def _problems(self, config: VectorConfig) -> Iterable[tuple[str, Problem]]:
        """The key of a vector and what is wrong with it, looking at its embedder."""
        embedder = self.embedders.get(config.embedder)
        if embedder is None:
            known = {"known": ", ".join(self.embedders)}
            yield "embedder", ("unknown_embedder", "no such embedder; known: {known}", known)
        else:
            yield from embedder.problems(config.embedder, config)
