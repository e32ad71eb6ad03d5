"""Text from outside: what servers, databases and catalogs say, before it is stored, logged or shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from embedconsole.redact import MASK, redacted

if TYPE_CHECKING:
    from collections.abc import Sequence

READABLE = 300
"""Characters of a message that anybody reads."""

HARMFUL = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
"""Characters that affect a terminal, as a class: C0 but tab and newline, DEL, C1, what turns text
around or breaks its line, lone surrogates."""

_HARMFUL = re.compile(f"[{HARMFUL}]")


def is_text(text: str) -> bool:
    """Whether it can be written as UTF-8: Python keeps other bytes of arguments as surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def harmless(text: str) -> str:
    """Text that may leave the program: no harm to a terminal and no secret is in it; its lines stay."""
    return redacted(_HARMFUL.sub("\ufffd", redacted(text)))


def masked(text: str, secrets: Sequence[str]) -> str:
    """The text without the secrets, as they are and as a URL writes them."""
    for secret in filter(None, secrets):
        text = text.replace(secret, MASK).replace(quote(secret, safe=""), MASK)
    return redacted(text)


def one_line(text: str, secrets: Sequence[str] = ()) -> str:
    """Foreign text on one printable line, cut to a readable length, without the secrets."""
    text = masked(text, secrets)
    # Once more, as a control character inside a secret would have hidden it.
    line = masked(" ".join("".join(char if char.isprintable() else " " for char in text).split()), secrets)
    return line if len(line) <= READABLE else line[: READABLE - 1] + "…"
