"""`doctor`: one text to paste into a report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, json_option
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation


@click.command("doctor", cls=Command, section="Start")
@click.option("--embed", is_flag=True, help="Make one real embedding with each embedder; it may cost money.")
@common_options
@json_option
@click.pass_obj
def doctor_command(invocation: Invocation, *, embed: bool) -> None:
    """Gather versions, configuration, states and the last errors into one text to paste into a report.

    Passwords, tokens and keys are masked. What can't be told says why; nothing is changed.

    \b
    Examples:
      embedconsole doctor
      embedconsole doctor --embed > report.txt
      embedconsole doctor --json
    """
    from embedconsole.cli.commands.doctor import report

    session, problem = None, None
    try:
        session = invocation.session()
    except ConfigError as error:
        problem = str(error)
    sys.exit(report(session, problem, embed=embed, as_json=invocation.as_json))
