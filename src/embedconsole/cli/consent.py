"""Confirmations before a command deletes, takes over points of other programs, or pays for everything again.

A command that deletes or takes over asks, and needs `--yes` without a terminal. An option that says by its
name what it does (`--force`) is confirmed on a terminal, and is enough without one.
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
    "--yes", "-y", cls=Option, section=SAFETY, is_flag=True, help="Answer yes to every question."
)


def has_terminal() -> bool:
    """Whether a question can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def check_answerable(what: str, *, yes: bool) -> None:
    """Refuse, before any work is done, a question that can't be answered.

    Raises:
        click.UsageError: there is neither a terminal nor `--yes`.
    """
    if not yes and not has_terminal():
        raise click.UsageError(f"Add --yes: {what}, and there is no terminal to ask on.")


def asked(what: str, *, yes: bool) -> Callable[[str], bool]:
    """Return the function that answers questions: by the option, or by asking the operator.

    Args:
        what: The action of the command, as the beginning of a sentence.
    """
    return partial(_answer, what, yes)


def _answer(what: str, yes: bool, question: str) -> bool:
    check_answerable(what, yes=yes)
    return yes or click.confirm(question, default=False, err=True)


def require(what: str, question: str, *, yes: bool) -> None:
    """Continue only with a confirmation.

    Raises:
        click.UsageError: as `check_answerable`.
        click.Abort: the answer is no.
    """
    if not _answer(what, yes, question):
        raise click.Abort


def confirm_option(question: str, *, yes: bool) -> None:
    """Confirm an option that says by its name what it does; without a terminal it is enough.

    Raises:
        click.Abort: the answer is no.
    """
    if not yes and has_terminal():
        click.confirm(question, default=False, abort=True, err=True)
