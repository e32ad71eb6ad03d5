"""`${NAME}` and `${NAME:-default}` in values; `$${` is a literal `${`.

What a variable holds is never looked into again: a password with `${` in it stays a password.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from embedconsole.config.yaml_source import message, nearest
from embedconsole.faults import ConfigError
from embedconsole.foreign_text import is_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.config.yaml_source import KeyPath, Marks, Tree

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_NESTING = 20


class _Malformed(Exception):
    """A `${` that is no reference."""


class _Expansion:
    """One text being expanded.

    Attributes:
        missing: Variables that are needed and not set, in the order they were met.
    """

    def __init__(self, text: str, environ: Mapping[str, str]) -> None:
        self._text = text
        self._environ = environ
        self._at = 0
        self.missing: list[str] = []

    def run(self, *, depth: int = 0, needed: bool = True) -> str:
        """Expand up to the end, or inside a default (depth > 0) up to the `}` that closes it."""
        if depth > _MAX_NESTING:
            raise _Malformed
        parts: list[str] = []
        while self._at < len(self._text):
            if self._text.startswith("$${", self._at):
                parts.append("${")
                self._at += 3
            elif self._text.startswith("${", self._at):
                self._at += 2
                parts.append(self._reference(depth, needed=needed))
            elif depth and self._text[self._at] == "}":
                return "".join(parts)
            else:
                parts.append(self._text[self._at])
                self._at += 1
        if depth:
            raise _Malformed
        return "".join(parts)

    def _reference(self, depth: int, *, needed: bool) -> str:
        match = _NAME.match(self._text, self._at)
        if match is None:
            raise _Malformed
        name = match[0]
        self._at = match.end()
        value = self._environ.get(name)
        if value is not None and not is_text(value):
            raise ConfigError(f"environment variable {name} is not valid UTF-8 text")
        if self._text.startswith(":-", self._at):
            self._at += 2
            default = self.run(depth=depth + 1, needed=needed and not value)
            value = value or default
        elif value is None and needed:
            self.missing.append(name)
        if not self._text.startswith("}", self._at):
            raise _Malformed
        self._at += 1
        return value or ""


def escape(text: str) -> str:
    """Text that expands to itself."""
    return text.replace("${", "$${")


def expand(text: str, environ: Mapping[str, str]) -> str:
    """Replace the references in one text.

    Raises:
        ConfigError: A variable is not set, or a `${` is no reference.
    """
    expansion = _Expansion(text, environ)
    try:
        expanded = expansion.run()
    except _Malformed:
        raise ConfigError("has a ${ that is no ${NAME} or ${NAME:-default}; a literal one is $${") from None
    if expansion.missing:
        names = list(dict.fromkeys(expansion.missing))
        raise ConfigError(
            f"environment variable {', '.join(names)} is not set"
            if len(names) == 1
            else f"environment variables {', '.join(names)} are not set"
        )
    return expanded


def interpolate(tree: dict[str, Tree], marks: Marks, environ: Mapping[str, str]) -> dict[str, Tree]:
    """Replace the references in all values that come from the file; keys are left alone.

    A value that consists of references and comes out empty becomes null, as if nothing were written.

    Raises:
        ConfigError: Everything that is missing or malformed, a line each with file, line, key and variable.
    """
    problems: list[str] = []

    def walk(value: Tree, path: KeyPath) -> Tree:
        if isinstance(value, dict):
            return {key: walk(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner, (*path, index)) for index, inner in enumerate(value)]
        mark = nearest(marks, path)
        if value is None or "${" not in value or mark is None or mark.line is None:
            return value
        try:
            return expand(value, environ) or None
        except ConfigError as fault:
            problems.append(message(mark, path, str(fault)))
            return None

    expanded = {key: walk(value, (key,)) for key, value in tree.items()}
    if problems:
        raise ConfigError("\n".join(problems))
    return expanded
