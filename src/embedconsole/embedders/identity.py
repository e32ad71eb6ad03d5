"""What makes the vectors of an embedder comparable, told by its configuration alone: nothing is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.config.model import HashingEmbedder, HttpEmbedder
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from embedconsole.config.model import EmbedderConfig

HASHING_VERSION = 1
"""Raise it with every change of the hashing embedder that moves a vector."""


def identity_of(name: str, config: EmbedderConfig) -> str:
    """Type and model, without address or secret; see `Embedder.identity`.

    Raises:
        ConfigError: This version has no such backend.
    """
    if isinstance(config, HashingEmbedder):
        return f"hashing:{HASHING_VERSION}:{config.size}"
    if isinstance(config, HttpEmbedder):
        return f"http:{config.shape}:{config.model or ''}"
    raise ConfigError(
        f"embedders.{name}.type: this version has no {config.type} backend yet; use http or hashing"
    )
