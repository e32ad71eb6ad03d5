"""Certificates of a server: whom we trust, and who we are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from embedconsole.config.sections.base import Section
from embedconsole.config.types import OptionalPath, OptionalSecret
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from ssl import SSLContext


class TlsConfig(Section):
    """How an https address is trusted, and how it trusts us."""

    verify: bool = True
    """false: any certificate will do."""
    ca: OptionalPath = None
    """Certificate authorities (PEM) in addition to those of the system."""
    cert: OptionalPath = None
    """Our certificate (PEM), for a server that asks for one; `key` when it is a file of its own."""
    key: OptionalPath = None
    """Of our certificate, when it is not in `cert`."""
    password: OptionalSecret = None
    """Of that key."""

    @model_validator(mode="after")
    def _key_with_certificate(self) -> Self:
        if self.cert is None and (self.key or self.password):
            raise ValueError("give cert, the certificate that the key belongs to")
        return self

    def context(self, place: str) -> SSLContext | None:
        """The same for a client; None when all are the defaults.

        Args:
            place: Where these settings are, for messages: "embedders.ml.tls".

        Raises:
            ConfigError: A certificate or key can't be read, or they don't belong together.
        """
        if not self.model_fields_set:
            return None
        import ssl

        context = ssl.create_default_context()
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        try:
            if self.ca is not None:
                context.load_verify_locations(self.ca)
            if self.cert is not None:
                password = self.password.get_secret_value() if self.password else ""
                context.load_cert_chain(self.cert, self.key, password)
        except (OSError, ValueError) as error:
            # ssl.SSLError is an OSError without a file's name in it.
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "not usable"
            raise ConfigError(f"{place}: its certificates can't be loaded: {reason}") from None
        return context
