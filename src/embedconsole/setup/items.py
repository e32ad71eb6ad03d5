"""What an item is, asked as a whole: by a preset, or by hand."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from embedconsole.catalog.discovery import Discovery
from embedconsole.faults import ConfigError
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
from embedconsole.setup.interview import Question
from embedconsole.setup.place import Place, ask_place, look_at
from embedconsole.setup.presets import PRESETS
from embedconsole.setup.presets.fit import candidates, fit, kept_indexes, kept_payload, table_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Set

    from embedconsole.catalog.discovery import Look
    from embedconsole.setup.interview import Interview
    from embedconsole.setup.presets.fit import Candidate
    from embedconsole.setup.presets.preset import Preset

_BOTH = 2
"""So many columns of text can be the name and the description that a service is sent."""


def ask_preset(interview: Interview, url: str, tables: Sequence[str] | None) -> Preset | None:
    """A preset that was asked for, or that the tables look like."""
    asked = "preset" in interview.given
    if not asked and ({"table", "query"} & interview.given.keys() or not tables):
        return None
    likely = None
    if not asked and tables:
        found = _recognised(url, PRESETS.values(), tables)
        likely = None if found is None else found.preset
        if likely is None:
            return None
        interview.say(f"  This looks like {likely.title}.")
    choices: dict[str, Preset | None] = {**PRESETS, "none": None}
    return interview.choose(
        "preset",
        "Preset",
        "A query and mapping for a schema that is known:\n"
        + "\n".join(f"  {preset.name}: {preset.title}" for preset in PRESETS.values()),
        choices,
        likely.name if likely else "none",
    )


def items_by_preset(
    interview: Interview, preset: Preset, tables: Sequence[str], written: str, url: str
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
        return {
            parameter.name: interview.ask(
                Question(
                    parameter.name,
                    parameter.question,
                    parameter.help,
                    seen.get(parameter.name, parameter.default),
                    partial(_matching, parameter.pattern),
                )
            )
            for parameter in preset.parameters
        }

    def look(parameters: Mapping[str, str]) -> ItemAnswers:
        with Discovery(url) as discovery:
            tables = table_names(preset, parameters)
            schema = {alias: discovery.columns(table) for alias, table in tables.items()}
        items = _of_preset(preset, written, parameters, schema)
        look_at(interview, url, Place(query=items.catalog.query))
        return items

    parameters, items = interview.settle(f"the preset {preset.name}", ask, look)
    return _of_preset(preset, written, parameters, None) if items is None else items


def items_by_hand(interview: Interview, tables: Sequence[str], written: str, url: str) -> ItemAnswers:
    """A table or query, and what its columns are for; arguments as above."""
    place, look = interview.settle(
        "the rows", lambda: ask_place(interview, tables), lambda place: look_at(interview, url, place)
    )
    key = ask_key(interview, look, partial(_repeated, url, place))
    changed = ask_changed(interview, look)
    text = ask_text(interview, look)
    image = ask_image(interview, look, needed=not text)
    payload = ask_payload(interview, look)
    indexes = ask_indexes(interview, look, payload)
    if look is not None and look.table is not None:
        wanted = {key, changed, image, *text, *(look.names if payload is None else payload)}
        place = _without_deleted(interview, url, place, look, wanted)
    fields = dict(zip(("name", "description"), text, strict=False)) if len(text) == _BOTH else {}
    return ItemAnswers(
        pipeline=_pipeline_name(place.table or (str(look.table) if look and look.table else "")),
        catalog=CatalogAnswers(
            url=written,
            key=key,
            query=place.query,
            table=place.table,
            changed=changed,
            json_columns=json_columns(look, payload),
        ),
        embed=EmbedAnswers(text_template(text), f"{{{image}}}" if image else None, fields),
        payload=payload,
        indexes=indexes,
    )


def _recognised(url: str, presets: Iterable[Preset], tables: Sequence[str]) -> Candidate | None:
    """The preset that a table looks like, by its name and the columns that mark it."""
    with Discovery(url) as discovery:
        for candidate in candidates(presets, tables):
            if set(candidate.preset.marks) <= set(discovery.columns(candidate.table)):
                return candidate
    return None


def _repeated(url: str, place: Place, column: str) -> bool:
    with Discovery(url) as discovery:
        return discovery.repeated(column, table=place.table, query=place.query)


def _without_deleted(
    interview: Interview, url: str, place: Place, look: Look, wanted: Set[str | None]
) -> Place:
    """The table, or a query of the wanted columns where rows are to be left out."""
    columns = [name for name in look.names if name in wanted]
    with Discovery(url) as discovery:

        def tried(condition: str) -> str:
            query = discovery.selection(look, columns, condition)
            discovery.look(query=query, limit=1)
            return query

        query = ask_condition(interview, look, discovery.quoted, tried)
    return place if query is None else Place(query=query)


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
    main = None if schema is None else schema[next(iter(preset.tables))]
    image = preset.image
    return ItemAnswers(
        pipeline=preset.pipeline,
        catalog=CatalogAnswers(
            url=written,
            query=fitted.query,
            key=preset.key,
            changed=preset.changed if preset.changed in fitted.columns else None,
            product=preset.product,
            json_columns=tuple(name for name in preset.json_columns if name in fitted.columns),
            writeback={
                name: column for name, column in preset.writeback.items() if main is None or column in main
            },
        ),
        embed=EmbedAnswers(
            preset.text,
            image if image is not None and image.strip("{}") in fitted.columns else None,
            preset.fields,
        ),
        payload=payload,
        indexes=kept_indexes(preset.indexes, payload),
        notes=preset.notes,
    )
