"""The options that commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, ParamSpec, get_args

import click
from click.core import ParameterSource

from embedconsole.cli.completion import complete_pipelines
from embedconsole.cli.consent import yes_option
from embedconsole.cli.group import COMMON, SAFETY, Option
from embedconsole.cli.invocation import Invocation
from embedconsole.cli.output import log_on_stderr, quiet
from embedconsole.config.sections.metrics import parse_listen
from embedconsole.config.types import LogLevel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

P = ParamSpec("P")

_MODE, _WORK, _RECORDS = "Console and daemon", "What a run does", "Records"


def _take_config(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    invocation = context.ensure_object(Invocation)
    invocation.config = value or invocation.config


def _take_pipelines(context: click.Context, _: click.Parameter, value: tuple[str, ...]) -> None:
    invocation = context.ensure_object(Invocation)
    invocation.pipelines = (*invocation.pipelines, *value)


def _take_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    invocation = context.ensure_object(Invocation)
    invocation.as_json = invocation.as_json or value


def _take_quiet(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.with_resource(quiet())


def _take_verbose(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Invocation).verbose = True
        context.with_resource(log_on_stderr())


def _take_log_level(context: click.Context, _: click.Parameter, value: LogLevel | None) -> None:
    invocation = context.ensure_object(Invocation)
    invocation.log_level = value or invocation.log_level


def config_option(command: Callable[P, None]) -> Callable[P, None]:
    """`--config` and the options of how much is written, for every command."""
    option = click.option(
        "--config",
        "-c",
        cls=Option,
        section=COMMON,
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        expose_value=False,
        callback=_take_config,
        help="The configuration file (`embedconsole config path` prints the default).",
    )
    return option(talk_options(command))


def talk_options(command: Callable[P, None]) -> Callable[P, None]:
    """How much is written: `--quiet`, `--verbose`, `--log-level`."""
    for option in reversed(
        (
            click.option(
                "--quiet",
                "-q",
                cls=Option,
                section=COMMON,
                is_flag=True,
                expose_value=False,
                callback=_take_quiet,
                help="Print results and problems only: no progress, no hints.",
            ),
            click.option(
                "--verbose",
                "-v",
                cls=Option,
                section=COMMON,
                is_flag=True,
                expose_value=False,
                callback=_take_verbose,
                help="Print the log on stderr too, with its debug lines.",
            ),
            click.option(
                "--log-level",
                cls=Option,
                section=COMMON,
                type=click.Choice(get_args(LogLevel)),
                expose_value=False,
                callback=_take_log_level,
                help="Least level in the log file (default: log.level of the configuration).",
            ),
        )
    ):
        command = option(command)
    return command


def _check_listen(context: click.Context, _: click.Parameter, value: str | None) -> str | None:
    try:
        if value is not None:
            parse_listen(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return value


def common_options(command: Callable[P, None]) -> Callable[P, None]:
    """`--config` and `--pipeline`, for commands that work on pipelines."""
    option = click.option(
        "--pipeline",
        "-p",
        cls=Option,
        section=COMMON,
        multiple=True,
        metavar="NAME",
        expose_value=False,
        callback=_take_pipelines,
        shell_complete=complete_pipelines,
        help="Only this pipeline; may be given more than once.",
    )
    return option(config_option(command))


def json_option(command: Callable[P, None]) -> Callable[P, None]:
    """`--json`, for commands that print data."""
    option = click.option(
        "--json",
        "-j",
        "as_json",
        cls=Option,
        section=COMMON,
        is_flag=True,
        expose_value=False,
        callback=_take_json,
        help="Print JSON on stdout.",
    )
    return option(command)


def limit_option(what: str, default: int) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """`--limit` of a list."""
    return click.option(
        "--limit",
        "-n",
        type=click.IntRange(min=1),
        default=default,
        show_default=True,
        metavar="N",
        help=f"{what}.",
    )


force_option = click.option(
    "--force",
    "-f",
    cls=Option,
    section=_WORK,
    is_flag=True,
    help="Embed everything again, changed or not.",
)
"""Whether a run embeds again what is in sync."""

only_option = click.option(
    "--only",
    cls=Option,
    section=_WORK,
    multiple=True,
    metavar="COLUMN=VALUE|KEY",
    help="With --force: just these, for example category=shoes or id=35; repeatable.",
)
"""The items that a forced run embeds."""

_RUN_OPTIONS = (
    force_option,
    only_option,
    click.option(
        "--full",
        cls=Option,
        section=_WORK,
        is_flag=True,
        help="Compare every row, not only what may have changed.",
    ),
    click.option(
        "--limit",
        "-n",
        cls=Option,
        section=_WORK,
        type=click.IntRange(min=1),
        metavar="N",
        help="Work on at most N items; ends with 1 where that leaves some.",
    ),
    click.option(
        "--max-cost",
        cls=Option,
        section=_WORK,
        type=click.FloatRange(min=0, min_open=True),
        metavar="AMOUNT",
        help="Spend at most this on embeddings, by price_per_1000; ends with 1 where that leaves some.",
    ),
    click.option(
        "--batch-size",
        "--chunk",
        "batch_size",
        cls=Option,
        section=_WORK,
        type=click.IntRange(min=1),
        metavar="N",
        help="Items in a batch (default: chunk_size of the configuration).",
    ),
    click.option(
        "--workers",
        "-w",
        cls=Option,
        section=_WORK,
        type=click.IntRange(min=1),
        metavar="N",
        help="Batches that embed at the same time (default: workers of the configuration).",
    ),
    click.option(
        "--bulk",
        cls=Option,
        section=_WORK,
        is_flag=True,
        help="For a first fill of millions: Qdrant builds its index at the end, which is waited for.",
    ),
    click.option(
        "--dry-run", cls=Option, section=SAFETY, is_flag=True, help="Count what would be done; write nothing."
    ),
    click.option(
        "--allow-deletes",
        cls=Option,
        section=SAFETY,
        is_flag=True,
        help="Delete even more than max_delete_fraction of the items.",
    ),
    click.option(
        "--take-over",
        cls=Option,
        section=SAFETY,
        is_flag=True,
        help="Overwrite points of other programs that have the ids of items.",
    ),
    click.option(
        "--overlap",
        cls=Option,
        section=SAFETY,
        type=click.Choice(["skip", "wait"]),
        default="skip",
        show_default=True,
        help="While another process runs the pipeline: skip this run, or wait.",
    ),
    yes_option,
    click.option(
        "--metrics-file",
        cls=Option,
        section=_RECORDS,
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write figures for Prometheus there at the end of the run, whatever its outcome.",
    ),
    click.option(
        "--log-format",
        cls=Option,
        section=_RECORDS,
        type=click.Choice(["text", "json"]),
        help="Lines of the log file: for people or for machines.",
    ),
)
_MODE_OPTIONS = (
    click.option(
        "--headless",
        cls=Option,
        section=_MODE,
        is_flag=True,
        help="The daemon instead of the console: sync on the schedule until it is stopped.",
    ),
    click.option(
        "--once", cls=Option, section=_MODE, is_flag=True, help="With --headless: one run, the same as `run`."
    ),
    click.option(
        "--metrics-listen",
        cls=Option,
        section=_MODE,
        metavar="HOST:PORT",
        callback=_check_listen,
        help="Daemon: answer Prometheus and probes there, for example 127.0.0.1:9464.",
    ),
    click.option(
        "--read-only",
        cls=Option,
        section=_MODE,
        is_flag=True,
        help="Console: show only; nothing is synced or changed.",
    ),
    click.option(
        "--attach",
        cls=Option,
        section=_MODE,
        is_flag=True,
        help="Console: watch and control the daemon, without an engine here.",
    ),
    click.option("--mouse", cls=Option, section=_MODE, is_flag=True, help="Console: take mouse clicks too."),
)


def run_options(command: Callable[P, None]) -> Callable[P, None]:
    """The options of one run."""
    for option in reversed(_RUN_OPTIONS):
        command = option(command)
    return command


def mode_options(command: Callable[P, None]) -> Callable[P, None]:
    """The options that choose between console, daemon and one run, and those of each."""
    for option in reversed(_MODE_OPTIONS):
        command = option(command)
    return run_options(command)


@dataclass(frozen=True, slots=True)
class RunFlags:
    """The options of `mode_options`, under their names; those of one run first."""

    force: bool
    only: tuple[str, ...]
    yes: bool
    batch_size: int | None
    workers: int | None
    limit: int | None
    max_cost: float | None
    bulk: bool
    full: bool
    dry_run: bool
    allow_deletes: bool
    take_over: bool
    overlap: Literal["skip", "wait"]
    log_format: Literal["text", "json"] | None
    metrics_file: Path | None
    headless: bool = False
    once: bool = False
    metrics_listen: str | None = None
    read_only: bool = False
    attach: bool = False
    mouse: bool = False

    def check(self) -> None:
        """See that the options go together.

        Raises:
            click.UsageError: they do not.
        """
        if self.only and not self.force:
            raise click.UsageError("--only needs --force: it selects what to embed again")
        once_only = {
            "--force": self.force,
            "--limit": self.limit is not None,
            "--max-cost": self.max_cost is not None,
            "--bulk": self.bulk,
            "--full": self.full,
            "--allow-deletes": self.allow_deletes,
            "--take-over": self.take_over,
        }
        if self.headless and not (self.once or self.dry_run):
            for name, given in once_only.items():
                if given:
                    raise click.UsageError(f"{name} is for one run: embedconsole run {name}")
        if self.metrics_listen and (self.once or self.dry_run or not self.headless):
            raise click.UsageError("--metrics-listen is for the daemon: embedconsole --headless")
        if self.metrics_file and not (self.headless and self.once and not self.dry_run):
            raise click.UsageError(
                "--metrics-file is for one run: embedconsole run; the daemon has --metrics-listen"
            )
        if self.headless:
            console_only = {
                "--read-only": self.read_only,
                "--attach": self.attach,
                "--mouse": self.mouse,
            }
            for name, given in console_only.items():
                if given:
                    raise click.UsageError(f"{name} is for the console: leave out --headless")
        else:
            if self.once:
                raise click.UsageError("--once needs --headless; `embedconsole run` is the same")
            for name, given in {**once_only, "--dry-run": self.dry_run}.items():
                if given:
                    raise click.UsageError(f"{name} is for one run: embedconsole run {name}")


def refuse_before_command(context: click.Context, allowed: Sequence[str] = ()) -> None:
    """Refuse options before a command that would be ignored there, such as `--dry-run`.

    Args:
        context: That of the group.
        allowed: Parameters that the group itself has used.

    Raises:
        click.UsageError: such an option is before the command.
    """
    for parameter in context.command.params:
        if not parameter.expose_value or parameter.name in allowed:
            continue
        if context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"Write {parameter.opts[0]} after the command: "
                f"{context.command_path} {context.invoked_subcommand} {parameter.opts[0]}"
            )
