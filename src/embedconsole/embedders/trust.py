"""Certificates of an embedding service: whom we trust, and who we are."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from embedconsole.config.embedder import TlsConfig


def tls_of(name: str, config: TlsConfig) -> ssl.SSLContext | None:
    """The context of an embedder's `tls` settings; None when they are the defaults.

    Raises:
        ConfigError: A certificate or key can't be read, or they don't belong together.
    """
    if not config.model_fields_set:
        return None
    context = ssl.create_default_context()
    if not config.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        if config.ca is not None:
            context.load_verify_locations(config.ca)
        if config.cert is not None:
            password = config.password.get_secret_value() if config.password else ""
            context.load_cert_chain(config.cert, config.key, password)
    except (OSError, ValueError) as error:
        # ssl.SSLError is an OSError without a file's name in it.
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not usable"
        raise ConfigError(f"embedders.{name}.tls: its certificates can't be loaded: {reason}") from None
    return context
