"""The settings tree: every key of the configuration file, typed, with its default.

Loading (file, environment, flags, line numbers in errors) is `load.py`; here are shapes and rules only.
Durations are seconds once loaded; in the file they may be written `90`, `90s`, `5m`, `1h30m`, `1d`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from embedconsole.items import UNNAMED, Distance, IndexType

_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_duration(value: object) -> object:
    """Seconds of `90`, `"90s"`, `"1h30m"`; anything else is left for the type check to refuse."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return value
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


Duration = Annotated[float, BeforeValidator(parse_duration), Field(ge=0, allow_inf_nan=False)]
OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_empty_is_none)]
OptionalText = Annotated[str | None, BeforeValidator(_empty_is_none)]
Positive = Annotated[int, Field(ge=1)]
PayloadMapping = dict[str, "str | PayloadMapping"]


class Section(BaseModel):
    """A part of the tree: unknown keys are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class EmbedderSection(Section):
    """What all embedders have in common."""

    batch_size: Positive = 100
    concurrency: Positive = 8
    timeout: Duration = 60.0
    requests_per_minute: Positive | None = None
    price_per_1000: Annotated[float, Field(ge=0)] | None = None
    model: OptionalText = None
    """Part of the embed hash: a new name embeds everything again. Change it when the service does."""


class HttpEmbedder(EmbedderSection):
    """A service of your own, see DESIGN section 5 for the two shapes."""

    type: Literal["http"]
    url: str
    shape: Literal["items", "single"] = "items"
    headers: dict[str, SecretStr] = {}


class HashingEmbedder(EmbedderSection):
    """Words and character n-grams hashed into a vector: deterministic, offline, free."""

    type: Literal["hashing"]
    size: Annotated[int, Field(ge=8, le=65_536)] = 512


class OpenAIEmbedder(EmbedderSection):
    """An OpenAI-compatible `/v1/embeddings`."""

    type: Literal["openai"]
    url: str = "https://api.openai.com/v1"
    api_key: OptionalSecret = None
    dimensions: Positive | None = None
    headers: dict[str, SecretStr] = {}


class ReplicateEmbedder(EmbedderSection):
    """A model on Replicate."""

    type: Literal["replicate"]
    token: OptionalSecret = None
    timeout: Duration = 120.0


class FastembedEmbedder(EmbedderSection):
    """A local model (extra `local`)."""

    type: Literal["fastembed"]
    path: Path | None = None


EmbedderConfig = Annotated[
    HttpEmbedder | HashingEmbedder | OpenAIEmbedder | ReplicateEmbedder | FastembedEmbedder,
    Field(discriminator="type"),
]


class WritebackConfig(Section):
    """Columns of the user's table that we keep up to date; nothing else there is ever written.

    `table` and `key` default to the catalog's table (or the first table of its query) and key.
    """

    table: str | None = None
    key: str | None = None
    synced_at: str | None = None
    flag: str | None = None
    vector: str | None = None

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

    url: SecretStr
    query: str | None = None
    table: str | None = None
    key: str = "id"
    changed: str | None = None
    overlap: Duration = 300.0
    """How far a watermark scan looks back, for rows that were committed late with an older value."""
    full_scan_every: Duration = 86_400.0
    page_size: Positive = 1000
    json_columns: list[str] = []
    """Text columns that hold JSON and belong in the payload as lists and objects."""
    product: str | None = None
    """The column with the product's id when items are its pictures; named in the log."""
    writeback: WritebackConfig | None = None
    trust_flags: bool = False
    """Between full scans look only at rows that the write-back columns mark as not synced."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.query is None) == (self.table is None):
            raise ValueError("give either query or table")
        return self


class VectorConfig(Section):
    """What one vector of an item is made of. Templates name the query's columns: `{title}`."""

    embedder: str
    text: OptionalText = None
    image: OptionalText = None
    fields: dict[str, str] | None = None
    size: Positive | None = None
    distance: Distance | None = None

    @model_validator(mode="after")
    def _something_to_embed(self) -> Self:
        if not self.text and not self.image:
            raise ValueError("give text, image or both")
        return self


class CollectionConfig(Section):
    """Where the vectors go: a Qdrant server (`url`) or the embedded engine (`path`)."""

    url: OptionalText = None
    path: Path | None = None
    api_key: OptionalSecret = None
    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$")]
    size: Positive | None = None
    distance: Distance = "cosine"
    payload: PayloadMapping | None = None
    indexes: dict[str, IndexType] = {}
    timeout: Duration = 60.0

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

    every: Annotated[Duration, Field(gt=0)] = 3600.0


class LogConfig(Section):
    """The log file; default in the user's log directory."""

    path: Path | None = None
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"
    max_bytes: Positive = 10_000_000
    keep: Annotated[int, Field(ge=0)] = 5


KeepVectors = Literal["on_failure", "always"]
Fraction = Annotated[float, Field(ge=0, le=1)]


class PipelineConfig(Section):
    """One catalog query, its vectors and one collection. Keys left out come from the top level."""

    catalog: CatalogConfig
    embed: VectorConfig | None = None
    vectors: dict[Annotated[str, Field(min_length=1)], VectorConfig] | None = None
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

    ledger: SecretStr | None = None
    embedders: Annotated[dict[str, EmbedderConfig], Field(min_length=1)]
    pipelines: Annotated[dict[str, PipelineConfig], Field(min_length=1)]
    chunk_size: Positive = 100
    workers: Positive = 8
    retry: RetryConfig = RetryConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    keep_vectors: KeepVectors = "on_failure"
    max_delete_fraction: Fraction = 0.2
    log: LogConfig = LogConfig()

    @field_validator("pipelines")
    @classmethod
    def _known_embedders(
        cls, pipelines: dict[str, PipelineConfig], info: ValidationInfo
    ) -> dict[str, PipelineConfig]:
        known = info.data.get("embedders", {})
        for name, pipeline in pipelines.items():
            for vector in pipeline.vector_configs.values():
                if known and vector.embedder not in known:
                    raise ValueError(
                        f"pipeline {name} uses embedder {vector.embedder!r}, which is not among "
                        f"embedders: {', '.join(known)}"
                    )
        return pipelines
