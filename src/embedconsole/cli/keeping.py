"""The commands that look at what the store holds, and set ledger and collection right."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from embedconsole.cli.consent import asked, check_answerable, yes_option
from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, json_option

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation


@click.command("verify", cls=Command, section="Repair")
@click.option("--repair", is_flag=True, help="Mend what differs, by a normal run.")
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="K",
    help="Also embed K items again and compare with their vectors; costs K embeddings.",
)
@click.option(
    "--allow-deletes",
    is_flag=True,
    help="With --repair: delete even more than max_delete_fraction of the items.",
)
@common_options
@json_option
@click.pass_obj
def verify_command(invocation: Invocation, *, repair: bool, sample: int | None, allow_deletes: bool) -> None:
    """Compare catalog, ledger and collection with each other, point by point.

    \b
    Examples:
      embedconsole verify
      embedconsole verify --sample 20
      embedconsole verify --repair
      embedconsole verify --json
    """
    from embedconsole.cli.commands.verify import repair_pipelines, verify_pipelines

    if allow_deletes and not repair:
        raise click.UsageError("--allow-deletes goes with --repair: a verify deletes nothing")
    session = invocation.session()
    if repair:
        from embedconsole.cli.invocation import logging_to_file

        sys.exit(
            repair_pipelines(
                logging_to_file(invocation, session),
                sample=sample or 0,
                allow_deletes=allow_deletes,
                as_json=invocation.as_json,
            )
        )
    sys.exit(verify_pipelines(session, sample=sample or 0, as_json=invocation.as_json))


@click.command("adopt", cls=Command, section="Repair")
@click.option(
    "--unmarked",
    is_flag=True,
    help="Also points without our marker, whose id is the item's key and whose payload says the same.",
)
@click.option(
    "--trust-vectors",
    is_flag=True,
    help="With --unmarked: also those with another payload; it is written anew, the vectors stay.",
)
@click.option("--dry-run", is_flag=True, help="Tell what would be adopted; write nothing.")
@yes_option
@common_options
@json_option
@click.pass_obj
def adopt_command(
    invocation: Invocation, *, unmarked: bool, trust_vectors: bool, dry_run: bool, yes: bool
) -> None:
    """Make a lost ledger anew from the collection, without paying for one embedding.

    \b
    Examples:
      embedconsole adopt --dry-run
      embedconsole adopt
      embedconsole adopt --unmarked           (points of the commands before)
      embedconsole adopt --unmarked --trust-vectors --json
    """
    from embedconsole.headless.adopting import adopt_points

    if trust_vectors and not unmarked:
        raise click.UsageError("--trust-vectors goes with --unmarked: points of ours need no trust")
    what = "--unmarked takes over points that bear no marker of ours"
    if unmarked and not dry_run:
        check_answerable(what, yes=yes)
    sys.exit(
        adopt_points(
            invocation.session(),
            # Of points that bear our marker nothing is asked: they are ours, and nothing is paid or deleted.
            asked(what, yes=yes or not unmarked),
            unmarked=unmarked,
            trust_vectors=trust_vectors,
            dry_run=dry_run,
            as_json=invocation.as_json,
        )
    )


KEEPING: tuple[click.Command, ...] = (verify_command, adopt_command)
