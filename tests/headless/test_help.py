"""`--help` of every command: it has examples, and each of them is a command line that is understood."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import pytest

from embedconsole.cli.main import cli
from support.command_lines import understand, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The command and all below it, each with how it is called."""
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            if path[-1] != "demo":  # the demo has the same ones
                yield from commands(inner, (*path, name))


def examples(command: click.Command) -> list[list[str]]:
    """The command lines of the examples."""
    _, heading, rest = (command.help or "").partition("Examples:\n")
    lines = [words_of(line.strip()) for line in rest.splitlines() if heading and line.strip()]
    return [[word for at, word in enumerate(words) if at or not _VARIABLE.match(word)] for words in lines]


_VARIABLE = re.compile(r"[A-Z_]+=")

ALL = list(commands(cli, ("embedconsole",)))


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_a_command_explains_itself_with_examples_that_are_understood(
    path: tuple[str, ...], command: click.Command
) -> None:
    assert command.help
    assert command.get_short_help_str(200).endswith((".", ":"))
    found = examples(command)
    assert found, f"{' '.join(path)} --help shows no Examples:"
    assert any(words[: len(path)] == list(path) for words in found)
    for words in found:
        understand(words)


def test_every_option_says_what_it_does() -> None:
    silent = [
        f"{' '.join(path)} {parameter.opts[0]}"
        for path, command in ALL
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert silent == []


def test_an_example_that_is_wrong_is_noticed() -> None:
    """The test above can fail."""
    for line in ("status --no-such-option", "config nothing", "retry --cause", "search --limit x"):
        with pytest.raises(click.UsageError):
            understand(["embedconsole", *line.split()])
