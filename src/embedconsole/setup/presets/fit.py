"""A preset made to fit the tables that are really there. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from embedconsole.config.types import PayloadMapping
    from embedconsole.items import IndexType, JsonObject, PointId
    from embedconsole.setup.presets.preset import Pick, Preset

_NEEDS = re.compile(r"\b([a-z][a-z0-9]*)\.([A-Za-z_]\w*)")
_PARAMETER = re.compile(r"\{(\w+)\}")


def table_names(preset: Preset, parameters: Mapping[str, str]) -> dict[str, str]:
    """Alias to the name of each table."""
    return {alias: filled(table, parameters) for alias, table in preset.tables.items()}


def filled(text: str, parameters: Mapping[str, str]) -> str:
    """The text with the preset's parameters in it; other braces stay."""
    return _PARAMETER.sub(lambda match: parameters.get(match[1], match[0]), text)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A preset made to fit: its query and the columns that it has."""

    query: str
    columns: frozenset[str]


def fit(
    preset: Preset, parameters: Mapping[str, str], schema: Mapping[str, Collection[str]] | None
) -> Fitted:
    """The query for the tables that are there.

    Args:
        schema: Alias to the columns of its table; None takes everything to be there.

    Raises:
        ConfigError: a table or column is missing that the preset can't do without.
    """
    chosen = [(pick, _chosen(preset, pick, schema)) for pick in preset.picks]
    missing = [pick for pick, expression in chosen if expression is None and pick.required]
    if missing:
        tables = ", ".join(dict.fromkeys(table_names(preset, parameters).values()))
        names = ", ".join(pick.name for pick in missing)
        raise ConfigError(f"preset {preset.name}: nothing is there for {names}; it looks into {tables}")
    used = [(pick.name, expression) for pick, expression in chosen if expression is not None]
    conditions = [text for text in preset.conditions if _usable(preset, text, schema)]
    needed = _with_joins(preset, [*(text for _, text in used), *conditions])
    joins = [join for alias, join in preset.joins.items() if alias in needed]
    alias, main = next(iter(table_names(preset, parameters).items()))
    lines = ["SELECT " + ",\n       ".join(_named(name, text) for name, text in used)]
    lines.append(f"FROM {main} {alias}")
    lines += joins
    if conditions:
        lines.append("WHERE " + "\n  AND ".join(conditions))
    return Fitted(filled("\n".join(lines), parameters), frozenset(name for name, _ in used))


def kept_payload(mapping: PayloadMapping, columns: Collection[str]) -> PayloadMapping:
    """The payload without what the query lacks."""
    kept: PayloadMapping = {}
    for name, column in mapping.items():
        inner = column if isinstance(column, str) else kept_payload(column, columns)
        if isinstance(inner, str) and inner not in columns:
            continue
        if inner:
            kept[name] = inner
    return kept


def kept_indexes(indexes: Mapping[str, IndexType], payload: PayloadMapping) -> dict[str, IndexType]:
    """The indexes of fields that the payload has."""
    return {name: kind for name, kind in indexes.items() if name.partition(".")[0] in payload}


def payload_as_there(
    mapping: PayloadMapping, key: str, payloads: Mapping[PointId, JsonObject]
) -> PayloadMapping:
    """The payload as points that are there have it: without what none of them has.

    Args:
        key: The key's column; a field that is each point's id comes from it.
        payloads: Some of the points.
    """
    kept: PayloadMapping = {}
    for name, column in mapping.items():
        there = {point: payload[name] for point, payload in payloads.items() if name in payload}
        inner = {point: value for point, value in there.items() if isinstance(value, dict)}
        if not isinstance(column, str):
            if part := payload_as_there(column, key, inner):
                kept[name] = part
        elif there:
            is_key = all(str(value) == str(point) for point, value in there.items())
            kept[name] = key if is_key else column
    return kept


def known_by(preset: Preset, schema: Mapping[str, Collection[str]]) -> bool:
    """Whether the tables are those of the preset."""
    return any(_available(mark, schema) for mark in preset.marks)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A table that may be the main one of a preset, and the parameters that its name gives away."""

    preset: Preset
    table: str
    parameters: Mapping[str, str]


def candidates(presets: Iterable[Preset], tables: Iterable[str]) -> Iterator[Candidate]:
    """The tables that are called as a preset's main table is, whatever its parameters are."""
    names = list(tables)
    for preset in presets:
        patterns = {parameter.name: parameter.pattern for parameter in preset.parameters}
        # A split by a pattern with a group: literal, parameter, literal, ...
        parts = _PARAMETER.split(preset.main)
        pattern = "".join(
            f"(?P<{part}>{patterns[part]})" if at % 2 else re.escape(part) for at, part in enumerate(parts)
        )
        for name in names:
            match = re.fullmatch(pattern, name)
            if match is not None:
                yield Candidate(preset, name, match.groupdict())


def _chosen(preset: Preset, pick: Pick, schema: Mapping[str, Collection[str]] | None) -> str | None:
    return next((text for text in pick.expressions if _usable(preset, text, schema)), None)


def _usable(preset: Preset, text: str, schema: Mapping[str, Collection[str]] | None) -> bool:
    """Whether all that a text needs is there, the joins included that bring it."""
    joins = [preset.joins.get(alias, "") for alias in _with_joins(preset, [text])]
    return all(_available(part, schema) for part in (text, *joins))


def _with_joins(preset: Preset, texts: Iterable[str]) -> set[str]:
    """The aliases in some texts, and in the joins that these need in turn."""
    needed: set[str] = set()
    new = {alias for text in texts for alias in _aliases(text)}
    while new:
        needed |= new
        new = {other for alias in new for other in _aliases(preset.joins.get(alias, ""))} - needed
    return needed


def _aliases(text: str) -> set[str]:
    return {alias for alias, _ in _NEEDS.findall(text)}


def _available(text: str, schema: Mapping[str, Collection[str]] | None) -> bool:
    if schema is None:
        return True
    return all(column in schema.get(alias, ()) for alias, column in _NEEDS.findall(text))


def _named(name: str, expression: str) -> str:
    return expression if expression.rpartition(".")[2] == name else f"{expression} AS {name}"
