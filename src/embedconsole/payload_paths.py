"""Paths into payloads as Qdrant writes them: `price`, `metadata.color`, `sizes[].eu`, `"a key".b`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedconsole.items import JsonObject, JsonValue

_NAME = r'(?:[\w-]+|"[^"]+")(?:\[[0-9]*\])*'
PATH = rf"{_NAME}(?:\.{_NAME})*"
"""A pattern of all paths."""

_PATH = re.compile(PATH)
_PLAIN = re.compile(r"[\w-]+")
_STEP = re.compile(r'"(?P<quoted>[^"]+)"|(?P<name>[\w-]+)|\[(?P<entry>[0-9]*)\]')


def paths_of(names: Iterable[str]) -> list[str]:
    """Paths of a payload's own fields; a name with a quotation mark in it has none."""
    return [name if _PLAIN.fullmatch(name) else f'"{name}"' for name in names if '"' not in name]


def path_of(steps: Iterable[str]) -> str:
    """The path through these fields, none of which has a quotation mark in its name."""
    return ".".join(paths_of(steps))


def as_path(text: str) -> str:
    """A path as an operator writes it: what is none gets the quotation marks that it lacks."""
    if _PATH.fullmatch(text):
        return text
    return ".".join(step if _PATH.fullmatch(step) else f'"{step}"' for step in text.split("."))


def unquoted(path: str) -> str:
    """The same without quotation marks."""
    return path.replace('"', "")


def first_name(path: str) -> str:
    """The payload's own field that a path begins with."""
    step = _STEP.match(path)
    return "" if step is None else step["quoted"] or step["name"] or ""


def values_at(payload: JsonObject, path: str) -> list[JsonValue]:
    """The values at a path; more than one where it leads through the entries of a list."""
    found: list[JsonValue] = [payload]
    for step in _STEP.finditer(path):
        name = step["quoted"] or step["name"]
        if name:
            found = [value[name] for value in found if isinstance(value, dict) and name in value]
        else:
            found = [entry for value in found if isinstance(value, list) for entry in _entries(value, step)]
    return found


def _entries(values: list[JsonValue], step: re.Match[str]) -> list[JsonValue]:
    if not step["entry"]:
        return values
    at = int(step["entry"])
    return values[at : at + 1]
