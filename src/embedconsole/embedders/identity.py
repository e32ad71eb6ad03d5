"""What makes the vectors of an embedder comparable, told by its configuration alone: nothing is imported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, assert_never

from embedconsole.config.sections.embedder import (
    FastembedConfig,
    HashingConfig,
    HttpConfig,
    OpenAIConfig,
    ReplicateConfig,
)

if TYPE_CHECKING:
    from embedconsole.config.sections.embedder import EmbedderConfig, RemoteSection
    from embedconsole.config.types import Combine

HASHING_VERSION = 1
"""Raise it with every change of the hashing embedder that moves a vector."""


def identity_of(name: str, config: EmbedderConfig) -> str:
    """Type, model and every setting that moves a vector, no address, no secret; see `Embedder.identity`."""
    if isinstance(config, HashingConfig):
        return f"hashing:{HASHING_VERSION}:{config.size}"
    if isinstance(config, HttpConfig):
        return f"http:{config.shape}:{config.model or ''}{_told(config)}{_remote(config)}"
    if isinstance(config, OpenAIConfig):
        size = f":{config.dimensions}" if config.dimensions else ""
        return f"openai:{config.model}{size}{_remote(config)}"
    if isinstance(config, ReplicateConfig):
        return f"replicate:{config.model}{_remote(config)}"
    if isinstance(config, FastembedConfig):
        return f"fastembed:{config.for_texts or ''}{_local(config)}"
    assert_never(config)


def size_of(config: EmbedderConfig) -> int | None:
    """The size of its vectors where the configuration tells."""
    if isinstance(config, HashingConfig):
        return config.size
    if isinstance(config, OpenAIConfig):
        return config.dimensions
    return None


def combined_identity(identity: str, how: Combine | None) -> str:
    """That of the vectors which text and picture make together; the same where nothing is combined."""
    return identity if how is None else f"{identity}:{how}"


def _told(config: HttpConfig) -> str:
    """What the service is told under other names than the usual ones, and which of its vectors is taken."""
    renamed = {
        "request": config.request.model_dump(exclude_defaults=True),
        "reply": config.reply.model_dump(exclude_defaults=True, include={"vectors", "vector"}),
    }
    return _words({name: value for name, value in renamed.items() if value})


def _local(config: FastembedConfig) -> str:
    parts = [config.pooling, config.for_pictures and f"image={config.for_pictures}"]
    return "".join(f":{part}" for part in parts if part) + (":normalized" if config.normalizes else "")


def _remote(config: RemoteSection) -> str:
    extra = _words({"extra": config.extra} if config.extra else {})
    return f"{extra}:normalized" if config.normalize else extra


def _words(values: dict[str, dict[str, object]]) -> str:
    return f":{json.dumps(values, sort_keys=True, separators=(',', ':'))}" if values else ""
