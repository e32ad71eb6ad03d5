"""`--help` of every command: it has examples, and each of them is a command line that is understood."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from embedconsole.cli.group import SECTIONS, Command, CommandGroup
from embedconsole.cli.invocation import Invocation
from embedconsole.cli.main import cli
from support.command_lines import understand, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The command and all below it, each with how it is called."""
    yield path, command
    if isinstance(command, CommandGroup):
        for name, inner in command.loaded().items():
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


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_help_is_whole_at_80_columns(path: tuple[str, ...], command: click.Command) -> None:
    text = command.get_help(context_of(path))
    _, _, after_usage = text.partition("\n\n")
    assert [line for line in text.splitlines() if len(line) > 80] == []
    assert [line for line in after_usage.splitlines() if line.endswith("...")] == []
    if isinstance(command, CommandGroup):
        words = " ".join(text.split())
        assert [name for name, inner in command.loaded().items() if short_help(inner) not in words] == []


def context_of(path: tuple[str, ...]) -> click.Context:
    """The context in which a command's help is written, 80 columns wide."""
    context = click.Context(cli, info_name=path[0], terminal_width=78)
    command: click.Command = cli
    for name in path[1:]:
        assert isinstance(command, CommandGroup)
        command = command.loaded()[name]
        context = click.Context(command, parent=context, info_name=name, terminal_width=78)
    return context


def short_help(command: click.Command) -> str:
    return " ".join(command.get_short_help_str(1000).split())


def test_every_command_is_listed_in_a_section_as_it_describes_itself() -> None:
    """The list is written down apart from the commands, so that `--help` imports none of them."""
    assert isinstance(cli, CommandGroup)
    assert {entry.section for entry in cli.entries.values()} == {*SECTIONS}
    assert cli.commands == {}
    for name, command in cli.loaded().items():
        assert isinstance(command, Command)
        assert (command.name, short_help(command)) == (name, cli.entries[name].summary)


def test_the_list_of_commands_is_completed_without_importing_them() -> None:
    assert isinstance(cli, CommandGroup)
    completed = cli.shell_complete(context_of(("embedconsole",)), "re")
    assert [(item.value, item.help) for item in completed] == [
        (name, cli.entries[name].summary) for name in ("retry", "replay", "reindex", "resume")
    ]


def test_an_option_has_the_same_short_form_everywhere() -> None:
    """And a letter is the short form of one option."""
    forms: dict[str, set[str]] = {}
    letters: dict[str, set[str]] = {}
    for _, command in ALL:
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                long = next(form for form in parameter.opts if form.startswith("--"))
                short = next((form for form in parameter.opts if len(form) == 2), "")
                forms.setdefault(long, set()).add(short)
                letters.setdefault(short, set()).add(long)
    assert {long: found for long, found in forms.items() if len(found) > 1} == {}
    assert {short: found for short, found in letters.items() if short and len(found) > 1} == {}
    common = {"--config": "-c", "--pipeline": "-p", "--json": "-j", "--limit": "-n", "--yes": "-y"}
    assert {long: forms[long] for long in common} == {long: {short} for long, short in common.items()}


def test_how_much_is_told_can_be_chosen_everywhere() -> None:
    told = {"--quiet", "--verbose", "--log-level"}
    lacking = [
        " ".join(path)
        for path, command in ALL
        if not told <= {form for parameter in command.params for form in parameter.opts}
    ]
    assert lacking == ["embedconsole completion"], "it prints a script and does nothing else"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--dry-run run", "Write --dry-run after the command: embedconsole run --dry-run"),
        ("--force status", "Write --force after the command"),
        ("demo --limit 3 run", "Write --limit after the command: embedconsole demo run --limit"),
    ],
)
def test_an_option_before_a_command_is_not_ignored(line: str, message: str) -> None:
    ended = CliRunner().invoke(cli, line.split(), obj=Invocation(), prog_name="embedconsole")
    assert (ended.exit_code, message in ended.stderr) == (2, True)
