"""`feed install`, `feed status`, `feed remove`: the triggers that report a change at once."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from embedconsole.catalog.feed.install import (
    rights_needed,
    run_statements,
    script,
    statements_to_install,
    statements_to_remove,
)
from embedconsole.catalog.feed.status import complaints, inspect_feed, unseen_changes
from embedconsole.cli.consent import asked, yes_option
from embedconsole.cli.exits import Exit
from embedconsole.cli.group import Command, CommandGroup
from embedconsole.cli.options import common_options, json_option
from embedconsole.cli.output import duration, note, put, put_json, put_table, put_text, say
from embedconsole.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from embedconsole.catalog.feed.database import FeedDatabase
    from embedconsole.catalog.feed.status import FeedState, Inspection, WatchedState
    from embedconsole.cli.invocation import Invocation, Session
    from embedconsole.config.pipeline import Pipeline

    Confirm = Callable[[str], bool]
    """Whether the operator says yes to a question."""
    from collections.abc import Iterator


_SQL = "this runs SQL in the catalog's database"


@click.group("feed", cls=CommandGroup)
@common_options
@json_option
def feed_command() -> None:
    """The change feed: triggers on the tables of catalog.watch, so that a change is seen within two seconds.

    \b
    Examples:
      embedconsole feed install
      embedconsole feed status
    """


@feed_command.command("install", cls=Command)
@click.option(
    "--print", "only_print", is_flag=True, help="Only print the SQL, for a database user who may run it."
)
@yes_option
@common_options
@click.pass_obj
def feed_install(invocation: Invocation, *, only_print: bool, yes: bool) -> None:
    """Show the SQL that creates outbox and triggers, ask, and run it; what is there already is left alone.

    \b
    Examples:
      embedconsole feed install
      embedconsole feed install --pipeline products --yes
      embedconsole feed install --print > feed.sql
    """

    session = invocation.session()
    sys.exit(print_sql(session) if only_print else install_feed(session, asked(_SQL, yes=yes)))


@feed_command.command("status", cls=Command)
@common_options
@json_option
@click.pass_obj
def feed_status(invocation: Invocation) -> None:
    """Show each watched table, what waits in the outbox, and whether the feed can be relied on.

    \b
    Examples:
      embedconsole feed status
      embedconsole feed status --json
    """

    sys.exit(show_feeds(invocation.session(), as_json=invocation.as_json))


@feed_command.command("remove", cls=Command)
@yes_option
@common_options
@click.pass_obj
def feed_remove(invocation: Invocation, *, yes: bool) -> None:
    """Show the SQL that drops triggers and outbox, ask, and run it; changes are then found by the scan.

    \b
    Examples:
      embedconsole feed remove
      embedconsole feed remove --pipeline products --yes
    """

    sys.exit(remove_feed(invocation.session(), asked(_SQL, yes=yes)))


_RUNS_LOOKED_THROUGH = 200


def print_sql(session: Session) -> Exit:
    """Print what `install` would run, for a database user who may run it."""
    for pipeline in _fed(session):
        with opened_feed(pipeline) as database:
            statements = statements_to_install(database, inspect_feed(database))
            put(f"-- {pipeline.name}: {_of(statements)}")
            if statements:
                put_text(script(database, statements))
            for line in rights_needed(database):
                put(f"-- {line}")
    return Exit.IN_SYNC


def install_feed(session: Session, asked: Confirm) -> Exit:
    """Show the SQL, ask, and run it."""
    return _change(session, asked, statements_to_install, "Install the change feed of {}?", _say_installed)


def remove_feed(session: Session, asked: Confirm) -> Exit:
    """Show the SQL, ask, and run it."""
    return _change(session, asked, statements_to_remove, "Remove the change feed of {}?", _say_removed)


def _change(
    session: Session,
    asked: Confirm,
    wanted: Callable[[FeedDatabase, Inspection], list[str]],
    question: str,
    say_done: Callable[[str, FeedDatabase], Exit],
) -> Exit:
    worst = Exit.IN_SYNC
    for pipeline in _fed(session):
        with opened_feed(pipeline) as database:
            statements = wanted(database, inspect_feed(database))
            if statements:
                put_text(script(database, statements))
                if not asked(question.format(pipeline.name)):
                    say(f"{pipeline.name}: nothing was changed.")
                    continue
                run_statements(database, statements)
            worst = max(worst, say_done(pipeline.name, database))
    return worst


def _say_installed(name: str, database: FeedDatabase) -> Exit:
    problems = complaints(inspect_feed(database))
    for line in unseen_changes(database):
        say(f"{name}: {line}")
    if not problems:
        note(f"{name}: the change feed is installed. A daemon or console that runs takes it up by itself.")
        return Exit.IN_SYNC
    for problem in problems:
        say(f"{name}: {problem}")
    return Exit.STOPPED


def _say_removed(name: str, database: FeedDatabase) -> Exit:
    note(f"{name}: there is no change feed in the database; changes are found by the scan.")
    return Exit.IN_SYNC


def show_feeds(session: Session, *, as_json: bool) -> Exit:
    """Print each feed: its tables, what waits, when it was last taken, and whether it can be relied on."""
    pipelines = _fed(session)
    states = {pipeline.name: feed_of(pipeline) for pipeline in pipelines}
    taken = _last_taken(session, [pipeline.name for pipeline in pipelines])
    if as_json:
        put_json({"pipelines": {name: _feed_json(state, taken.get(name)) for name, state in states.items()}})
    else:
        for name, state in states.items():
            _print_feed(session, name, state, taken.get(name))
    if any(isinstance(state, str) for state in states.values()):
        return Exit.STOPPED
    trusted = all(not isinstance(state, str) and state.trusted for state in states.values())
    return Exit.IN_SYNC if trusted else Exit.SOME_FAILED


def _fed(session: Session) -> Sequence[Pipeline]:
    fed = [pipeline for pipeline in session.pipelines if pipeline.catalog.watch]
    if not fed:
        say("No pipeline watches a table. Set catalog.watch: [{table: products, key: id}]")
    return fed


def _of(statements: Sequence[str]) -> str:
    return "run this as a user who may create triggers" if statements else "nothing to do, it is installed"


def _last_taken(session: Session, names: Sequence[str]) -> Mapping[str, tuple[int, float]]:
    """Pipeline to the number of the last run that took its feed, and its end in seconds since 1970."""
    found: dict[str, tuple[int, float]] = {}
    with session.opened_ledger() as ledger:
        for run in ledger.history.runs(limit=_RUNS_LOOKED_THROUGH) if ledger else ():
            # A run of retries only does not read the catalog.
            if run.kind == "due" or run.report is None or run.ended_at is None:
                continue
            pipelines = run.report.get("pipelines")
            for name in names:
                if isinstance(pipelines, dict) and name in pipelines:
                    found.setdefault(name, (run.id, run.ended_at))
    return found


def _feed_json(state: FeedState | str, taken: tuple[int, float] | None) -> dict[str, object]:
    last = None if taken is None else {"run": taken[0], "at": taken[1]}
    found = {**feed_json(state), "last_taken": last}
    if not isinstance(state, str):
        found["unseen"] = list(state.unseen)
        found["outbox"] = str(state.inspection.outbox)
        found["tables"] = [
            {
                "table": str(table.table),
                "installed": table.installed,
                "missing": [part.name for part in table.missing],
                "differing": [part.name for part in table.differing],
            }
            for table in state.inspection.tables
        ]
    return found


def _print_feed(session: Session, name: str, state: FeedState | str, taken: tuple[int, float] | None) -> None:
    put(name)
    put(f"  feed    {feed_line(state)}")
    if taken is not None:
        ago = duration(max(0.0, time.time() - taken[1]))
        put(f"  taken   last by run {taken[0]}, {ago} ago: {session.command} runs {taken[0]} shows it")
    if isinstance(state, str):
        return
    for problem in state.problems:
        put(f"  problem {problem}")
    for line in state.unseen:
        put(f"  unseen  {line}")
    put_table(
        ["  table", "state"],
        [[f"  {table.table}", _table_state(table)] for table in state.inspection.tables],
    )


def _table_state(table: WatchedState) -> str:
    if table.installed:
        return "installed"
    return "not installed" if table.untouched else "broken"


def feed_of(pipeline: Pipeline) -> FeedState | str:
    """A pipeline's feed, or why it can't be looked at."""
    from embedconsole.catalog.feed.outbox import feed_state

    try:
        with opened_feed(pipeline) as database:
            return feed_state(database)
    except Fault as fault:
        return str(fault)


def feed_line(state: FeedState | str) -> str:
    """A feed on one line."""
    if isinstance(state, str):
        return state
    if not state.trusted:
        more = f" (and {len(state.problems) - 1} more)" if len(state.problems) > 1 else ""
        return f"not trusted: {state.problems[0]}{more}; changes are found by the scan"
    oldest = "" if state.backlog.oldest is None else f"   oldest {duration(state.backlog.oldest)}"
    return f"trusted   backlog {state.backlog.entries:,}{oldest}"


def feed_json(state: FeedState | str) -> dict[str, object]:
    """A feed for programs."""
    if isinstance(state, str):
        return {"trusted": False, "problems": [state]}
    return {
        "trusted": state.trusted,
        "problems": list(state.problems),
        "backlog": state.backlog.entries,
        "oldest_seconds": None if state.backlog.oldest is None else round(state.backlog.oldest, 1),
    }


@contextmanager
def opened_feed(pipeline: Pipeline) -> Iterator[FeedDatabase]:
    """The database of a pipeline's feed."""
    # It brings SQLAlchemy, which most commands can do without.
    from embedconsole.catalog.feed.database import FeedDatabase

    database = FeedDatabase(pipeline.name, pipeline.catalog)
    try:
        yield database
    finally:
        database.close()
