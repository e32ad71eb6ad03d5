"""All that must not be shown of a configuration, so that text from elsewhere can be cleaned of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pydantic import SecretStr

from embedconsole.config.sections.base import Section
from embedconsole.redact import MASK, mask_database_url, mask_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CREDENTIALS = re.compile(r"[a-z][a-z0-9+.-]*://(?P<user>[^\s/@]*?)(?::(?P<password>.*))?@", re.IGNORECASE)
_PARAMETER = re.compile(
    r"[?&;][^=&;#]*(?:pass|pwd|secret|token|key|sig|auth|cred)[^=&;#]*=([^&;#]+)", re.IGNORECASE
)
_NAMES = re.compile(
    r"(PASS(WORD|WD)?|_PW|SECRET|TOKEN|(API|ACCESS|PRIVATE|SECRET)_?KEY|CREDENTIALS?|_DSN)$", re.IGNORECASE
)
_SHORTEST = 6
"""Shorter ones are in every second word: only masks hide them, by their place in an address or a header."""

_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_COMMON = frozenset(
    ("apikey", "changeme", "database", "default", "embedconsole", "localhost", "mariadb", "mysql", "password",
     "postgres", "postgresql", "qdrant", "secret", "sqlite", "welcome")
)  # fmt: skip
"""Words of our own messages that development set-ups use as passwords."""


def secrets_of(settings: Section | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Every secret in the settings, the addresses and the environment, longest first.

    A word that the configuration also uses in the open (a table, a host, the name of a setting) is none: to
    hide it would garble every line that names the table.

    Args:
        settings: None where they could not be loaded: then the environment's alone.
    """
    found = set(_of_value(settings))
    for name, value in environ.items():
        found.update(_of_address(value))
        if _NAMES.search(name):
            found.update(_words(value))
    found = {secret for secret in found if len(secret) >= _SHORTEST}
    open_words = _COMMON | set(_shown_words(settings))
    return tuple(sorted((one for one in found if one.lower() not in open_words), key=len, reverse=True))


def _of_value(value: object) -> Iterator[str]:
    if isinstance(value, Section):
        for name in type(value).model_fields:
            yield from _of_value(getattr(value, name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _of_value(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _of_value(inner)
    elif isinstance(value, SecretStr):
        text = value.get_secret_value()
        if "://" not in text:
            yield from _words(text)
            return
        # Celery takes several addresses, one after the other.
        for address in {text, *text.split(";")}:
            yield from _of_address(address)
    elif isinstance(value, str):
        yield from _of_address(value)


def _shown_words(value: object) -> Iterator[str]:
    """The words that stand in the open in a configuration, in lower case."""
    if isinstance(value, Section):
        for name in type(value).model_fields:
            yield name
            yield from _shown_words(getattr(value, name))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _shown_words(str(name))
            yield from _shown_words(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _shown_words(inner)
    elif isinstance(value, SecretStr):
        if "://" in (text := value.get_secret_value()):
            yield from _shown_words(mask_database_url(text).replace(MASK, ""))
    elif isinstance(value, str):
        yield from (word.lower() for word in _WORD.findall(mask_url(value)))


def _words(text: str) -> Iterator[str]:
    """A header is its scheme and its secret: `Bearer abc`."""
    for part in (text, text.rpartition(" ")[2]):
        yield part
        yield unquote(part)


def _of_address(text: str) -> Iterator[str]:
    match = _CREDENTIALS.match(text)
    # Without a password, what stands before the @ may be a token.
    user, password = (match["user"], match["password"]) if match else ("", "")
    if password:
        yield f"{user}:{password}"
        yield f"{unquote(user)}:{unquote(password)}"
    secret = password or ("" if _is_database(text) else user)
    for part in [secret or "", *_PARAMETER.findall(text)]:
        yield part
        yield unquote(part)


def _is_database(text: str) -> bool:
    return not text.lower().startswith(("http://", "https://"))
