"""All the questions in their order, and what the answers come to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from embedconsole.config.load import settle
from embedconsole.config.sections.embedder import EMBEDDERS
from embedconsole.config.yaml_source import parse_source
from embedconsole.faults import ConfigError
from embedconsole.setup.answers import Answers, EmbedAnswers, EmbedderAnswers
from embedconsole.setup.collection import ask_collection, try_collection
from embedconsole.setup.database import ask_database, try_database
from embedconsole.setup.embedder import ask_embedder, try_embedder
from embedconsole.setup.items import as_there, ask_preset, items_by_hand, items_by_preset
from embedconsole.setup.questions import Question
from embedconsole.setup.write import configuration

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.config.load import Loaded
    from embedconsole.setup.answers import CollectionAnswers
    from embedconsole.setup.collection import Found
    from embedconsole.setup.questions import Questions
    from embedconsole.setup.variables import Variables

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True, slots=True)
class Setup:
    """What came of it.

    Attributes:
        text: The configuration file's.
        loaded: The same, checked, with the variables as they were while it was made.
        reached: Whether the database answered, so that a dry run makes sense.
    """

    text: str
    loaded: Loaded
    reached: bool


def ask_all(questions: Questions, variables: Variables, path: Path) -> Setup:
    """Ask everything.

    Args:
        path: Where the configuration will be: relative paths in it begin there.

    Raises:
        ConfigError, Fault: unattended, something is wrong.
        click.UsageError, click.Abort: there is no answer.
    """
    folder = path.absolute().parent
    questions.heading("1. The database")
    written, tables = questions.settle(
        "the database",
        lambda: ask_database(questions, variables),
        lambda answer: _reached(questions, try_database(variables.value(answer))),
    )
    url = variables.value(written)

    questions.heading("2. The items")
    preset = ask_preset(questions, url, tables)
    if preset is not None:
        items = items_by_preset(questions, preset, tables or (), written, url)
        suggested = EmbedderAnswers(preset.embedder_name, preset.embedder, preset.embedder_settings)
    else:
        items = items_by_hand(questions, tables or (), written, url)
        suggested = None
    items = replace(items, pipeline=_ask_name(questions, items.pipeline))

    questions.heading("3. The embedder")

    def try_it(answer: tuple[EmbedderAnswers, EmbedAnswers]) -> int:
        embedder, embed = answer
        size = try_embedder(embedder, variables, folder, text=embed.text is not None)
        questions.say(f"  ok    one embedding of {size:,} dimensions")
        return size

    (embedder, embed), dimensions = questions.settle(
        "the embedder with one embedding",
        lambda: _ask_embedder(questions, variables, suggested, items.embed),
        try_it,
    )

    questions.heading("4. The collection")

    def find_it(answer: CollectionAnswers) -> Found:
        found = try_collection(answer, variables, folder, dimensions)
        questions.say(f"  ok    {found.words}")
        return found

    collection, there = questions.settle(
        "Qdrant", lambda: ask_collection(questions, variables, items.pipeline), find_it
    )
    if preset is not None and there is not None:
        items = as_there(items, there.payloads)
    answers = Answers(replace(items, embed=embed), embedder, collection)
    variables.drop_unused(configuration(answers, {}, folder))
    text = configuration(answers, variables.described, folder)
    loaded = settle(parse_source(text, str(path)), path, environ=variables.environ)
    return Setup(text, loaded, reached=tables is not None)


def _reached(questions: Questions, tables: list[str]) -> list[str]:
    questions.say(f"  ok    {len(tables):,} table{'' if len(tables) == 1 else 's'}")
    return tables


def _ask_embedder(
    questions: Questions, variables: Variables, suggested: EmbedderAnswers | None, embed: EmbedAnswers
) -> tuple[EmbedderAnswers, EmbedAnswers]:
    """The embedder, and of text and picture what it can take."""
    embedder = ask_embedder(questions, variables, suggested)
    section = EMBEDDERS[embedder.kind]
    if not section.embeds_both and embed.text is not None and embed.image is not None:
        text = questions.choose(
            "embed",
            f"{embedder.kind} embeds a text or a picture: text, picture",
            "One vector is made of one of them. Two vectors an item: see `vectors` in config.example.yaml.",
            {"text": True, "picture": False},
            "text",
        )
        embed = replace(embed, image=None) if text else replace(embed, text=None)
    if embed.image is not None:
        embedder = replace(embedder, settings={**embedder.settings, **section.guide.for_pictures})
    fields_if = section.guide.fields_if
    takes_fields = fields_if is not None and fields_if.items() <= embedder.settings.items()
    return embedder, embed if takes_fields else replace(embed, fields={})


def _ask_name(questions: Questions, suggested: str) -> str:
    def parse(text: str) -> str:
        if _NAME.fullmatch(text) is None:
            raise ConfigError("should be letters, digits, _, . and -")
        return text

    help_text = "What the commands and screens call this pipeline: one query, its vectors, one collection."
    return questions.ask(Question("name", "Name of the pipeline", help_text, suggested, parse))
