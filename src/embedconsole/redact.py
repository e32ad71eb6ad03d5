"""Hides secrets: the known ones in any text that leaves the process, and credentials by their look.

The configuration says which texts are secret when it is loaded (`config.secrets`). Each exit asks
`redacted`: terminal, JSON, log, ledger, console, notifications and replies of the service.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

MASK = "***"

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*://)(.*)", re.IGNORECASE | re.DOTALL)
_SECRET_PARAMETER = re.compile(
    r"([?&;][^=&;#]*(?:pass|pwd|secret|token|key|sig|auth|cred|odbc_connect)[^=&;#]*=)[^&;#]*", re.IGNORECASE
)
_ANY_CREDENTIALS = re.compile(r"(://[^\s/:@]*:)[^\s/@]+(@)")
_BEARER = re.compile(r"(\b(?:bearer|basic)\s+)(?!\*{3})[\w.~+/=-]{4,}()", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"(\b\w*(?:passw(?:or)?d|secret|token|api[-_]?key)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]{4,}()", re.IGNORECASE
)


class _Known:
    """The secrets of the configuration in use, as one expression that finds them in all their spellings."""

    pattern: re.Pattern[str] | None = None


def hide(secrets: Iterable[str]) -> None:
    """From now on, these are what `redacted` hides; those of an earlier configuration are not any more."""
    spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
    # Longest first, so that none hides a part of another and leaves the rest.
    ordered = sorted(spellings, key=len, reverse=True)
    _Known.pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None


def _spellings(secret: str) -> set[str]:
    """As it is, in a URL, in JSON, in Python's repr, and as what `Basic` makes of it."""
    written = {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }
    if ":" in secret:
        written.add(base64.b64encode(secret.encode()).decode())
    return written


def redacted(text: str) -> str:
    """The text without the secrets of the configuration in use."""
    return text if _Known.pattern is None else _Known.pattern.sub(MASK, text)


def redacted_value(value: T) -> T:
    """A JSON value, every text in it without them. Numbers stay, whatever they look like."""
    if _Known.pattern is None:
        return value
    cleaned: object = value
    if isinstance(value, str):
        cleaned = redacted(value)
    elif isinstance(value, dict):
        cleaned = {redacted_value(name): redacted_value(part) for name, part in value.items()}
    elif isinstance(value, (list, tuple)):
        cleaned = [redacted_value(part) for part in value]
    return cast("T", cleaned)


def mask_database_url(url: str) -> str:
    """A database URL without its password: `mysql://shop:***@db/shop`; all of it when it isn't a URL.

    Everything up to the last `@` counts as credentials: an unescaped `@` or `/` in a password must hide too
    much rather than too little.
    """
    match = _SCHEME.fullmatch(url)
    if match is None:
        return MASK
    scheme, rest = match.groups()
    if not rest.startswith("/") and "@" in rest:
        credentials, _, rest = rest.rpartition("@")
        user, colon, _ = credentials.partition(":")
        rest = f"{user}:{MASK}@{rest}" if colon else f"{user}@{rest}"
    return scheme + _SECRET_PARAMETER.sub(rf"\1{MASK}", rest)


def mask_text(text: str) -> str:
    """Any text without what looks like credentials: in addresses, in headers, after `password=` and such."""
    for pattern in (_ANY_CREDENTIALS, _BEARER, _ASSIGNED):
        text = pattern.sub(rf"\1{MASK}\2", text)
    return text


def mask_url(text: str) -> str:
    """The address of a service without credentials; text that is no URL stays as it is."""
    match = _SCHEME.fullmatch(text)
    if match is None:
        return text
    scheme, rest = match.groups()
    end = re.search(r"[/?#]", rest)
    authority, tail = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    if "@" in authority:
        authority = f"{MASK}@{authority.rpartition('@')[2]}"
    return scheme + authority + _SECRET_PARAMETER.sub(rf"\1{MASK}", tail)
