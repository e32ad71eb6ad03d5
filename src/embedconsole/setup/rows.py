"""Where the rows come from: a table or a query, and what they look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.catalog.discovery import Discovery
from embedconsole.faults import ConfigError
from embedconsole.setup.guess import guess_table
from embedconsole.setup.preview import show_rows
from embedconsole.setup.questions import Question, something

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.catalog.discovery import Look
    from embedconsole.setup.questions import Questions

_SAMPLE = 20
_LISTED = 60


@dataclass(frozen=True, slots=True)
class RowSource:
    """Where the rows come from: a table or a query."""

    table: str | None = None
    query: str | None = None


def ask_row_source(questions: Questions, tables: Sequence[str]) -> RowSource:
    """A table, or a query."""
    if tables:
        names, more = ", ".join(tables[:_LISTED]), len(tables) - _LISTED
        questions.say(f"  There are {names}" + (f" and {more:,} more" if more > 0 else ""))
    if "query" in questions.given:
        return RowSource(query=questions.ask(Question("query", "Query", "", None, _query)))
    text = questions.ask(
        Question(
            "table",
            "Table, or a query on one line",
            "The table that has an item a row; or SELECT ... where that takes a join: one row an item.",
            guess_table(tables),
            something,
        )
    )
    return (
        RowSource(query=_query(text))
        if text.lower().startswith(("select", "with"))
        else RowSource(table=text)
    )


def look_at_rows(questions: Questions, url: str, source: RowSource) -> Look:
    """Read the first rows and show them.

    Raises:
        ConfigError, Transient, Refused: they can't be read.
    """
    with Discovery(url) as discovery:
        look = discovery.look(table=source.table, query=source.query, limit=_SAMPLE)
    if not look.columns:
        raise ConfigError("it has no columns")
    if look.rows:
        show_rows(look)
    else:
        questions.say("  It is empty: nothing to preview, and guesses go by names and types alone.")
    return look


def _query(text: str) -> str:
    return something(text.strip().rstrip(";").strip())
