"""Every command of the documents is run on a small shop; what can't be is named here, and understood."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest

from docs.conftest import lose_ledger, lose_markers, use_the_further_name
from docs.documents import PAGES, shown_commands, spans
from embedconsole.cli.exits import Exit
from support.command_lines import understand

if TYPE_CHECKING:
    from collections.abc import Callable

    from docs.conftest import Site

_DRAWS = "draws on a terminal: tests/console"
_STAYS = "runs until it is stopped: tests/crash/test_daemon.py, tests/end_to_end/test_monitoring.py"
_ASKS = "asks, and writes a configuration: tests/setup"
_SERVES = "runs until it is stopped: tests/service"
_SENDS = "sends to whoever is to be told: tests/ops"

NOT_RUN = {
    "embedconsole": _DRAWS,
    "embedconsole demo": _DRAWS,
    "embedconsole --headless": _STAYS,
    "embedconsole --headless --metrics-listen 127.0.0.1:9464": _STAYS,
    "embedconsole setup": _ASKS,
    "embedconsole setup --yes": _ASKS,
    "embedconsole setup --preset": _ASKS,
    "embedconsole serve": _SERVES,
    "embedconsole serve --embedder": _SERVES,
    "embedconsole serve --host": _SERVES,
    "embedconsole notify test": _SENDS,
}
"""Commands that are only understood, by how they begin, and which tests run them."""

OTHER_PROGRAMS = {
    "pip": "installs",
    "python": "makes an environment",
    "python3": "makes an environment",
    "/tmp/measured/bin/pip": "installs",
    ".": "enters an environment",
    "export": "sets a variable",
    "du": "measures an installation",
    "ls": "measures an installation",
    "useradd": "prepares a host",
    "install": "prepares a host",
    "pytest": "runs the tests",
    "celery": "works on a queue",
    "systemctl": "stops and starts the daemon",
    "cp": "keeps a ledger",
    "rm": "makes room for a ledger",
    "pg_dump": "keeps a ledger",
    "pg_restore": "puts a ledger back",
}
"""Programs of others that the documents call, and what for: they are not run."""

_METRICS_FILE = "/var/lib/node_exporter/textfile/embedconsole.prom"

BEFORE: dict[tuple[str, str], Callable[[Site], None]] = {
    ("docs/collections.md", "embedconsole adopt --dry-run"): lose_ledger,
    ("docs/collections.md", "embedconsole adopt --unmarked --dry-run"): lose_markers,
    ("docs/collections.md", "embedconsole adopt --unmarked --trust-vectors"): lose_markers,
    ("docs/collections.md", "embedconsole reindex --rollback"): use_the_further_name,
    ("docs/handbook.md", "embedconsole adopt --dry-run"): lose_ledger,
    ("docs/migration.md", "embedconsole adopt --unmarked --dry-run"): lose_markers,
    ("docs/migration.md", "embedconsole adopt --unmarked --trust-vectors"): lose_markers,
}
"""What has happened when a page gives this advice."""

ANSWERED = {
    "embedconsole feed install": "--yes",
    "embedconsole adopt --unmarked": "--yes",
    "embedconsole adopt --unmarked --trust-vectors": "--yes",
    "embedconsole reindex --drop-old": "--yes",
}
"""What stands for the answer to a question."""


_PLACEHOLDERS = {"RUN": "1", "N": "1", "K": "1", "AMOUNT": "1", "MOMENT": "2h ago"}
_FORM = re.compile(r"\.\.\.|[\[\]<>|{]")


def _ours(page: str) -> list[tuple[str, ...]]:
    """The page's own commands in order, each once."""
    return list(
        dict.fromkeys(tuple(one.words) for one in shown_commands(page) if one.words[0] == "embedconsole")
    )


def _named(words: tuple[str, ...]) -> str:
    """What a command is called in `NOT_RUN`: all of it, or its beginning where that stands for all alike."""
    beginning = " ".join(words[:3])
    return beginning if beginning in NOT_RUN else " ".join(words)


def _page_that_runs(words: tuple[str, ...]) -> str:
    """The first that shows a command."""
    return next(page for page in PAGES if words in _ours(page))


def _run_by(page: str) -> list[tuple[str, ...]]:
    """What a page's test runs: all of it where a command has something happen before, else what is new."""
    tells = any(where == page for where, _ in BEFORE)
    return [
        words
        for words in _ours(page)
        if _named(words) not in NOT_RUN
        and words[1:2] != ("demo",)
        and (tells or _page_that_runs(words) == page)
    ]


@pytest.mark.parametrize("page", [page for page in PAGES if _run_by(page)])
def test_its_commands_do_what_they_are_there_for(page: str, site: Site) -> None:
    failed = []
    for words in _run_by(page):
        line = " ".join(words)
        prepare = BEFORE.get((page, line))
        if prepare is not None:
            prepare(site)
        given = [str(site.folder / "file.prom") if word == _METRICS_FILE else word for word in words]
        told = site.run([*given, *ANSWERED.get(line, "").split()])
        if told.code != Exit.IN_SYNC:
            failed.append(f"{line}: {told.code}\n{told.out[-600:]}{told.err[-600:]}")
    assert failed == [], "\n".join(failed)


@pytest.mark.parametrize("page", PAGES)
def test_its_commands_are_understood(page: str) -> None:
    for words in _ours(page):
        understand(words)


def test_what_is_named_here_is_in_the_documents() -> None:
    shown = {(page, words) for page in PAGES for words in _ours(page)}
    assert set(NOT_RUN) - {_named(words) for _, words in shown} == set()
    assert set(BEFORE) - {(page, " ".join(words)) for page, words in shown} == set()
    assert set(ANSWERED) - {" ".join(words) for _, words in shown} == set()


def test_every_other_program_is_known() -> None:
    found = {one.words[0] for page in PAGES for one in shown_commands(page) if one.words}
    assert found - {"embedconsole"} == set(OTHER_PROGRAMS)


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_its_text_are_understood(page: str) -> None:
    wrong = []
    for span in spans(page):
        words = [] if _FORM.search(span) else [_PLACEHOLDERS.get(word, word) for word in shlex.split(span)]
        try:
            if words[:1] == ["embedconsole"]:
                understand(words)
        except click.UsageError as error:
            wrong.append(f"{span}: {error.message}")
    assert wrong == []
