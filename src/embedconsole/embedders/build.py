"""The embedder that the configuration asks for. Backends are imported only when they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.config.model import HashingEmbedder as HashingConfig
from embedconsole.config.model import HttpEmbedder as HttpConfig
from embedconsole.embedders.identity import identity_of
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from embedconsole.config.model import EmbedderConfig
    from embedconsole.embedders.base import Embedder


def build_embedder(name: str, config: EmbedderConfig, *, expected_size: int | None = None) -> Embedder:
    """An embedder; nothing is connected yet. Build one for each event loop that uses it.

    Args:
        name: Its name in the configuration, for messages.
        expected_size: Dimensions of the collection; None when they are to be found out.

    Raises:
        ConfigError: The backend is not there, or can't give vectors of this size.
    """
    if isinstance(config, HashingConfig):
        from embedconsole.embedders.hashing import HashingEmbedder

        if expected_size not in (None, config.size):
            raise ConfigError(
                f"embedders.{name}.size is {config.size:,}, the collection's size is {expected_size:,}: "
                "make them equal"
            )
        return HashingEmbedder(name, config)
    if isinstance(config, HttpConfig):
        from embedconsole.embedders.http import ItemsEmbedder, SingleEmbedder

        kind = ItemsEmbedder if config.shape == "items" else SingleEmbedder
        return kind(name, config, expected_size)
    identity_of(name, config)
    raise AssertionError(f"no backend for {config.type}")
