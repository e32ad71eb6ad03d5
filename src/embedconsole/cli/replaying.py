"""`replay`: the console at a past moment, or that moment as JSON."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from embedconsole.cli.invocation import logging_to_file
from embedconsole.cli.drawing import draw, on_terminal
from embedconsole.cli.group import Command
from embedconsole.cli.moments import EXAMPLES, parse_moment
from embedconsole.cli.options import common_options, json_option
from embedconsole.cli.exits import Exit
from embedconsole.cli.output import say

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation
    from embedconsole.headless.session import Session


def _moment(_: click.Context, __: click.Parameter, value: str) -> float:
    try:
        return parse_moment(value, datetime.now(UTC))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command("replay", cls=Command, section="Look")
@click.option(
    "--from", "moment", required=True, callback=_moment, metavar="MOMENT", help=f"For example {EXAMPLES}."
)
@common_options
@json_option
@click.pass_obj
def replay_command(invocation: Invocation, moment: float) -> None:
    """Look back: the console as it was at a past moment, read-only; arrows step, esc is now.

    What is shown is the latest that was recorded up to that moment. Times are those of this machine.

    \b
    Examples:
      embedconsole replay --from "2h ago"
      embedconsole replay --from "yesterday 22:00"
      embedconsole replay --from 02:14 --json
    """
    session = invocation.session()
    if invocation.as_json:
        from embedconsole.cli.commands.replay import print_past

        sys.exit(print_past(session, moment))
    sys.exit(_replay(invocation, session, moment))


def _replay(invocation: Invocation, session: Session, moment: float) -> Exit:
    if not on_terminal():
        say("This is no terminal, so there is nothing to draw the past on. Without a screen: add --json.")
        return Exit.USAGE
    if invocation.verbose:
        raise click.UsageError("--verbose is for commands without a screen; the console shows the log: 6")
    from embedconsole.console.launch import Launch

    settings = logging_to_file(invocation, session).loaded.settings
    return draw(
        Launch(
            pipelines=session.pipelines,
            ledger_url=session.ledger_url,
            every=settings.schedule.every,
            command=invocation.source.command,
            keys=settings.keys,
            read_only=True,
            log_path=session.log_path,
            replay_from=moment,
        )
    )
