"""`feed`: the triggers in the shop's database that make a change known at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from embedconsole.cli.consent import asked, yes_option
from embedconsole.cli.group import Command, Group
from embedconsole.cli.options import common_options, json_option

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation

_SQL = "this runs SQL in the catalog's database"


@click.group("feed", cls=Group, section="Services and settings")
@common_options
@json_option
def feed_group() -> None:
    """The change feed: triggers on the tables of catalog.watch, so that a change is seen within two seconds.

    \b
    Examples:
      embedconsole feed install
      embedconsole feed status
    """


@feed_group.command("install", cls=Command)
@click.option("--print", "only_print", is_flag=True, help="Only print the SQL, for whoever has the rights.")
@yes_option
@common_options
@click.pass_obj
def feed_install(invocation: Invocation, *, only_print: bool, yes: bool) -> None:
    """Show the SQL that creates outbox and triggers, ask, and run it; what is there already is left alone.

    \b
    Examples:
      embedconsole feed install
      embedconsole feed install --pipeline products --yes
      embedconsole feed install --print > feed.sql
    """
    from embedconsole.cli.commands.feed import install_feed, print_sql

    session = invocation.session()
    sys.exit(print_sql(session) if only_print else install_feed(session, asked(_SQL, yes=yes)))


@feed_group.command("status", cls=Command)
@common_options
@json_option
@click.pass_obj
def feed_status(invocation: Invocation) -> None:
    """Show each watched table, what waits in the outbox, and whether the feed can be relied on.

    \b
    Examples:
      embedconsole feed status
      embedconsole feed status --json
    """
    from embedconsole.cli.commands.feed import show_feeds

    sys.exit(show_feeds(invocation.session(), as_json=invocation.as_json))


@feed_group.command("remove", cls=Command)
@yes_option
@common_options
@click.pass_obj
def feed_remove(invocation: Invocation, *, yes: bool) -> None:
    """Show the SQL that drops triggers and outbox, ask, and run it; changes are then found by the scan.

    \b
    Examples:
      embedconsole feed remove
      embedconsole feed remove --pipeline products --yes
    """
    from embedconsole.cli.commands.feed import remove_feed

    sys.exit(remove_feed(invocation.session(), asked(_SQL, yes=yes)))
