"""Settings of the collection that a pipeline writes to."""

from __future__ import annotations

from string import Formatter
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from embedconsole.config.sections.base import Section
from embedconsole.config.sections.tls import TlsConfig
from embedconsole.config.types import (
    OptionalKey,
    OptionalPath,
    OptionalTemplate,
    OptionalWebAddress,
    PayloadCheck,
    PayloadMapping,
    Positive,
    Timeout,
    payload_leaves,
)
from embedconsole.items import MARKER, Distance, IndexType
from embedconsole.payload_paths import as_path, first_name, path_of


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
