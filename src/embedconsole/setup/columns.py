"""What the columns are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError
from embedconsole.setup.guess import (
    fits_template,
    guess_changed,
    guess_gone,
    guess_image,
    guess_indexes,
    guess_json,
    guess_key,
    guess_payload,
    guess_text,
)
from embedconsole.setup.questions import NONE, Question, something

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from embedconsole.catalog.discovery import Look
    from embedconsole.config.types import PayloadMapping
    from embedconsole.items import IndexType
    from embedconsole.setup.questions import Questions


def ask_key(questions: Questions, look: Look | None, repeated: Callable[[str], bool]) -> str:
    """The column that names an item.

    Args:
        repeated: Whether a value of a column comes more than once.
    """

    def parse(text: str) -> str:
        name = _column(look)(text)
        column = look.find(name) if look else None
        if column is not None and not column.unique:
            questions.say(f"  looking whether {name} is unique ...")
            if repeated(name):
                raise ConfigError(f"{name} has the same value in several rows: a key names one item")
        return name

    help_text = "Unique, and never another item's later: the primary key. Its value becomes the point's id."
    return questions.ask(Question("key", "Key column", help_text, guess_key(look) if look else "id", parse))


def ask_changed(questions: Questions, look: Look | None) -> str | None:
    """The column that grows with every change."""
    help_text = (
        "A time or number that grows whenever a row changes: then a pass reads only what changed.\n"
        "  Without one every pass reads every row, which is right for small tables."
    )
    default = (guess_changed(look) if look else None) or NONE
    return questions.ask(
        Question("changed", "Column with the time of the last change", help_text, default, _optional(look))
    )


def ask_condition(
    questions: Questions, look: Look, quoted: Callable[[str], str], query: Callable[[str], str]
) -> str | None:
    """What leaves out items that are only marked as deleted, as a query; None for the table as it is.

    Args:
        quoted: A column's name as it stands in a query.
        query: Makes the query of a condition; raises a fault when the database does not take it.
    """
    guess = guess_gone(look, quoted)
    if guess is None and "where" not in questions.given:
        return None
    help_text = "A condition of SQL: rows that do not fulfil it are no items, and their points are removed."
    return questions.ask(
        Question("where", "Only rows where", help_text, guess, lambda text: query(text) if text else None)
    )


def ask_text(questions: Questions, look: Look | None) -> list[str]:
    """The columns whose text is embedded."""
    names = guess_text(look) if look else ["title", "description"]
    help_text = (
        "Columns with a comma between them, in the order in which they are read; - where only pictures are."
    )
    default = ", ".join(names) or NONE

    def parse(text: str) -> list[str]:
        return [_templated(name) for name in _columns(look)(text)]

    return questions.ask(Question("text", "Columns to embed as text", help_text, default, parse))


def ask_image(questions: Questions, look: Look | None, *, needed: bool) -> str | None:
    """The column with an item's picture; `needed` where no text is embedded."""

    def parse(text: str) -> str | None:
        if needed and not text:
            raise ConfigError("something has to be embedded: a text or a picture")
        name = _optional(look)(text)
        return None if name is None else _templated(name)

    help_text = (
        "Addresses (or paths that the embedder can open); - for none. Empty ones do not keep a text from it."
    )
    default = (guess_image(look) if look else None) or NONE
    return questions.ask(Question("image", "Column with a picture", help_text, default, parse))


def ask_payload(questions: Questions, look: Look | None) -> PayloadMapping | None:
    """The columns that go into the payload; None for all."""
    if look is None:
        return None
    help_text = "What search results show and filters see: columns with a comma between them, * for all."
    default = ", ".join(guess_payload(look))
    names = questions.ask(
        Question("payload", "Payload columns", help_text, default, lambda text: _payload(text, look))
    )
    return None if names is None else {name: name for name in names}


def ask_indexes(
    questions: Questions, look: Look | None, payload: PayloadMapping | None
) -> Mapping[str, IndexType]:
    """The payload fields to index, with the type of index."""
    if look is None:
        return {}
    fields = list(look.names) if payload is None else list(payload)
    guess = guess_indexes(look, fields)
    help_text = (
        "Fields that you filter by, as name:type with a comma between them; types: " + ", ".join(_TYPES) + "."
    )
    default = ", ".join(f"{name}:{kind}" for name, kind in guess.items()) or NONE
    return questions.ask(
        Question("indexes", "Payload indexes", help_text, default, lambda text: _indexes(text, fields))
    )


def text_template(columns: Sequence[str]) -> str | None:
    """A line a column."""
    return "\n".join(f"{{{name}}}" for name in columns) or None


def json_columns(look: Look | None, payload: PayloadMapping | None) -> tuple[str, ...]:
    """The text columns whose JSON becomes lists and objects in the payload."""
    if look is None:
        return ()
    return tuple(name for name in guess_json(look) if payload is None or name in payload)


_TYPES: tuple[IndexType, ...] = ("keyword", "text", "integer", "float", "bool", "datetime", "uuid", "geo")


def _templated(name: str) -> str:
    if not fits_template(name):
        raise ConfigError(f"{name} can't stand in a template: give it another name with AS, in a query")
    return name


def _column(look: Look | None) -> Callable[[str], str]:
    def parse(text: str) -> str:
        name = something(text)
        if look is not None and look.find(name) is None:
            raise ConfigError(f"there is no column {name}; there are {', '.join(look.names)}")
        return name

    return parse


def _optional(look: Look | None) -> Callable[[str], str | None]:
    return lambda text: _column(look)(text) if text else None


def _columns(look: Look | None) -> Callable[[str], list[str]]:
    return lambda text: [_column(look)(part.strip()) for part in text.split(",") if part.strip()]


def _payload(text: str, look: Look) -> list[str] | None:
    if text == "*":
        return None
    names = _columns(look)(text)
    if not names:
        raise ConfigError("at least one column, or *")
    return names


def _indexes(text: str, fields: Sequence[str]) -> dict[str, IndexType]:
    found: dict[str, IndexType] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, written = part.rpartition(":")
        kind = next((known for known in _TYPES if known == written.strip()), None)
        if kind is None or not name:
            raise ConfigError(f"{part}: should be name:type, the type one of {', '.join(_TYPES)}")
        if name.strip() not in fields:
            raise ConfigError(f"{name}: is not in the payload")
        found[name.strip()] = kind
    return found
