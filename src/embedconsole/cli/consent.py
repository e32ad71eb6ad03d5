"""The operator's word for what destroys, takes over what is not ours, or pays for everything again.

A command that destroys or takes over asks, and without a terminal needs `--yes`. What an option says by its
own name (`--force`) is the operator's word where nobody can be asked; on a terminal it is asked about too.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from embedconsole.cli.group import SAFETY, Option

if TYPE_CHECKING:
    from collections.abc import Callable

yes_option = click.option(
    "--yes", "-y", cls=Option, section=SAFETY, is_flag=True, help="Answer yes to what is asked."
)


def has_terminal() -> bool:
    """Whether a question can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def check_answerable(what: str, *, yes: bool) -> None:
    """See, before any work is done, that the question will be answered.

    Raises:
        click.UsageError: there is neither a terminal nor `--yes`.
    """
    if not yes and not has_terminal():
        raise click.UsageError(f"Add --yes: {what}, and there is no terminal to ask on.")


def asked(what: str, *, yes: bool) -> Callable[[str], bool]:
    """Who answers questions: the option, or the operator.

    Args:
        what: What the command is going to do, as the beginning of a sentence.
    """
    return partial(_answer, what, yes)


def _answer(what: str, yes: bool, question: str) -> bool:
    check_answerable(what, yes=yes)
    return yes or click.confirm(question, default=False, err=True)


def require(what: str, question: str, *, yes: bool) -> None:
    """Go on with the operator's word only.

    Raises:
        click.UsageError: as `check_answerable`.
        click.Abort: the answer is no.
    """
    if not _answer(what, yes, question):
        raise click.Abort


def confirm_option(question: str, *, yes: bool) -> None:
    """Ask about what an option says by its name; without a terminal the option is enough.

    Raises:
        click.Abort: the answer is no.
    """
    if not yes and has_terminal():
        click.confirm(question, default=False, abort=True, err=True)
