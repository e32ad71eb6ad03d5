"""The program: its commands, and how it ends."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedconsole import __version__
from embedconsole.cli.commands import COMMANDS, NOT_IN_DEMO
from embedconsole.cli.exits import SENTENCES, Exit, exit_by
from embedconsole.cli.group import CommandGroup
from embedconsole.cli.modes import run
from embedconsole.cli.options import (
    RunFlags,
    common_options,
    json_option,
    mode_options,
    refuse_before_command,
)
from embedconsole.cli.output import open_streams, say, say_text, stdout_problem
from embedconsole.faults import ConfigError, Fault, system_fault, ungrouped
from embedconsole.foreign_text import is_text

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXIT_CODES = "\n".join(f"  {code:>3}  {SENTENCES[code]}" for code in Exit)


@click.group(
    cls=CommandGroup,
    entries=(*NOT_IN_DEMO, *COMMANDS),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"\b\nExit codes:\n{_EXIT_CODES}",
)
@mode_options
@common_options
@json_option
@click.version_option(__version__, "--version", "-V", prog_name="embedconsole")
@click.pass_context
def cli(context: click.Context, /, **flags: object) -> None:
    """Keep a Qdrant collection true to a SQL product catalog.

    Without a command: the console. With --headless: the daemon. `embedconsole run` is one run.

    \b
    Examples:
      embedconsole demo run                   try it, nothing to configure
      embedconsole                            the console
      embedconsole run                        one run, for cron
      embedconsole run --dry-run --json       count what it would do
      embedconsole --headless                 the daemon
    """
    if context.invoked_subcommand is None:
        sys.exit(run(context.obj, RunFlags(**flags)))  # type: ignore[arg-type]
    refuse_before_command(context)


def main() -> None:
    """The entry point: every error that an operator can fix is one line and an exit code, no traceback."""
    open_streams()
    _leave_deleted_folder()
    try:
        _check_text(sys.argv[1:])
        with ungrouped():
            cli.main(prog_name="embedconsole", standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort as abort:
        # ^C while there was nothing to drain; without it, the operator answered no.
        sys.exit(Exit.INTERRUPT if isinstance(abort.__cause__, KeyboardInterrupt) else Exit.SOME_FAILED)
    except ConfigError as error:
        # A line for each thing that is wrong with the configuration.
        say_text(str(error))
        sys.exit(Exit.USAGE)
    except Fault as fault:
        say(str(fault))
        sys.exit(exit_by(fault))
    except OSError as error:
        logging.getLogger("embedconsole").debug("refused by the system", exc_info=error)
        say(str(system_fault(error)))
        sys.exit(Exit.STOPPED)
    except Exception as error:
        logging.getLogger("embedconsole").critical("internal error", exc_info=error)
        say(f"This is an error of embedconsole itself; nothing is lost. {type(error).__name__}: {error}")
        sys.exit(Exit.STOPPED)
    finally:
        if (problem := stdout_problem()) is not None:
            say(f"Not all of the output could be written: {problem}")


def _check_text(arguments: Sequence[str]) -> None:
    """Refuse arguments that are not UTF-8 text, which no database or service takes; a path may be one."""
    for argument in arguments:
        if not is_text(argument) and not Path(argument).exists():
            raise click.UsageError(f"{argument!r} is not valid UTF-8 text")


def _leave_deleted_folder() -> None:
    """Change to the root folder where the current one was deleted: relative paths start from it."""
    try:
        Path.cwd()
    except OSError:
        os.chdir("/")
