"""Command lines in help texts and documents, understood without being run."""

from __future__ import annotations

import re
import shlex
from contextlib import suppress
from itertools import dropwhile
from typing import TYPE_CHECKING

import click

from embedconsole.cli.invocation import Invocation
from embedconsole.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Sequence

_AFTER_COMMAND = re.compile(r"\s{2,}\S.*$|\s>\s.*$|\s\(.*\)$")

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*=")


def words_of(line: str) -> list[str]:
    """The words of a command line, without variables, what is said beside it and where its output goes."""
    return list(dropwhile(_VARIABLE.match, shlex.split(_AFTER_COMMAND.sub("", line))))


def understand(words: Sequence[str]) -> None:
    """Parse a command line down to its last command.

    Raises:
        click.UsageError: it is not understood.
    """
    assert words[0] == "embedconsole"
    with suppress(click.exceptions.Exit):  # --help and --version end it
        _parse(cli, words[0], words[1:], None)


def _parse(command: click.Command, name: str, arguments: Sequence[str], parent: click.Context | None) -> None:
    context = command.make_context(name, list(arguments), parent=parent, obj=Invocation())
    rest = [*context._protected_args, *context.args]
    if isinstance(command, click.Group) and rest:
        inner_name, inner, left = command.resolve_command(context, rest)
        assert inner is not None
        _parse(inner, inner_name or "", left, context)
