"""The embedder of a configuration. The module of its type is imported only when it is built."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.config.sections.embedder import EmbedderConfig
    from embedconsole.embedders.base import Embedder
    from embedconsole.embedders.tickets import Tickets


def build_embedder(
    name: str, config: EmbedderConfig, *, expected_size: int | None = None, tickets: Tickets | None = None
) -> Embedder:
    """An embedder; nothing is connected yet. Build one for each event loop that uses it.

    Args:
        name: Its name in the configuration, for messages.
        expected_size: Dimensions of the collection; None when they are still to be found out.
        tickets: Where a backend notes predictions that are ordered and not collected; None: in memory.

    Raises:
        ConfigError: The backend is not installed, can't give vectors of this size, or has no credentials.
    """
    config.check(name)
    # Each type has a module of its name: hashing needs no HTTP client, and only fastembed needs onnxruntime.
    build: Callable[[str, EmbedderConfig, int | None, Tickets | None], Embedder] = import_module(
        f"embedconsole.embedders.{config.type}"
    ).build
    return build(name, config, expected_size, tickets)
