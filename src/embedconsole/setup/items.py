"""What an item is, asked as a whole: by a preset, or by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from embedconsole.catalog.discovery import Discovery
from embedconsole.faults import ConfigError, Fault
from embedconsole.items import MARKER
from embedconsole.setup.answers import CatalogAnswers, EmbedAnswers, ItemAnswers
from embedconsole.setup.columns import (
    ask_changed,
    ask_condition,
    ask_image,
    ask_indexes,
    ask_key,
    ask_payload,
    ask_text,
    json_columns,
    text_template,
)
from embedconsole.setup.presets import PRESETS
from embedconsole.setup.presets.fit import (
    candidates,
    filled,
    fit,
    kept_indexes,
    kept_payload,
    known_by,
    payload_as_there,
    table_names,
)
from embedconsole.setup.questions import Question
from embedconsole.setup.rows import RowSource, ask_row_source, look_at_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence, Set

    from embedconsole.catalog.discovery import Look
    from embedconsole.items import JsonObject, PointId
    from embedconsole.setup.presets.fit import Candidate
    from embedconsole.setup.presets.preset import Parameter, Preset
    from embedconsole.setup.questions import Questions

_BOTH = 2
"""So many columns of text can be the name and the description that a service is sent."""


def ask_preset(questions: Questions, url: str, tables: Sequence[str] | None) -> Preset | None:
    """A preset that was asked for, or that the tables look like."""
    asked = "preset" in questions.given
    if not asked and ({"table", "query"} & questions.given.keys() or not tables):
        return None
    likely = None
    if not asked and tables:
        found = _recognised(url, PRESETS.values(), tables)
        likely = None if found is None else found.preset
        if likely is None:
            return None
        questions.say(f"  This looks like {likely.title}.")
    choices: dict[str, Preset | None] = {**PRESETS, "none": None}
    return questions.choose(
        "preset",
        "Preset",
        "A query and mapping for a schema that is known:\n"
        + "\n".join(f"  {preset.name}: {preset.title}" for preset in PRESETS.values()),
        choices,
        likely.name if likely else "none",
    )


def items_by_preset(
    questions: Questions, preset: Preset, tables: Sequence[str], written: str, url: str
) -> ItemAnswers:
    """The query and mapping of a preset, made to fit the tables that are there.

    Args:
        tables: Their names may give the preset's parameters away.
        written: The database's URL as it stands in the file.
        url: The same with its secrets.
    """
    found = _recognised(url, [preset], tables) if tables else None
    seen = found.parameters if found is not None else {}

    def ask() -> dict[str, str]:
        answers: dict[str, str] = {}
        for parameter in preset.parameters:
            if parameter.table is not None and tables and parameter.table not in tables:
                continue
            default = seen.get(parameter.name) or _suggested(parameter, answers, url, tables)
            parse = partial(_matching, parameter.pattern)
            question = Question(parameter.name, parameter.question, parameter.help, default, parse)
            answers[parameter.name] = questions.ask(question)
        return answers

    def look(parameters: Mapping[str, str]) -> ItemAnswers:
        with Discovery(url) as discovery:
            schema = _schema(discovery, preset, parameters)
        items = _of_preset(preset, written, parameters, schema)
        look_at_rows(questions, url, RowSource(query=items.catalog.query))
        return items

    parameters, items = questions.settle(f"the preset {preset.name}", ask, look)
    if items is None:
        items = _of_preset(preset, written, parameters, None)
    return _with_text(questions, items, [pick.name for pick in preset.picks])


def as_there(items: ItemAnswers, payloads: Mapping[PointId, JsonObject]) -> ItemAnswers:
    """The items of a preset, their payload as points have it that are there without a marker of ours."""
    others = {point: payload for point, payload in payloads.items() if MARKER not in payload}
    if not others or items.payload is None:
        return items
    payload = payload_as_there(items.payload, items.catalog.key, others) or items.payload
    return replace(items, payload=payload, indexes=kept_indexes(items.indexes, payload))


def _with_text(questions: Questions, items: ItemAnswers, columns: Collection[str]) -> ItemAnswers:
    """With the text that --text names in place of the preset's."""
    if "text" not in questions.given:
        return items

    def parse(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",")]
        if unknown := [name for name in names if name not in columns]:
            raise ConfigError(f"the preset has no column {unknown[0]}; it has {', '.join(columns)}")
        return names

    names = questions.ask(Question("text", "Columns to embed as text", "", None, parse))
    return replace(items, embed=replace(items.embed, text=text_template(names), fields=_name_fields(names)))


def _name_fields(text: Sequence[str]) -> dict[str, str]:
    """The name and description that a service is sent, where there are two columns."""
    return dict(zip(("name", "description"), text, strict=False)) if len(text) == _BOTH else {}


def _suggested(parameter: Parameter, answers: Mapping[str, str], url: str, tables: Sequence[str]) -> str:
    """What the shop itself says of a parameter, else its default."""
    for query in parameter.looks if tables else ():
        try:
            with Discovery(url) as discovery:
                rows = discovery.look(query=filled(query, answers), limit=1).rows
        except Fault:  # another version of the shop has no such table or column
            continue
        if rows and re.fullmatch(parameter.pattern, said := str(rows[0][0]).rstrip("/")):
            return said
    return parameter.default


def items_by_hand(questions: Questions, tables: Sequence[str], written: str, url: str) -> ItemAnswers:
    """A table or query, and what its columns are for; arguments as above."""
    source, look = questions.settle(
        "the rows",
        lambda: ask_row_source(questions, tables),
        lambda source: look_at_rows(questions, url, source),
    )
    key = ask_key(questions, look, partial(_repeated, url, source))
    changed = ask_changed(questions, look)
    text = ask_text(questions, look)
    image = ask_image(questions, look, needed=not text)
    payload = ask_payload(questions, look)
    indexes = ask_indexes(questions, look, payload)
    if look is not None and look.table is not None:
        wanted = {key, changed, image, *text, *(look.names if payload is None else payload)}
        source = _without_deleted(questions, url, source, look, wanted)
    return ItemAnswers(
        pipeline=_pipeline_name(source.table or (str(look.table) if look and look.table else "")),
        catalog=CatalogAnswers(
            url=written,
            key=key,
            query=source.query,
            table=source.table,
            changed=changed,
            json_columns=json_columns(look, payload),
        ),
        embed=EmbedAnswers(text_template(text), f"{{{image}}}" if image else None, _name_fields(text)),
        payload=payload,
        indexes=indexes,
    )


def _recognised(url: str, presets: Iterable[Preset], tables: Sequence[str]) -> Candidate | None:
    """The preset that a table looks like, by its name and the columns that mark it."""
    with Discovery(url) as discovery:
        for candidate in candidates(presets, tables):
            if known_by(candidate.preset, _schema(discovery, candidate.preset, candidate.parameters)):
                return candidate
    return None


def _schema(
    discovery: Discovery, preset: Preset, parameters: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    tables = table_names(preset, parameters)
    columns = {table: discovery.columns(table) for table in dict.fromkeys(tables.values())}
    return {alias: columns[table] for alias, table in tables.items()}


def _repeated(url: str, source: RowSource, column: str) -> bool:
    with Discovery(url) as discovery:
        return discovery.repeated(column, table=source.table, query=source.query)


def _without_deleted(
    questions: Questions, url: str, source: RowSource, look: Look, wanted: Set[str | None]
) -> RowSource:
    """The table, or a query of the wanted columns where rows are to be left out."""
    columns = [name for name in look.names if name in wanted]
    with Discovery(url) as discovery:

        def tried(condition: str) -> str:
            query = discovery.selection(look, columns, condition)
            discovery.look(query=query, limit=1)
            return query

        query = ask_condition(questions, look, discovery.quoted, tried)
    return source if query is None else RowSource(query=query)


def _pipeline_name(table: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", table).strip("_.-") or "products"


def _matching(pattern: str, text: str) -> str:
    if re.fullmatch(pattern, text) is None:
        raise ConfigError(f"should match {pattern}")
    return text


def _of_preset(
    preset: Preset,
    written: str,
    parameters: Mapping[str, str],
    schema: Mapping[str, Sequence[str]] | None,
) -> ItemAnswers:
    fitted = fit(preset, parameters, schema)
    payload = kept_payload(preset.payload, fitted.columns)
    return ItemAnswers(
        pipeline=preset.pipeline,
        catalog=CatalogAnswers(
            url=written,
            query=fitted.query,
            key=preset.key,
            changed=preset.changed if preset.changed in fitted.columns else None,
            product=preset.product,
            json_columns=tuple(name for name in preset.json_columns if name in fitted.columns),
            html_columns=tuple(name for name in preset.html_columns if name in fitted.columns),
            writeback=_writeback(preset, parameters, schema),
        ),
        embed=EmbedAnswers(
            preset.text,
            preset.image if preset.image.strip("{}") in fitted.columns else None,
            preset.fields,
        ),
        payload=payload,
        indexes=kept_indexes(preset.indexes, payload),
        notes=preset.notes,
    )


def _writeback(
    preset: Preset, parameters: Mapping[str, str], schema: Mapping[str, Sequence[str]] | None
) -> dict[str, str]:
    noted = preset.noted
    if noted is None:
        return {}
    there = None if schema is None else schema[noted.alias]
    columns = {
        setting: name
        for setting, names in noted.columns.items()
        if (name := next((one for one in names if there is None or one in there), None)) is not None
    }
    if noted.key is None or not columns:
        return columns
    if there is not None and noted.key not in there:
        return {}
    table = table_names(preset, parameters)[noted.alias]
    return {"table": table, "key": noted.key, **columns, "insert": "true"}
