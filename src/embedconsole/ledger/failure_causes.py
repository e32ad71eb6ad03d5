"""Groups failures by cause, although each message names its own product."""

from __future__ import annotations

import hashlib
import re

CAUSE_BYTES = 8

_LINK = re.compile(r"\w+://\S+")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
# A number is about one product (its id, a size), but for the status that a service answered with.
_NUMBER = re.compile(r"(?<!\()(?<!answered )(?<!HTTP )\b\d[\d,.]*")
_TELLING = 100
"""Characters that count: what follows is mostly the reply's own words about one product."""


def cause_of(error_class: str, error: str) -> bytes:
    """The same for errors that differ in links, quoted words and numbers only; `CAUSE_BYTES` long."""
    shape = error
    for particular in (_LINK, _QUOTED, _NUMBER):
        shape = particular.sub("#", shape)
    told = f"{error_class}: {shape[:_TELLING]}"
    return hashlib.blake2b(told.encode(errors="replace"), digest_size=CAUSE_BYTES).digest()
