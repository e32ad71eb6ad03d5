"""`reindex`: fill a new collection next to the present one, and point the alias to it."""

from __future__ import annotations

import sys
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

import click

from embedconsole.cli.consent import confirm_option, require, yes_option
from embedconsole.cli.exits import Exit, exit_by_signal
from embedconsole.cli.group import Command
from embedconsole.cli.invocation import logging_to_file
from embedconsole.cli.options import common_options, json_option
from embedconsole.cli.output import duration, note, put, put_json, say
from embedconsole.cli.progress import wait_for
from embedconsole.sync.reindex.reindex import ROLE, Reindex, ReindexOptions, ReindexOutcome, roll_back
from embedconsole.sync.reindex.switch import AliasSwitch
from embedconsole.sync.run.components import components_of
from embedconsole.sync.shared.budget import check_prices

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from embedconsole.cli.invocation import Invocation, Session
    from embedconsole.sync.reindex.compare import Comparison
    from embedconsole.sync.reindex.reindex import Reindexed
    from embedconsole.sync.run.engine import Engine


@click.command("reindex", cls=Command)
@click.option("--no-switch", is_flag=True, help="Build and check, and leave the alias where it is.")
@click.option(
    "--accept-missing",
    is_flag=True,
    help="Move the alias although items that are found now would be missing.",
)
@click.option("--alias", metavar="NAME", help="Move this alias instead of the configured one.")
@click.option(
    "--replace",
    is_flag=True,
    help="Where the name is that of a collection: delete it, and make the name an alias.",
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
    help="Search both for this text and show the hits side by side; repeatable.",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0, min_open=True),
    metavar="AMOUNT",
    help="Spend at most this on embeddings, by price_per_1000.",
)
@click.option("--bulk", is_flag=True, help="For millions: Qdrant builds its index once it is filled.")
@click.option("--lead-to", metavar="NAME", help="Only create an alias of the collection in use.")
@click.option("--rollback", is_flag=True, help="Point the alias back to the previous collection.")
@click.option("--drop-old", is_flag=True, help="Delete the previous collections kept for rollback.")
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
    """Fill a new collection next to the one that is searched, check it, and point the alias to it.

    For a new model, size, distance or template: change the configuration, then run this. The collection in
    use is searched and kept in sync until the alias moves, in one step. Vectors that stay the same are
    re-used, not paid for. It can be interrupted at any time; the next call continues.

    \b
    Examples:
      embedconsole reindex
      embedconsole reindex --no-switch --query "red shoes" --query mug
      embedconsole reindex --rollback
      embedconsole reindex --drop-old
      embedconsole reindex --lead-to products-live
    """

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


T = TypeVar("T")

_COLUMN = 36
_EXITS = {
    ReindexOutcome.DONE: Exit.IN_SYNC,
    ReindexOutcome.BUILT: Exit.IN_SYNC,
    ReindexOutcome.WAITS: Exit.SOME_FAILED,
    ReindexOutcome.SKIPPED: Exit.HELD,
    ReindexOutcome.STOPPED: Exit.STOPPED,
}


def reindex(session: Session, options: ReindexOptions, *, as_json: bool) -> Exit:
    """Re-index the session's pipeline.

    Raises:
        ConfigError: there is nothing to re-index, or it can't run as configured.
        Fault: a dependency does not answer.
    """
    name = session.pipelines[0].name
    stages: list[Reindex] = []

    async def work(engine: Engine) -> Reindexed:
        stages.append(Reindex(engine, name, options, say))
        return await stages[0].run()

    waited = wait_for(session, ROLE, work, lambda: stages[0].stage if stages else "")
    if waited.result is None:
        say(f"Stopped; {session.command} reindex continues.")
        return exit_by_signal(waited.signal)
    done = waited.result
    if as_json:
        put_json({"pipeline": name, **done.as_json()})
    elif done.after:
        _print(name, done)
    if done.reason:
        say(f"{done.stand}: {done.reason}")
    if done.stand is ReindexOutcome.STOPPED:
        say(f"No work is lost; {session.command} reindex continues.")
    if done.stand is ReindexOutcome.DONE and done.before != done.after:
        command = f"{session.command} reindex"
        note(f"To go back: {command} --rollback. To delete the old one: {command} --drop-old")
    return exit_by_signal(waited.signal) if waited.signal is not None else _EXITS[done.stand]


def undo(session: Session, *, as_json: bool) -> Exit:
    """Point the alias back to the previous collection. Raises as `roll_back`."""
    name = session.pipelines[0].name
    said = _done(session, lambda engine: roll_back(engine, name))
    _tell(said, as_json=as_json)
    return Exit.IN_SYNC


def lead(session: Session, alias: str, *, as_json: bool) -> Exit:
    """Create an alias of the collection in use. Raises as `AliasSwitch.lead_to`."""
    name = session.pipelines[0].name
    generation = _done(session, lambda engine: _switch(engine, name).lead_to(alias))
    _tell(
        f"{alias} points to {generation.target}, which keeps its own name too. Have readers use "
        f"{alias}, and set pipelines.{name}.collection.name to it",
        as_json=as_json,
    )
    return Exit.IN_SYNC


def drop_standby(session: Session, *, as_json: bool) -> Exit:
    """Delete the collections kept for rollback. Raises Fault: a dependency does not answer."""
    name = session.pipelines[0].name
    dropped = _done(session, lambda engine: _switch(engine, name).drop_standby())
    if as_json:
        put_json({"dropped": dropped})
    else:
        put(f"deleted {', '.join(dropped)}" if dropped else "no collection is kept for rollback")
    return Exit.IN_SYNC


def _switch(engine: Engine, name: str) -> AliasSwitch:
    return AliasSwitch(engine.ledger, components_of(engine.all_components, name))


def _done(session: Session, work: Callable[[Engine], Awaitable[T]]) -> T:
    """Do something while no process plans for the session's pipeline."""
    name = session.pipelines[0].name

    async def alone(engine: Engine) -> T:
        async with engine.leases.held([name], "wait"):
            return await work(engine)

    waited = wait_for(session, ROLE, alone, lambda: f"waiting for the run of {name} in another process")
    if waited.result is None:
        raise SystemExit(exit_by_signal(waited.signal))
    return waited.result


def _tell(text: str, *, as_json: bool) -> None:
    if as_json:
        put_json({"message": text})
    else:
        put(text)


def _print(name: str, done: Reindexed) -> None:
    put(f"{name}: {done.before} -> {done.after}")
    fill = done.fill
    if fill:
        cost = f", cost {fill['cost']:,.2f}" if "cost" in fill else ""
        put(
            f"  filled in {duration(fill['seconds'])}: {fill['embedded']:,.0f} written, of which "
            f"{fill['embed_items']:,.0f} embeddings were asked for{cost}"
        )
    if done.comparison is not None:
        _print_comparison(done.comparison)
    if done.stand is ReindexOutcome.DONE:
        put(f"  {done.alias} points to {done.after}")


def _print_comparison(found: Comparison) -> None:
    put(f"  points {found.before:,} -> {found.after:,}   missing {found.lacking:,}")
    for one in found.searches:
        put(f"  search {one.query!r}")
        for before, after in zip_longest(one.before, one.after, fillvalue=""):
            put(f"    {before[:_COLUMN]:<{_COLUMN}}  {after[:_COLUMN]}".rstrip())
    near = found.neighbours
    if near is None:
        put("  neighbours not compared: nothing could be sampled")
        return
    put(
        f"  neighbours of {near.sampled} items: {near.overlap:.0%} the same on average, {near.lowest:.0%} at "
        f"least; a search takes {near.before_ms:.1f} ms -> {near.after_ms:.1f} ms"
    )
