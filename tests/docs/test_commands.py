"""Every command of the documents is run on a small shop; what can't be is named here, and understood."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import pytest

from docs.documents import PAGES, shown_commands, spans
from support.command_lines import understand

if TYPE_CHECKING:
    from collections.abc import Callable

    from docs.conftest import Site

NOT_RUN = {
    "embedconsole": "the console wants a terminal; tests/console",
    "embedconsole --attach": "the same",
    "embedconsole --read-only": "the same",
    "embedconsole --headless": "runs until it is stopped; tests/crash/test_daemon.py",
    "embedconsole setup": "asks questions; tests/setup",
    "embedconsole serve": "runs until it is stopped; tests/service",
    "embedconsole replay": "wants a terminal, and a past; tests/console",
}
"""Commands that are understood only, by how they begin, and why."""

OTHER_PROGRAMS = {
    "pip": "installs",
    "pipx": "installs",
    "uv": "installs",
    "python": "an environment, a benchmark or a page that is made anew",
    "python3": "the same",
    "pytest": "the tests, of which this is one",
}
"""Programs of others in the documents, which are not run, and why."""


def _runs(words: list[str]) -> bool:
    flags = {"--once", "--help", "--version", "--json", "--yes"}
    line = " ".join(words)
    return not any(
        line == one or (line.startswith(f"{one} ") and not flags & set(words)) for one in NOT_RUN if one != "embedconsole"
    ) and line != "embedconsole"


BEFORE: dict[str, Callable[[Site], None]] = {}


def _of(page: str) -> list[list[str]]:
    """The page's own commands in order, each once."""
    found = [one.words for one in shown_commands(page)]
    return list({tuple(words): words for words in found if words and words[0] == "embedconsole"}.values())


@pytest.mark.parametrize("page", [page for page in PAGES if _of(page)])
def test_its_commands_do_what_they_are_there_for(page: str, site: Site) -> None:
    failed = []
    for words in _of(page):
        understand(words)
        line = " ".join(words)
        if words[1:2] == ["demo"] or not _runs(words):
            continue
        prepare = BEFORE.get(line)
        if prepare is not None:
            prepare(site)
        told = site.run(words)
        if told.code != 0:
            failed.append(f"{line}: {told.code}\n{told.out[-600:]}{told.err[-600:]}")
    assert failed == [], "\n".join(failed)


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_its_text_are_understood(page: str) -> None:
    wrong = []
    for span in spans(page):
        if not span.startswith("embedconsole ") or _is_form(span):
            continue
        try:
            understand(span.split(" "))
        except click.UsageError as error:
            wrong.append(f"{span}: {error.message}")
    assert wrong == []
