"""`reindex`: a new collection beside the old one, and the name that moves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from embedconsole.cli.consent import confirm_option, require, yes_option
from embedconsole.cli.invocation import logging_to_file
from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, json_option

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation


@click.command("reindex", cls=Command, section="Repair")
@click.option("--no-switch", is_flag=True, help="Build and check, and leave the name where it is.")
@click.option(
    "--accept-missing", is_flag=True, help="Move the name although items that are searched now would not be."
)
@click.option("--alias", metavar="NAME", help="Move this name instead of the configured one.")
@click.option(
    "--replace", is_flag=True, help="Where the name is a collection's own: drop that one, give the name on."
)
@click.option(
    "--sample",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    metavar="K",
    help="Items whose neighbours are compared; costs no embedding.",
)
@click.option(
    "--query",
    "queries",
    multiple=True,
    metavar="TEXT",
    help="Search both for it and show the hits side by side; repeatable.",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0, min_open=True),
    metavar="AMOUNT",
    help="Spend at most this on embeddings, by price_per_1000.",
)
@click.option("--bulk", is_flag=True, help="For millions: Qdrant builds its index once it is filled.")
@click.option("--lead-to", metavar="NAME", help="Only give what is searched now a further name, an alias.")
@click.option("--rollback", is_flag=True, help="Have the name stand for the collection of before again.")
@click.option("--drop-old", is_flag=True, help="Drop the collections of before, which stand by.")
@yes_option
@common_options
@json_option
@click.pass_obj
def reindex_command(
    invocation: Invocation,
    /,
    *,
    no_switch: bool,
    accept_missing: bool,
    alias: str | None,
    replace: bool,
    sample: int,
    queries: tuple[str, ...],
    max_cost: float | None,
    bulk: bool,
    lead_to: str | None,
    rollback: bool,
    drop_old: bool,
    yes: bool,
) -> None:
    """Build a new collection beside the one that is searched, check it, and have it take the name over.

    For a new model, size, distance or template: change the configuration, then run this. What is searched
    stays so, and is kept true, until the name (an alias) moves at once. Vectors that stay the same are taken
    over, not paid for. It can be broken off anywhere; the next call goes on.

    \b
    Examples:
      embedconsole reindex
      embedconsole reindex --no-switch --query "red shoes" --query mug
      embedconsole reindex --rollback
      embedconsole reindex --drop-old
      embedconsole reindex --lead-to products-live
    """
    from embedconsole.cli.commands.reindex import drop_standby, lead, reindex, undo
    from embedconsole.sync.reindex.reindex import ReindexOptions
    from embedconsole.sync.shared.budget import check_prices

    if sum((rollback, drop_old, lead_to is not None)) > 1:
        raise click.UsageError("--lead-to, --rollback and --drop-old do not go together")
    session = invocation.session()
    if len(session.pipelines) != 1:
        names = ", ".join(pipeline.name for pipeline in session.pipelines)
        raise click.UsageError(f"name one pipeline with --pipeline: {names}")
    if lead_to is not None:
        sys.exit(lead(session, lead_to, as_json=invocation.as_json))
    if rollback:
        sys.exit(undo(session, as_json=invocation.as_json))
    if max_cost is not None:
        check_prices(session.pipelines)
    if drop_old:
        require(
            "--drop-old deletes the previous collections",
            "Delete the previous collections kept for rollback? This can't be undone.",
            yes=yes,
        )
        sys.exit(drop_standby(session, as_json=invocation.as_json))
    name = session.pipelines[0].collection.name
    if replace:
        require(
            f"--replace deletes the collection {name}",
            f"Delete the collection {name} once the new one is filled? This can't be undone.",
            yes=yes,
        )
    else:
        confirm_option(f"Fill a new collection for {name}? What can't be re-used is paid for again.", yes=yes)
    options = ReindexOptions(
        switch=not no_switch,
        alias=alias,
        replace=replace,
        accept_missing=accept_missing,
        sample=sample,
        queries=queries,
        max_cost=max_cost,
        bulk=bulk,
    )
    sys.exit(reindex(logging_to_file(invocation, session), options, as_json=invocation.as_json))
