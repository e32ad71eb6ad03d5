"""The collection that the configuration asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.collection.embedded.aliases import resolved
from embedconsole.collection.qdrant.address import parse_address
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from embedconsole.collection.base import Collection
    from embedconsole.config.sections.collection import CollectionConfig


def own_name(config: CollectionConfig) -> str:
    """The collection's own name where that is known without asking: of an embedded one also by its alias.

    Raises:
        ConfigError: The file of the aliases can't be read.
    """
    if config.path is None:
        return config.name
    try:
        return resolved(config.path, config.name)
    except (OSError, ValueError) as error:
        raise ConfigError(f"the aliases in {config.path} can't be read: {error}") from error


def address_of(config: CollectionConfig) -> str:
    """The collection's address in its one canonical form: no credentials, host and port in full.

    Raises:
        ConfigError: The URL is none.
    """
    if config.path is not None:
        return str(config.path.resolve())
    return parse_address(config.url or "", None).base


def build_collection(config: CollectionConfig) -> Collection:
    """The collection that the configured name points to; nothing is opened yet.

    Raises:
        ConfigError: The name can't be used in an address, or the URL is none.
    """
    return build_itself(config, own_name(config))


def build_itself(config: CollectionConfig, name: str) -> Collection:
    """A collection by its own name, on a server (`url`) or in the embedded engine (`path`). As above."""
    if name in (".", ".."):
        raise ConfigError(f"collection.name {name!r} can't be used in an address: choose another name")
    if config.path is not None:
        from embedconsole.collection.embedded.embedded import EmbeddedCollection

        return EmbeddedCollection(config.path, name, timeout=config.timeout)
    from embedconsole.collection.qdrant.server import ServerCollection

    api_key = config.api_key.get_secret_value() if config.api_key is not None else None
    tls = config.tls.context("collection.tls")
    return ServerCollection(config.url or "", name, api_key=api_key, timeout=config.timeout, tls=tls)
