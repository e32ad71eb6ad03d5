"""`setup`: the questions, the file, and what a first run would do."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedconsole.cli.exits import Exit
from embedconsole.cli.group import Command
from embedconsole.cli.options import talk_options
from embedconsole.cli.output import note, put, say, say_text
from embedconsole.config.sections.embedder import EMBEDDERS

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation
    from embedconsole.setup.variables import Variables
    from embedconsole.setup.wizard import Setup

_PRESETS = ("legacy-flags", "legacy-timestamps", "legacy-images", "woocommerce", "bagisto")
_DEFAULT = Path("embedconsole.yaml")


def _reference(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    return None if value is None else f"${{{value.strip('${}')}}}"


def _settings(_: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    if not all(name and equals for name, equals, _ in pairs):
        raise click.BadParameter("should be NAME=VALUE", param=parameter)
    return {name: value for name, _, value in pairs}


@click.command("setup", cls=Command)
@click.option(
    "--config",
    "-c",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=f"Where to write the configuration (default: ./{_DEFAULT}).",
)
@click.option(
    "--database-url-env",
    metavar="NAME",
    callback=_reference,
    help="The variable that holds the database URL.",
)
@click.option("--preset", type=click.Choice(_PRESETS), help="A query and mapping for a schema that is known.")
@click.option("--table", metavar="NAME", help="The table that has an item a row.")
@click.option("--query", metavar="SQL", help="Instead of a table: the query that gives an item a row.")
@click.option("--where", metavar="SQL", help="Only the table's rows that fulfil this.")
@click.option("--key", metavar="COLUMN", help="The column that names an item.")
@click.option("--changed", metavar="COLUMN", help="The column that grows with every change; - for none.")
@click.option(
    "--text", metavar="COLUMNS", help="The columns that are embedded as text, a comma between them."
)
@click.option("--image", metavar="COLUMN", help="The column with a picture's address; - for none.")
@click.option("--payload", metavar="COLUMNS", help="The columns of the payload; * for all.")
@click.option(
    "--indexes", metavar="NAME:TYPE,...", help="The payload fields that are filtered by; - for none."
)
@click.option("--name", metavar="NAME", help="What the pipeline is called.")
@click.option(
    "--embedder", type=click.Choice(tuple(EMBEDDERS)), help="What turns text and pictures into vectors."
)
@click.option("--embedder-url", metavar="URL", help="Its address, or the variable that holds it.")
@click.option("--model", metavar="NAME", help="Its model.")
@click.option("--token-env", metavar="NAME", help="The variable that holds its token; - for none.")
@click.option("--qdrant", metavar="URL|DIR", help="Qdrant's address, or a folder for the embedded engine.")
@click.option("--qdrant-key-env", metavar="NAME", help="The variable that holds its API key; - for none.")
@click.option("--collection", metavar="NAME", help="The collection.")
@click.option(
    "--set",
    "more",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_settings,
    help="Answer another question by its name, such as a preset's: prefix=shop_, locale=de; repeatable.",
)
@click.option("--yes", "-y", is_flag=True, help="Ask nothing: take the default of what no option answers.")
@click.option("--no-test", is_flag=True, help="Connect to nothing; then no column is suggested either.")
@click.option("--force", "-f", is_flag=True, help="Replace a configuration that is there.")
@talk_options
@click.pass_obj
def setup_command(
    invocation: Invocation,
    /,
    *,
    path: Path | None,
    more: dict[str, str],
    yes: bool,
    no_test: bool,
    force: bool,
    **answers: str | None,
) -> None:
    """Ask for database, table, embedder and Qdrant, try each, and write a configuration.

    Secrets stay in the environment: the file refers to variables, and the lines that set them are printed.
    Ends with what a first run would do, without doing it. At every question ? explains, enter takes the
    default.

    \b
    Examples:
      embedconsole setup
      embedconsole setup --config /etc/embedconsole/embedconsole.yaml
      embedconsole setup --database-url-env DATABASE_URL --table products --yes
      embedconsole setup --preset woocommerce --set prefix=shop_
      embedconsole setup --preset legacy-flags --yes --no-test --force
    """
    from embedconsole.setup.questions import Questions
    from embedconsole.setup.variables import Variables
    from embedconsole.setup.wizard import ask_all
    from embedconsole.setup.write import taken, write_configuration

    path = (path or invocation.config or _DEFAULT).absolute()
    if path.exists() and not force:
        say(taken(path))
        sys.exit(Exit.USAGE)
    given = {name.replace("_", "-"): value for name, value in answers.items() if value is not None}
    questions = Questions({**more, **given}, unattended=yes, tests=not no_test)
    variables = Variables(dict(os.environ), lenient=no_test)
    if not yes:
        note(f"This makes {path}, once all is answered.")
        note("At every question: ? explains, enter takes the value in [ ], - is none, ^C ends.")
    try:
        setup = ask_all(questions, variables, path)
        write_configuration(path, setup.text, replace=force)
    except (click.Abort, KeyboardInterrupt):
        say_text(
            "\nEnded; nothing was written." + ("" if sys.stdin.isatty() else " Without a terminal: --yes.")
        )
        sys.exit(Exit.INTERRUPT)
    sys.exit(_conclude(setup, variables, path, tested=not no_test))


def _conclude(setup: Setup, variables: Variables, path: Path, *, tested: bool) -> Exit:
    """Say what was written and what is to be set, and count what a first run would do."""
    from embedconsole.cli.commands.run import run_dry
    from embedconsole.cli.invocation import open_session
    from embedconsole.sync.shared.options import RunOptions

    put(str(path))
    exports = variables.exports(os.environ)
    if exports:
        say_text("\nSet in the environment of the process:")
        for line in exports:
            say(f"  {line}")
    if setup.reached and tested:
        say_text("\nWhat a first run would do:")
        # Its exit code is a run's: the file is written, and what a run needs in addition is said.
        run_dry(open_session(setup.loaded, ()), RunOptions(), as_json=False)
    say_text("\nNext: embedconsole test, then embedconsole run, or embedconsole for the console.")
    return Exit.IN_SYNC
