"""The commands, the same for a configuration file and for the demo."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from embedconsole.cli.completion_keys import complete_failed
from embedconsole.cli.doctor import doctor_command
from embedconsole.cli.feed import feed_group
from embedconsole.cli.group import Command, Group
from embedconsole.cli.keeping import KEEPING
from embedconsole.cli.notifying import notify_group
from embedconsole.cli.options import common_options, json_option, limit_option
from embedconsole.cli.commands.control import ORDERS
from embedconsole.cli.reindexing import reindex_command
from embedconsole.cli.replaying import replay_command
from embedconsole.cli.modes import run_command
from embedconsole.cli.searching import search_command
from embedconsole.cli.understanding import UNDERSTANDING
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation


@click.command("test", cls=Command, section="Start")
@common_options
@json_option
@click.pass_obj
def test_command(invocation: Invocation) -> None:
    """Try everything: configuration, ledger, catalog, each embedder (one real embedding), collection.

    \b
    Examples:
      embedconsole test
      embedconsole test --pipeline products --json
    """
    from embedconsole.cli.commands.checks import test_dependencies, unusable_configuration

    try:
        session = invocation.session()
    except ConfigError as error:
        sys.exit(unusable_configuration(error, as_json=invocation.as_json))
    sys.exit(test_dependencies(session, as_json=invocation.as_json))


@click.command("init", cls=Command, section="Start")
@common_options
@json_option
@click.pass_obj
def init_command(invocation: Invocation) -> None:
    """Create the collection and its payload indexes; compare one that exists. Never drops anything.

    \b
    Examples:
      embedconsole init
      embedconsole init --pipeline products
    """
    from embedconsole.cli.commands.checks import init_collections

    sys.exit(init_collections(invocation.session(), as_json=invocation.as_json))


@click.command("status", cls=Command, section="Look")
@common_options
@json_option
@click.pass_obj
def status_command(invocation: Invocation) -> None:
    """Show backlog, batches in flight of every process, failures and the collection.

    \b
    Examples:
      embedconsole status
      embedconsole status --json
    """
    from embedconsole.cli.commands.status import show_status

    sys.exit(show_status(invocation.session(), as_json=invocation.as_json))


@click.command("failures", cls=Command, section="Look")
@click.argument("key", required=False, shell_complete=complete_failed)
@limit_option("Items to list", 20)
@common_options
@json_option
@click.pass_obj
def failures_command(invocation: Invocation, key: str | None, limit: int) -> None:
    """List the failed items, grouped by cause; with a key, show one item in full.

    \b
    Examples:
      embedconsole failures
      embedconsole failures --limit 1000 --json
      embedconsole failures 35
    """
    from embedconsole.cli.commands.inspect import show_item
    from embedconsole.cli.commands.failures import show_failures

    session = invocation.session()
    if key is not None:
        sys.exit(show_item(session, key, as_json=invocation.as_json))
    sys.exit(show_failures(session, limit=limit, as_json=invocation.as_json))


@click.command("retry", cls=Command, section="Repair")
@click.argument("keys", nargs=-1, metavar="[KEY]...", shell_complete=complete_failed)
@click.option("--all", "everything", is_flag=True, help="All failed and waiting items.")
@click.option(
    "--cause", help="Only what failed of this class (item, transient) or of the cause with this id."
)
@common_options
@json_option
@click.pass_obj
def retry_command(invocation: Invocation, keys: tuple[str, ...], everything: bool, cause: str | None) -> None:
    """Put failed items back; the next run takes them up with all their attempts.

    \b
    Examples:
      embedconsole retry --all
      embedconsole retry 35 36
      embedconsole retry --cause transient
      embedconsole retry --cause 3f2a9c01     (the id that `failures` shows)
    """
    from embedconsole.cli.commands.failures import retry_failures

    session = invocation.session()
    sys.exit(
        retry_failures(session, keys=keys, everything=everything, cause=cause, as_json=invocation.as_json)
    )


@click.command("skip", cls=Command, section="Repair")
@click.argument("keys", nargs=-1, metavar="[KEY]...", shell_complete=complete_failed)
@click.option("--cause", help="All that failed of the cause with this id.")
@common_options
@json_option
@click.pass_obj
def skip_command(invocation: Invocation, keys: tuple[str, ...], cause: str | None) -> None:
    """Let failed items be until their content changes: they count as failed no more.

    \b
    Examples:
      embedconsole skip 35 36
      embedconsole skip --cause 3f2a9c01      (the id that `failures` shows)
      embedconsole retry 35                   (take it up again all the same)
    """
    from embedconsole.cli.commands.failures import skip_failures

    sys.exit(skip_failures(invocation.session(), keys=keys, cause=cause, as_json=invocation.as_json))


@click.command("runs", cls=Command, section="Look")
@click.argument("number", required=False, type=click.IntRange(min=1), metavar="[RUN]")
@limit_option("Runs to list", 20)
@common_options
@json_option
@click.pass_obj
def runs_command(invocation: Invocation, number: int | None, limit: int) -> None:
    """List the runs of all processes; with a number, show one in full and what went wrong in it.

    \b
    Examples:
      embedconsole runs
      embedconsole runs 42
      embedconsole runs --limit 100 --json
    """
    from embedconsole.cli.commands.runs import show_run, show_runs

    session = invocation.session()
    if number is None:
        sys.exit(show_runs(session, limit=limit, as_json=invocation.as_json))
    sys.exit(show_run(session, number, as_json=invocation.as_json))


@click.group("config", cls=Group, section="Services and settings")
@common_options
def config_group() -> None:
    """Look at the configuration in use.

    \b
    Examples:
      embedconsole config path
      embedconsole config show
    """


@config_group.command("show", cls=Command)
@common_options
@click.pass_obj
def config_show(invocation: Invocation) -> None:
    """Print all settings in use as YAML, with where each comes from; secrets are masked.

    \b
    Examples:
      embedconsole config show
    """
    from embedconsole.config.show import show
    from embedconsole.cli.output import put_text

    put_text(show(invocation.loaded()).rstrip("\n"))


@config_group.command("check", cls=Command)
@common_options
@click.pass_obj
def config_check(invocation: Invocation) -> None:
    """Check the configuration without connecting to anything.

    \b
    Examples:
      embedconsole config check --config new.yaml
    """
    from embedconsole.cli.output import put
    from embedconsole.ops.targets import check_extra

    session = invocation.session()
    check_extra(session.loaded.settings.notify)
    names = ", ".join(pipeline.name for pipeline in session.pipelines)
    put(f"{session.loaded.path}: fine; pipelines {names}")


@config_group.command("path", cls=Command)
@common_options
@click.pass_obj
def config_path(invocation: Invocation) -> None:
    """Print which file is used, and on stderr the places that are searched.

    \b
    Examples:
      embedconsole config path
    """
    from pathlib import Path

    from embedconsole.config.find import places
    from embedconsole.cli.output import note, put

    note("Searched: --config, $EMBEDCONSOLE_CONFIG, " + ", ".join(map(str, places(Path.cwd()))))
    put(str(invocation.loaded().path))


COMMANDS: tuple[click.Command, ...] = (
    run_command,
    test_command,
    init_command,
    status_command,
    failures_command,
    retry_command,
    skip_command,
    runs_command,
    replay_command,
    search_command,
    *KEEPING,
    reindex_command,
    *UNDERSTANDING,
    *ORDERS,
    doctor_command,
    notify_group,
    feed_group,
    config_group,
)
