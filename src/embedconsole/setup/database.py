"""The database: which one, and whether it lets us in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from embedconsole.catalog.discovery import Discovery
from embedconsole.config.database import database_url
from embedconsole.faults import ConfigError
from embedconsole.redact import mask_database_url
from embedconsole.setup.questions import Question
from embedconsole.setup.variables import as_reference

if TYPE_CHECKING:
    from embedconsole.setup.questions import Questions
    from embedconsole.setup.variables import Variables

VARIABLE = "DATABASE_URL"
_WHAT = "the shop's database, only read but for write-back columns"
_HELP = """\
mysql://USER@HOST:3306/DATABASE, postgresql://USER@HOST:5432/DATABASE or sqlite:////PATH;
  or the name of an environment variable that holds it. Leave the password out: it is asked for
  without being shown, and never written. A user that may only SELECT is enough."""
_WITHOUT_PASSWORD = re.compile(r"([a-z][a-z0-9+]*://[^\s:/@]+)(@.+)", re.IGNORECASE)
_RELATIVE = re.compile(r"(sqlite(?:\+\w+)?:///)([^/:?].*)", re.IGNORECASE)


def ask_database(questions: Questions, variables: Variables) -> str:
    """The catalog's URL, as written."""

    def parse(text: str) -> str:
        if not text:
            raise ConfigError("a database is needed; ? shows how to write it")
        name = as_reference(text)
        if name is not None:
            reference = variables.refer(name, _WHAT, stand_in="sqlite:///shop.db")
            database_url(variables.environ[name])
            return reference
        if "${" in text:
            database_url(variables.value(text))
            return text
        if Path(text).is_file():
            text = f"sqlite:///{text}"
        database_url(text)
        return text

    default = VARIABLE if variables.is_set(VARIABLE) else None
    answer = questions.ask(
        Question("database-url-env", "Database URL, or a variable that holds it", _HELP, default, parse)
    )
    if "${" in answer:
        return answer
    return _kept(_with_password(questions, _absolute(answer)), variables)


def try_database(url: str) -> list[str]:
    """Connect; returns the tables.

    Args:
        url: With its secrets.

    Raises:
        ConfigError, Transient, Refused: it does not work.
    """
    with Discovery(url) as discovery:
        return discovery.tables()


def _with_password(questions: Questions, url: str) -> str:
    match = _WITHOUT_PASSWORD.fullmatch(url)
    if match is None or questions.unattended:
        return url
    password = questions.ask(
        Question(
            "password", "Its password (not shown, empty for none)", "Only used here.", "", str, hidden=True
        )
    )
    return f"{match[1]}:{quote(password, safe='')}{match[2]}" if password else url


def _absolute(url: str) -> str:
    """A SQLite file by its full path: the configuration is used from other folders too."""
    match = _RELATIVE.fullmatch(url)
    if match is None or match[2].startswith("file:"):
        return url
    path, mark, query = match[2].partition("?")
    return f"{match[1]}{Path(path).absolute().as_posix()}{mark}{query}"


def _kept(url: str, variables: Variables) -> str:
    shown = mask_database_url(url)
    return url if shown == url else variables.keep(VARIABLE, url, shown, _WHAT)
