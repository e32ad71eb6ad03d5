"""`notify`: who is told of what wants a look."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from embedconsole.cli.group import Command, Group
from embedconsole.cli.options import common_options, json_option

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation


@click.group("notify", cls=Group, section="Services and settings")
@common_options
@json_option
def notify_group() -> None:
    """Who is told of what wants a look: the section `notify` of the configuration.

    \b
    Examples:
      embedconsole notify test
    """


@notify_group.command("test", cls=Command)
@common_options
@json_option
@click.pass_obj
def notify_test_command(invocation: Invocation) -> None:
    """Send a test message to each target of notify.to, and say what came of each.

    \b
    Examples:
      embedconsole notify test
      embedconsole notify test --json
    """
    from embedconsole.headless.notifying import notify_test

    sys.exit(notify_test(invocation.session(), as_json=invocation.as_json))
