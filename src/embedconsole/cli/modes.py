"""The program without a command: the console, the daemon, or one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.cli.invocation import logging_to_file
from embedconsole.cli.output import say
from embedconsole.cli.screen import draw_console
from embedconsole.runtime import prepare_process

if TYPE_CHECKING:
    from embedconsole.cli.exits import Exit
    from embedconsole.cli.invocation import Invocation
    from embedconsole.cli.options import RunFlags


def run(invocation: Invocation, flags: RunFlags) -> Exit:
    """Run the console, the daemon or once, as the flags say.

    Raises:
        click.UsageError: flags that do not go together.
        ConfigError: the configuration can't be used.
    """
    if flags.headless and (flags.once or flags.dry_run):
        from embedconsole.cli.commands.run import one_run

        return one_run(invocation, flags)
    flags.check()
    prepare_process()
    return _daemon(invocation, flags) if flags.headless else _console(invocation, flags)


def _daemon(invocation: Invocation, flags: RunFlags) -> Exit:
    from embedconsole.cli.daemon import run_daemon
    from embedconsole.ops.traces import tracing

    session = invocation.session(
        chunk_size=flags.batch_size, workers=flags.workers, metrics_listen=flags.metrics_listen
    )
    logging_to_file(invocation, session, flags.log_format)
    with tracing(say):
        return run_daemon(session, as_json=invocation.as_json)


def _console(invocation: Invocation, flags: RunFlags) -> Exit:
    command = invocation.source.command
    return draw_console(
        invocation,
        otherwise=f"{command} run (one run) or {command} --headless (a daemon)",
        chunk_size=flags.batch_size,
        workers=flags.workers,
        log_format=flags.log_format,
        read_only=flags.read_only,
        attach=flags.attach,
        mouse=flags.mouse,
    )
