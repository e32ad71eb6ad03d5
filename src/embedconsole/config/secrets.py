"""All that must not be shown of a configuration, so that text from elsewhere can be cleaned of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pydantic import SecretStr

from embedconsole.config.sections.base import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CREDENTIALS = re.compile(r"[a-z][a-z0-9+.-]*://(?P<user>[^\s/@]*?)(?::(?P<password>.*))?@", re.IGNORECASE)
_PARAMETER = re.compile(
    r"[?&;][^=&;#]*(?:pass|pwd|secret|token|key|sig|auth|cred)[^=&;#]*=([^&;#]+)", re.IGNORECASE
)
_NAMES = re.compile(
    r"(PASS(WORD|WD)?|_PW|SECRET|TOKEN|(API|ACCESS|PRIVATE|SECRET)_?KEY|CREDENTIALS?|_DSN)$", re.IGNORECASE
)
_SHORTEST = 4
"""Shorter ones are in every second word; they are left to the masks of addresses."""


def secrets_of(settings: Section | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Every secret in the settings, the addresses and the environment, longest first.

    Args:
        settings: None where they could not be loaded: then the environment's alone.
    """
    found = set(_of_value(settings))
    for name, value in environ.items():
        found.update(_of_address(value))
        if _NAMES.search(name):
            found.update(_words(value))
    return tuple(sorted((secret for secret in found if len(secret) >= _SHORTEST), key=len, reverse=True))


def _of_value(value: object) -> Iterator[str]:
    if isinstance(value, Section):
        for name in type(value).model_fields:
            yield from _of_value(getattr(value, name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _of_value(inner)
    elif isinstance(value, SecretStr):
        text = value.get_secret_value()
        yield from _of_address(text) if "://" in text else _words(text)
    elif isinstance(value, str):
        yield from _of_address(value)


def _words(text: str) -> Iterator[str]:
    """A header is its scheme and its secret: `Bearer abc`."""
    for part in (text, text.rpartition(" ")[2]):
        yield part
        yield unquote(part)


def _of_address(text: str) -> Iterator[str]:
    match = _CREDENTIALS.match(text)
    # Without a password, what stands before the @ may be a token.
    secret = match and (match["password"] or ("" if _is_database(text) else match["user"]))
    for part in [secret or "", *_PARAMETER.findall(text)]:
        yield part
        yield unquote(part)


def _is_database(text: str) -> bool:
    return not text.lower().startswith(("http://", "https://"))
