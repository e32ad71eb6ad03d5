"""Templates over a row's columns: `{title}\\n{description}`. Names only, no expressions and no formats."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection

    from embedconsole.items import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template: literal texts, each followed by a column or by nothing."""

    parts: tuple[tuple[str, str | None], ...]

    def render(self, values: JsonObject) -> str:
        """The text of one row, without blanks at its ends; a null column gives nothing."""
        if len(self.parts) == 1 and self.parts[0][1] is not None and not self.parts[0][0]:
            return as_text(values[self.parts[0][1]]).strip()
        texts = []
        for literal, column in self.parts:
            texts.append(literal)
            if column is not None:
                value = values[column]
                texts.append(value if isinstance(value, str) else as_text(value))
        return "".join(texts).strip()

    def render_each(self, values: JsonObject) -> list[str]:
        """The texts of one row, where a column holds a list one an entry; empty ones are left out."""
        listed = next(
            (column for _, column in self.parts if column and isinstance(values[column], list)), None
        )
        entries = (
            [values] if listed is None else [{**values, listed: entry} for entry in _entries(values[listed])]
        )
        return [text for entry in entries if (text := self.render(entry))]


def _entries(value: JsonValue) -> list[JsonValue]:
    return [entry for entry in value if entry] if isinstance(value, list) else []


def parse_template(template: str, columns: Collection[str], place: str) -> Template:
    """Parse a template and check its columns.

    Args:
        place: Its path in the configuration, for errors.

    Raises:
        ConfigError: unbalanced braces, an expression, or a column that the query does not have.
    """
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        raise ConfigError(f"{place}: {error} in {template!r}; write {{{{ and }}}} for braces") from error
    parts = []
    for literal, column, spec, conversion in parsed:
        if column is not None and (spec or conversion or column not in columns):
            raise ConfigError(unknown_column(place, column, columns))
        parts.append((literal, column))
    return Template(tuple(parts))


def unknown_column(place: str, column: str, columns: Collection[str]) -> str:
    """The message for a column that the query does not have."""
    return f"{place}: the query has no column {column!r}; it has {', '.join(columns)}"


def as_text(value: JsonValue) -> str:
    """A column's value as an embedder should read it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(as_text(entry) for entry in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {as_text(entry)}" for name, entry in value.items())
    return str(value)
