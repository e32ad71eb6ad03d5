"""Text as a YAML scalar: plain where that is safe, else in quotes."""

from __future__ import annotations

import re

import yaml

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def text_scalar(text: str) -> str:
    """The text on one line of YAML, wherever it stands."""
    if _WORD.fullmatch(text) and text.lower() not in _YAML_WORDS:
        return text
    quoted: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**9)
    return quoted.rstrip("\n")


def is_block(text: str) -> bool:
    """Whether the text can stand as lines of its own, after `|`."""
    body = text[:-1] if text.endswith("\n") else text
    lines = body.split("\n")
    return (
        len(lines) > 1
        and all(line.isprintable() for line in lines)
        and bool(lines[0])
        and not lines[0].startswith(" ")
        and bool(lines[-1].strip())
    )
