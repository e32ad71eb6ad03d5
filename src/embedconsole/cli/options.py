"""The options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

import click

from embedconsole.cli.completing import complete_pipelines
from embedconsole.cli.consent import yes_option
from embedconsole.cli.context import Invocation, merge
from embedconsole.config.sections.metrics import parse_listen

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")


def _take_config(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    merge(context.ensure_object(Invocation), value, (), as_json=False)


def _take_pipelines(context: click.Context, _: click.Parameter, value: tuple[str, ...]) -> None:
    merge(context.ensure_object(Invocation), None, value, as_json=False)


def _take_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    merge(context.ensure_object(Invocation), None, (), as_json=value)


def config_option(command: Callable[P, None]) -> Callable[P, None]:
    """`--config`, everywhere."""
    option = click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        expose_value=False,
        callback=_take_config,
        help="The configuration file (default: see `embedconsole config path`).",
    )
    return option(command)


def _check_listen(context: click.Context, _: click.Parameter, value: str | None) -> str | None:
    try:
        if value is not None:
            parse_listen(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return value


def common_options(command: Callable[P, None]) -> Callable[P, None]:
    """`--config` and `--pipeline`, wherever there are pipelines."""
    option = click.option(
        "--pipeline",
        multiple=True,
        metavar="NAME",
        expose_value=False,
        callback=_take_pipelines,
        shell_complete=complete_pipelines,
        help="Only this pipeline; may be given more than once.",
    )
    return config_option(option(command))


def json_option(command: Callable[P, None]) -> Callable[P, None]:
    """`--json`, where there is data to read."""
    option = click.option(
        "--json",
        "as_json",
        is_flag=True,
        expose_value=False,
        callback=_take_json,
        help="Print JSON on stdout.",
    )
    return option(command)


only_option = click.option(
    "--only",
    multiple=True,
    metavar="COLUMN=VALUE|KEY",
    help="With --force: just these, for example category=shoes or id=35; repeatable.",
)
"""Which items a forced run is about."""


def run_options(command: Callable[P, None]) -> Callable[P, None]:
    """What `--headless` and `--headless --once` take."""
    for option in reversed(
        (
            click.option("--headless", is_flag=True, help="No screen: sync on the schedule until stopped."),
            click.option("--once", is_flag=True, help="With --headless: one run, then exit (for cron)."),
            click.option("--force", is_flag=True, help="Embed everything again, changed or not."),
            only_option,
            yes_option,
            click.option(
                "--batch-size",
                "--chunk",
                "batch_size",
                type=click.IntRange(min=1),
                metavar="N",
                help="Items in a batch (default: chunk_size of the configuration).",
            ),
            click.option(
                "--workers",
                type=click.IntRange(min=1),
                metavar="N",
                help="Batches that embed at the same time (default: workers of the configuration).",
            ),
            click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Work on at most N items."),
            click.option(
                "--max-cost",
                type=click.FloatRange(min=0, min_open=True),
                metavar="AMOUNT",
                help="Spend at most this on embeddings, by price_per_1000.",
            ),
            click.option(
                "--bulk",
                is_flag=True,
                help="For a first fill of millions: Qdrant builds its index at the end, which is waited for.",
            ),
            click.option("--full", is_flag=True, help="Compare every row, not only what may have changed."),
            click.option("--dry-run", is_flag=True, help="Tell what would be done; write nothing."),
            click.option(
                "--allow-deletes",
                is_flag=True,
                help="Delete even more than max_delete_fraction of the items.",
            ),
            click.option(
                "--take-over",
                is_flag=True,
                help="Overwrite points of other programs that have the ids of items.",
            ),
            click.option(
                "--overlap",
                type=click.Choice(["skip", "wait"]),
                default="skip",
                show_default=True,
                help="When another process is at it: leave it the run, or wait.",
            ),
            click.option(
                "--read-only", is_flag=True, help="Console: only look; nothing is synced or changed."
            ),
            click.option(
                "--attach", is_flag=True, help="Console: watch and steer the daemon, without an engine here."
            ),
            click.option("--mouse", is_flag=True, help="Console: take mouse clicks too."),
            click.option(
                "--metrics-listen",
                metavar="HOST:PORT",
                callback=_check_listen,
                help="Daemon: answer Prometheus and probes there, for example 127.0.0.1:9464.",
            ),
            click.option(
                "--metrics-file",
                type=click.Path(path_type=Path, dir_okay=False),
                metavar="FILE",
                help="With --once: write figures for Prometheus there, whatever came of the run.",
            ),
            click.option(
                "--log-format", type=click.Choice(["text", "json"]), help="For people or for machines."
            ),
        )
    ):
        command = option(command)
    return command
