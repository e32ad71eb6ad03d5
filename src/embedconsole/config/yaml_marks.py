"""Where a setting was given, so that every message can name the place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

KeyPath: TypeAlias = "tuple[str | int, ...]"
"""Keys and list positions from the top of the tree."""

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree] | None"
"""Settings before they have types: every scalar is the text that was written, null is None."""

Marks: TypeAlias = "Mapping[KeyPath, Mark]"


@dataclass(frozen=True, slots=True)
class Mark:
    """One place.

    Attributes:
        source: A file, "environment NAME" or "command line".
        line: Line in the file, from 1; None when the source is no file.
    """

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line is not None else self.source


def printable(text: str) -> str:
    """Text on one line: what could move a terminal's cursor or start a new line is escaped."""
    return text if text.isprintable() else repr(text)[1:-1]


def dotted(path: KeyPath) -> str:
    """The path as operators write it: `pipelines.products.collection.name`, list positions in brackets."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{printable(key)}" for key in path)
    return text.removeprefix(".")


def nearest(marks: Marks, path: KeyPath) -> Mark | None:
    """The mark of the path or of the closest section around it."""
    for length in range(len(path), -1, -1):
        if path[:length] in marks:
            return marks[path[:length]]
    return None


def message(mark: Mark | None, path: KeyPath, text: str) -> str:
    """One line of an error: `FILE:LINE: dotted.path: text`."""
    return ": ".join(part for part in (str(mark) if mark else "", dotted(path), text) if part)
