"""The commands that explain: one item, or the difference of two runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, json_option

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation


@click.command("explain", cls=Command, section="Look")
@click.argument("key")
@common_options
@json_option
@click.pass_obj
def explain_command(invocation: Invocation, key: str) -> None:
    """Show all of one item: row, what is sent, hashes, ledger, point, and what happens next and why.

    \b
    Examples:
      embedconsole explain 35
      embedconsole explain 35 --json
    """
    from embedconsole.headless.explained import explain_item

    sys.exit(explain_item(invocation.session(), key, as_json=invocation.as_json))


@click.command("diff", cls=Command, section="Look")
@click.argument("first", type=click.IntRange(min=1), metavar="RUN")
@click.argument("second", type=click.IntRange(min=1), metavar="RUN")
@common_options
@json_option
@click.pass_obj
def diff_command(invocation: Invocation, first: int, second: int) -> None:
    """Show two runs side by side: the figures that differ, and what failed in one of them only.

    \b
    Examples:
      embedconsole runs                       (their numbers)
      embedconsole diff 41 42
    """
    from embedconsole.cli.commands.runs import show_difference

    sys.exit(show_difference(invocation.session(), first, second, as_json=invocation.as_json))


UNDERSTANDING: tuple[click.Command, ...] = (explain_command, diff_command)
