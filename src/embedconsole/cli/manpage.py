"""The manual page, made of the same texts as `--help`.

python -m embedconsole.cli.manpage > docs/embedconsole.1
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from embedconsole import __version__
from embedconsole.cli.exits import SENTENCES, Exit
from embedconsole.cli.group import CommandGroup
from embedconsole.cli.main import cli
from embedconsole.config.load import VARIABLE
from embedconsole.config.paths import LOG_VARIABLE, STATE_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "embedconsole"
_FILES = (
    ("./embedconsole.yaml", "The configuration, looked for here first."),
    ("~/.config/embedconsole/embedconsole.yaml", "Then here."),
    ("/etc/embedconsole/embedconsole.yaml", "And then here."),
    ("~/.local/state/embedconsole/", "The ledger, unless the configuration names a database."),
    ("~/.local/state/embedconsole/log/embedconsole.log", "The log, unless the configuration names another."),
)
_ENVIRONMENT = (
    (VARIABLE, "The configuration file, instead of the places below."),
    (STATE_VARIABLE, "The folder of the ledger."),
    (LOG_VARIABLE, "The folder of the log."),
    ("EMBEDCONSOLE_*", "Any setting: EMBEDCONSOLE_CHUNK_SIZE=50, EMBEDCONSOLE_RETRY__ATTEMPTS=5."),
    ("NO_COLOR", "The console draws without colours."),
)


def manual() -> str:
    """The page as roff."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield f'.TH {_NAME.upper()} 1 "" "{_NAME} {__version__}" "User Commands"'
    yield ".SH NAME"
    yield f"{_NAME} \\- {_text(cli.get_short_help_str(200).rstrip('.'))}"
    yield ".SH SYNOPSIS"
    yield f"\\fB{_NAME}\\fR [\\fIOPTIONS\\fR] [\\fICOMMAND\\fR [\\fIARGS\\fR]...]"
    yield ".SH DESCRIPTION"
    yield from _help(cli)
    yield ".SH OPTIONS"
    yield from _options(cli, cli.make_context(_NAME, [], resilient_parsing=True))
    yield ".SH COMMANDS"
    yield "Each of them takes \\fB\\-\\-help\\fR; \\fBdemo\\fR takes all that work on a configuration too."
    yield from _commands(cli, cli.make_context(_NAME, [], resilient_parsing=True))
    yield ".SH EXIT STATUS"
    for code in Exit:
        yield from _item(str(int(code)), SENTENCES[code])
    yield ".SH ENVIRONMENT"
    for name, what in _ENVIRONMENT:
        yield from _item(name, what)
    yield ".SH FILES"
    for name, what in _FILES:
        yield from _item(name, what)


def _commands(group: CommandGroup, context: click.Context) -> Iterator[str]:
    for name, command in group.loaded().items():
        inner = command.make_context(name, [], parent=context, resilient_parsing=True)
        usage = " ".join(command.collect_usage_pieces(inner))
        yield f".SS {_text(inner.command_path)} {_text(usage)}".rstrip()
        yield from _help(command)
        yield from _options(command, inner)
        if isinstance(command, CommandGroup) and name != "demo":
            yield from _commands(command, inner)


def _help(command: click.Command) -> Iterator[str]:
    """The paragraphs of a help text; those after `\\b` keep their lines."""
    for paragraph in (command.help or "").split("\n\n"):
        lines = paragraph.strip("\n").splitlines()
        if lines and lines[0].strip() == "\b":
            yield ".PP"
            if lines[1].strip().endswith(":"):
                yield _text(lines.pop(1).strip())
            yield ".EX"
            yield from map(_text, lines[1:])
            yield ".EE"
        elif lines:
            yield ".PP"
            yield from (_text(line.strip()) for line in lines)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    """The options but `--help`, which all have."""
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            yield from _item(*record)


def _item(term: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield f"\\fB{_text(term)}\\fR"
    yield _text(text)


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    sys.stdout.write(manual())
