"""Addresses as they may be shown: host and database stay, credentials do not."""

from __future__ import annotations

import re

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
