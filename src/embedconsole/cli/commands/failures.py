"""`failures`, `retry`, `skip`: list the failed items by cause, return them to the queue, skip them."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from embedconsole.cli.commands.inspect import show_item
from embedconsole.cli.completion import complete_failed
from embedconsole.cli.exits import Exit
from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, json_option, limit_option
from embedconsole.cli.output import duration, items_word, note, put, put_json, put_table, say
from embedconsole.faults import ConfigError, FaultClass
from embedconsole.ledger.records.failures import FailureKind
from embedconsole.sync.inspect.failures import (
    ChosenFailures,
    cause_named,
    failure_overview,
    put_back,
    skip_items,
)
from embedconsole.sync.run.generations import generation_of
from embedconsole.sync.shared.fault_text import remedy_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embedconsole.cli.invocation import Invocation, Session
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.failures import FailedItem, FailureGroup
    from embedconsole.sync.inspect.failures import FailureOverview


@click.command("failures", cls=Command)
@click.argument("key", required=False, shell_complete=complete_failed)
@limit_option("Items to list", 20)
@common_options
@json_option
@click.pass_obj
def failures_command(invocation: Invocation, key: str | None, limit: int) -> None:
    """List the failed items, grouped by cause; with a key, show one item in full.

    \b
    Examples:
      embedconsole failures
      embedconsole failures --limit 1000 --json
      embedconsole failures 35
    """

    session = invocation.session()
    if key is not None:
        sys.exit(show_item(session, key, as_json=invocation.as_json))
    sys.exit(show_failures(session, limit=limit, as_json=invocation.as_json))


@click.command("retry", cls=Command)
@click.argument("keys", nargs=-1, metavar="[KEY]...", shell_complete=complete_failed)
@click.option("--all", "everything", is_flag=True, help="All failed and waiting items.")
@click.option(
    "--cause", help="Only what failed of this class (item, transient) or of the cause with this id."
)
@common_options
@json_option
@click.pass_obj
def retry_command(invocation: Invocation, keys: tuple[str, ...], everything: bool, cause: str | None) -> None:
    """Return failed items to the queue; the next run takes them with all their attempts.

    \b
    Examples:
      embedconsole retry --all
      embedconsole retry 35 36
      embedconsole retry --cause transient
      embedconsole retry --cause 3f2a9c01     (the id that `failures` shows)
    """

    session = invocation.session()
    sys.exit(
        retry_failures(session, keys=keys, everything=everything, cause=cause, as_json=invocation.as_json)
    )


@click.command("skip", cls=Command)
@click.argument("keys", nargs=-1, metavar="[KEY]...", shell_complete=complete_failed)
@click.option("--cause", help="All that failed of the cause with this id.")
@common_options
@json_option
@click.pass_obj
def skip_command(invocation: Invocation, keys: tuple[str, ...], cause: str | None) -> None:
    """Skip failed items until their content changes.

    They no longer count as failed.

    \b
    Examples:
      embedconsole skip 35 36
      embedconsole skip --cause 3f2a9c01      (the id that `failures` shows)
      embedconsole retry 35                   (return it to the queue anyway)
    """

    sys.exit(skip_failures(invocation.session(), keys=keys, cause=cause, as_json=invocation.as_json))


_SHOWN_OF_CAUSE = 8
_NOTHING = "No failed items. Items that an embedder or the collection refuses appear here with their cause."


def show_failures(session: Session, *, limit: int, as_json: bool) -> Exit:
    """Print the failed items grouped by cause, then the latest of them one by one."""
    found = False
    document = {}
    with session.opened_ledger() as ledger:
        for pipeline in session.pipelines:
            generation = generation_of(pipeline, ledger) if ledger else None
            if ledger is None or generation is None:
                document[pipeline.name] = _json(None, ())
                continue
            overview = failure_overview(ledger, generation.id)
            items = ledger.failures.page(generation.id, limit=limit)
            found = found or bool(items)
            document[pipeline.name] = _json(overview, items)
            if not as_json:
                _print(pipeline.name, overview, items)
    if as_json:
        put_json({"pipelines": document})
    elif not found:
        note(_NOTHING)
    else:
        say(
            f"One in full: {session.command} failures KEY. "
            f"Retry: {session.command} retry KEY... | --cause ID | --all"
        )
    return Exit.SOME_FAILED if found else Exit.IN_SYNC


def retry_failures(
    session: Session, *, keys: Sequence[str], everything: bool, cause: str | None, as_json: bool
) -> Exit:
    """Return failed and waiting items to the queue of the next run.

    Raises:
        ConfigError: nothing says which, or there is no such cause.
    """
    if not keys and not everything and cause is None:
        raise ConfigError("name the keys to retry, a --cause, or --all")

    def retry(ledger: Ledger, generation_id: int) -> int | None:
        if cause is None and keys:
            return put_back(ledger, generation_id, ChosenFailures(keys=tuple(keys)))
        if cause is None or cause in list(FaultClass):
            return ledger.failures.retry(generation_id, keys=keys or None, error_class=cause)
        among = cause_named(ledger, generation_id, cause)
        return None if among is None else ledger.failures.retry(generation_id, keys=keys or None, among=among)

    counts = _in_each(session, cause, retry)
    if any(counts.values()) and not as_json:
        note(f"The next run takes them: {session.command} run")
    return _tell(session, counts, keys, "returned to the queue", as_json=as_json)


def skip_failures(session: Session, *, keys: Sequence[str], cause: str | None, as_json: bool) -> Exit:
    """Skip failed items until their content changes.

    Raises:
        ConfigError: nothing says which, or there is no such cause.
    """
    if not keys and cause is None:
        raise ConfigError("name the keys to skip, or a --cause")

    def skip(ledger: Ledger, generation_id: int) -> int | None:
        if cause is None:
            return skip_items(ledger, generation_id, ChosenFailures(keys=tuple(keys)))
        among = cause_named(ledger, generation_id, cause)
        return None if among is None else ledger.failures.skip(generation_id, keys=keys or None, among=among)

    counts = _in_each(session, cause, skip)
    return _tell(session, counts, keys, "skipped until the content changes", as_json=as_json)


def _in_each(
    session: Session, cause: str | None, work: Callable[[Ledger, int], int | None]
) -> dict[str, int]:
    """How many items a change affected, by pipeline; it returns None where a pipeline has no such cause.

    Raises:
        ConfigError: no pipeline has it.
    """
    counts: dict[str, int | None] = {}
    with session.opened_ledger() as ledger:
        for pipeline in session.pipelines:
            generation = generation_of(pipeline, ledger) if ledger else None
            counts[pipeline.name] = work(ledger, generation.id) if ledger and generation else 0
    if counts and all(count is None for count in counts.values()):
        raise ConfigError(
            f"no cause, or more than one, has the id {cause!r}; {session.command} failures lists them"
        )
    return {name: count or 0 for name, count in counts.items()}


def _tell(session: Session, counts: dict[str, int], keys: Sequence[str], done: str, *, as_json: bool) -> Exit:
    if as_json:
        put_json({"pipelines": counts})
    else:
        for name, count in counts.items():
            put(f"{name}: {items_word(count)} {done}")
    unknown = _unknown(session, keys)
    if unknown:
        say(f"The ledger has no item {', '.join(map(repr, unknown))}")
    missed = len(set(keys)) - len(unknown) - sum(counts.values())
    if missed > 0:
        say(f"{items_word(missed)} not among the failed ones; {session.command} failures lists those")
    return Exit.USAGE if unknown else Exit.IN_SYNC


def _unknown(session: Session, keys: Sequence[str]) -> list[str]:
    """The keys that are of no item in any of the pipelines."""
    left = list(dict.fromkeys(keys))
    with session.opened_ledger() as ledger:
        for pipeline in session.pipelines:
            generation = generation_of(pipeline, ledger) if ledger else None
            if ledger and generation:
                left = [key for key in left if ledger.overview.item(generation.id, key) is None]
    return left


def _json(overview: FailureOverview | None, items: Sequence[FailedItem]) -> dict[str, object]:
    by_kind: dict[FailureKind, list[FailureGroup]] = {kind: [] for kind in FailureKind}
    for group in () if overview is None else overview.groups:
        by_kind[group.kind].append(group)
    return {
        "causes": [_group_json(group) for group in by_kind[FailureKind.FAILED]],
        "waiting": sum(group.count for group in by_kind[FailureKind.WAITING]),
        "skipped": sum(group.count for group in by_kind[FailureKind.SKIPPED]),
        "items": [asdict(item) for item in items],
    }


def _group_json(group: FailureGroup) -> dict[str, object]:
    return {**asdict(group), "remedy": remedy_for(group.error_class, group.error)}


def _print(name: str, overview: FailureOverview, items: Sequence[FailedItem]) -> None:
    if not overview.groups:
        return
    put(f"{name}: {items_word(overview.failed)} failed")
    put_table(["count", "class", "latest", "id", "cause"], map(_group_row, overview.groups), right=[0, 2])
    if not items:
        return
    put("")
    put_table(
        ["key", "attempts", "failed", "cause"],
        [
            [item.key, str(item.attempts), f"{duration(item.age)} ago", f"{item.error_class}: {item.error}"]
            for item in items
        ],
        right=[1],
    )


def _group_row(group: FailureGroup) -> list[str]:
    what = group.error_class if group.kind is FailureKind.FAILED else str(group.kind)
    remedy = f" -> {remedy_for(group.error_class, group.error)}" if group.kind is FailureKind.FAILED else ""
    latest = f"{duration(group.newest)} ago"
    return [f"{group.count:,}", what, latest, group.cause[:_SHOWN_OF_CAUSE], f"{group.error}{remedy}"]
