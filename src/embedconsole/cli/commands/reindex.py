"""`reindex` on the command line: what is done, found and left, and the exit code that follows."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

from embedconsole.cli.exits import Exit
from embedconsole.cli.output import duration, note, put, put_json, say
from embedconsole.headless.waiting import wait_for
from embedconsole.sync.reindex.reindex import ROLE, Reindex, ReindexOutcome, roll_back
from embedconsole.sync.reindex.switch import AliasSwitch
from embedconsole.sync.run.components import assembly_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from embedconsole.headless.session import Session
    from embedconsole.sync.reindex.compare import Comparison
    from embedconsole.sync.reindex.reindex import Reindexed, ReindexOptions
    from embedconsole.sync.run.engine import Engine

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
        say(f"Stopped; {session.command} reindex goes on where it was.")
        return _interrupted(waited.signal)
    done = waited.result
    if as_json:
        put_json({"pipeline": name, **done.as_json()})
    elif done.after:
        _print(name, done)
    if done.reason:
        say(f"{done.stand}: {done.reason}")
    if done.stand is ReindexOutcome.STOPPED:
        say(f"Nothing is lost; {session.command} reindex goes on where it was.")
    if done.stand is ReindexOutcome.DONE and done.before != done.after:
        command = f"{session.command} reindex"
        note(f"To go back: {command} --rollback. To drop the old one: {command} --drop-old")
    return _interrupted(waited.signal) if waited.signal is not None else _EXITS[done.stand]


def undo(session: Session, *, as_json: bool) -> Exit:
    """Move the name back. Raises as `roll_back`."""
    name = session.pipelines[0].name
    said = _done(session, lambda engine: roll_back(engine, name))
    _tell(said, as_json=as_json)
    return Exit.IN_SYNC


def lead(session: Session, alias: str, *, as_json: bool) -> Exit:
    """Give what is searched a further name. Raises as `GenerationComparison.lead_to`."""
    name = session.pipelines[0].name
    generation = _done(session, lambda engine: _switch(engine, name).lead_to(alias))
    _tell(
        f"{alias} stands for {generation.target} now, which keeps its own name too. Have readers use "
        f"{alias}, and set pipelines.{name}.collection.name to it",
        as_json=as_json,
    )
    return Exit.IN_SYNC


def drop_standby(session: Session, *, as_json: bool) -> Exit:
    """Drop what stands by. Raises Fault: a dependency does not answer."""
    name = session.pipelines[0].name
    dropped = _done(session, lambda engine: _switch(engine, name).drop_standby())
    if as_json:
        put_json({"dropped": dropped})
    else:
        put(f"dropped {', '.join(dropped)}" if dropped else "no collection stands by")
    return Exit.IN_SYNC


def _switch(engine: Engine, name: str) -> AliasSwitch:
    return AliasSwitch(engine.ledger, assembly_of(engine.all_components, name))


def _done(session: Session, work: Callable[[Engine], Awaitable[T]]) -> T:
    """Do something while no process plans for the session's pipeline."""
    name = session.pipelines[0].name

    async def alone(engine: Engine) -> T:
        async with engine.leases.held([name], "wait"):
            return await work(engine)

    waited = wait_for(session, ROLE, alone, lambda: f"waiting until nobody runs {name}")
    if waited.result is None:
        raise SystemExit(_interrupted(waited.signal))
    return waited.result


def _tell(text: str, *, as_json: bool) -> None:
    if as_json:
        put_json({"message": text})
    else:
        put(text)


def _interrupted(signal_number: int | None) -> Exit:
    return Exit.INTERRUPT if signal_number is None else Exit(128 + signal_number)


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
        put(f"  {done.alias} stands for {done.after}")


def _print_comparison(found: Comparison) -> None:
    put(f"  points {found.before:,} -> {found.after:,}   lacking {found.lacking:,}")
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
