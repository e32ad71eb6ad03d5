"""The collection that the configuration asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from embedconsole.collection.base import Collection
    from embedconsole.config.model import CollectionConfig


def build_collection(config: CollectionConfig) -> Collection:
    """A collection on a server (`url`) or in the embedded engine (`path`); nothing is opened yet.

    Raises:
        ConfigError: The name can't be used in an address, or the URL is none.
    """
    if config.name in (".", ".."):
        raise ConfigError(f"collection.name {config.name!r} can't be used in an address: choose another name")
    if config.path is not None:
        from embedconsole.collection.embedded import EmbeddedCollection

        return EmbeddedCollection(config.path, config.name, timeout=config.timeout)
    from embedconsole.collection.server import ServerCollection

    api_key = config.api_key.get_secret_value() if config.api_key is not None else None
    return ServerCollection(config.url or "", config.name, api_key=api_key, timeout=config.timeout)
