"""`--help` of every command: it has examples, and each of them is a command line that is understood."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest

from embedconsole.cli.context import Invocation
from embedconsole.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_AFTER_COMMAND = re.compile(r"\s{2,}\S.*$|\s>\s.*$|\s\(.*\)$")


def commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The command and all below it, each with how it is called."""
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            if path[-1] != "demo":  # the demo has the same ones
                yield from commands(inner, (*path, name))


def examples(command: click.Command) -> list[str]:
    """The lines of the examples, without what is said beside them."""
    _, heading, rest = (command.help or "").partition("Examples:\n")
    lines = [line.strip() for line in rest.splitlines()] if heading else []
    return [_AFTER_COMMAND.sub("", line) for line in lines if line]


def parse(command: click.Command, name: str, arguments: Sequence[str], parent: click.Context | None) -> None:
    """Parse a command line down to its last command; nothing is run."""
    context = command.make_context(name, list(arguments), parent=parent, obj=Invocation())
    rest = [*context._protected_args, *context.args]
    if isinstance(command, click.Group) and rest:
        inner_name, inner, left = command.resolve_command(context, rest)
        assert inner is not None
        parse(inner, inner_name or "", left, context)


ALL = list(commands(cli, ("embedconsole",)))


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_a_command_explains_itself_with_examples_that_are_understood(
    path: tuple[str, ...], command: click.Command
) -> None:
    assert command.help
    assert command.get_short_help_str(200).endswith((".", ":"))
    found = examples(command)
    assert found, f"{' '.join(path)} --help shows no Examples:"
    lines = [shlex.split(line) for line in found]
    assert any(words[: len(path)] == list(path) for words in lines)
    for words in lines:
        assert words[0] == "embedconsole"
        parse(cli, words[0], words[1:], None)


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
            parse(cli, "embedconsole", line.split(), None)
