"""The section `service`: how `embedconsole serve` serves an embedder."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from embedconsole.config.sections.base import Section
from embedconsole.config.types import Combine, OptionalSecret, OptionalText, Positive


class ServiceConfig(Section):
    """Where the service listens, what it takes, and from whom."""

    embedder: OptionalText = None
    """Its name under `embedders`; may be left out where there is only one."""
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """Where it listens; 0.0.0.0 serves other hosts: then set a token."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    """0 takes any free one."""
    concurrency: Positive | None = None
    """Requests embedded at a time; default: the embedder's own `concurrency`."""
    combine: Combine = "mean"
    """An item with text and picture, for models that take one of them: `mean` or `concat` of both vectors."""
    queue: Annotated[int, Field(ge=0)] = 16
    """Further requests that may wait; any beyond them are answered 429."""
    max_items: Positive = 1000
    """In one request."""
    max_bytes: Positive = 16_000_000
    """Of a request's body, uncompressed."""
    hosts: list[str] = []
    """Names that browsers may reach it under, and whose pages may use it, such as `[ml.example.com]`;
    addresses and names without a dot need no mention."""
    token: OptionalSecret = None
    """Required as `Authorization: Bearer TOKEN`; default: no token is required."""
