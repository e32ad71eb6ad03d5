"""The embedder that the configuration asks for. Backends are imported only when they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.config.sections.embedder import (
    FastembedConfig,
    HashingConfig,
    HttpConfig,
    OpenAIConfig,
    ReplicateConfig,
)
from embedconsole.embedders.model_folders import check_local
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from embedconsole.config.sections.embedder import EmbedderConfig
    from embedconsole.embedders.base import Embedder
    from embedconsole.embedders.tickets import Tickets


def check_embedder(name: str, config: EmbedderConfig) -> None:
    """Say now what would keep the embedder from working at its first item; nothing is imported.

    Raises:
        ConfigError: The backend is not there, or has no credentials.
    """
    if isinstance(config, FastembedConfig):
        check_local(name, config)
    if isinstance(config, ReplicateConfig) and config.token is None:
        raise ConfigError(
            f"embedders.{name}.token is empty: set the environment variable REPLICATE_API_TOKEN "
            '(and write token: "${REPLICATE_API_TOKEN:-}")'
        )


def build_embedder(
    name: str, config: EmbedderConfig, *, expected_size: int | None = None, tickets: Tickets | None = None
) -> Embedder:
    """An embedder; nothing is connected yet. Build one for each event loop that uses it.

    Args:
        name: Its name in the configuration, for messages.
        expected_size: Dimensions of the collection; None when they are to be found out.
        tickets: Where a backend notes what it has ordered and not yet got; None keeps them in memory.

    Raises:
        ConfigError: The backend is not there, can't give vectors of this size, or has no credentials.
    """
    check_embedder(name, config)
    if isinstance(config, HashingConfig):
        from embedconsole.embedders.hashing import HashingEmbedder

        if expected_size not in (None, config.size):
            raise ConfigError(
                f"embedders.{name}.size is {config.size:,}, the collection's size is {expected_size:,}: "
                "make them equal"
            )
        return HashingEmbedder(name, config)
    if isinstance(config, FastembedConfig):
        from embedconsole.embedders.fastembed import FastembedEmbedder

        return FastembedEmbedder(name, config, expected_size)
    remote = _build_remote(name, config, expected_size, tickets)
    if config.pictures.send == "reference":
        return remote
    from embedconsole.embedders.pictures import SendsPictures

    return SendsPictures(remote, config.pictures.limits)


def _build_remote(
    name: str,
    config: HttpConfig | OpenAIConfig | ReplicateConfig,
    expected_size: int | None,
    tickets: Tickets | None,
) -> Embedder:
    if isinstance(config, HttpConfig):
        from embedconsole.embedders.http import ItemsEmbedder, SingleEmbedder

        kind = ItemsEmbedder if config.shape == "items" else SingleEmbedder
        return kind(name, config, expected_size)
    if isinstance(config, OpenAIConfig):
        from embedconsole.embedders.openai import OpenAIEmbedder

        return OpenAIEmbedder(name, config, expected_size)
    from embedconsole.embedders.replicate import ReplicateEmbedder

    return ReplicateEmbedder(name, config, expected_size, tickets=tickets)
