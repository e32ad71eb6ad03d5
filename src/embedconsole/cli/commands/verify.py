"""`verify` and `adopt`: compare catalog, ledger and collection, repair them, rebuild a lost ledger."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING

import click

from embedconsole.cli.consent import asked, check_answerable, yes_option
from embedconsole.cli.exits import Exit, exit_by_signal, exit_of
from embedconsole.cli.group import Command
from embedconsole.cli.invocation import logging_to_file
from embedconsole.cli.options import common_options, json_option
from embedconsole.cli.output import duration, note, put, put_json, say
from embedconsole.cli.progress import wait_for
from embedconsole.cli.run_report import print_report
from embedconsole.sync.audit.adopt import adopt, adoptable
from embedconsole.sync.audit.collection import AuditProgress
from embedconsole.sync.audit.repair import repair
from embedconsole.sync.audit.report import CatalogAudit, CollectionAudit, NotChecked, SchemaAudit, VectorAudit
from embedconsole.sync.audit.verify import verify
from embedconsole.sync.shared.report import Outcome
from embedconsole.sync.shared.verdict import DRIFT, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedconsole.cli.invocation import Invocation, Session
    from embedconsole.sync.audit.adopt import Adoptable, Adopted
    from embedconsole.sync.audit.report import Audit, Part
    from embedconsole.sync.run.engine import Engine

_OUTCOMES = {
    Exit.IN_SYNC: "agrees",
    Exit.SOME_FAILED: "differs",
    Exit.USAGE: "incomplete",
    Exit.STOPPED: "incomplete",
}


@click.command("verify", cls=Command)
@click.option("--repair", is_flag=True, help="Repair what differs, by a normal run.")
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

    if allow_deletes and not repair:
        raise click.UsageError("--allow-deletes needs --repair: a verify deletes nothing")
    session = invocation.session()
    if repair:
        sys.exit(
            repair_pipelines(
                logging_to_file(invocation, session),
                sample=sample or 0,
                allow_deletes=allow_deletes,
                as_json=invocation.as_json,
            )
        )
    sys.exit(verify_pipelines(session, sample=sample or 0, as_json=invocation.as_json))


@click.command("adopt", cls=Command)
@click.option(
    "--unmarked",
    is_flag=True,
    help="Also points without our marker, whose id is the item's key and whose payload says the same.",
)
@click.option(
    "--trust-vectors",
    is_flag=True,
    help="With --unmarked: also those with another payload; it is written again, the vectors stay.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be adopted; write nothing.")
@yes_option
@common_options
@json_option
@click.pass_obj
def adopt_command(
    invocation: Invocation, *, unmarked: bool, trust_vectors: bool, dry_run: bool, yes: bool
) -> None:
    """Rebuild a lost ledger from the collection, without paying for one embedding.

    \b
    Examples:
      embedconsole adopt --dry-run
      embedconsole adopt
      embedconsole adopt --unmarked           (points of the commands before)
      embedconsole adopt --unmarked --trust-vectors --json
    """

    if trust_vectors and not unmarked:
        raise click.UsageError("--trust-vectors needs --unmarked: points with our marker need no trust")
    what = "--unmarked takes over points without our marker"
    if unmarked and not dry_run:
        check_answerable(what, yes=yes)
    sys.exit(
        adopt_points(
            invocation.session(),
            # Points with our marker need no confirmation: they are ours, and nothing is paid or deleted.
            asked(what, yes=yes or not unmarked),
            unmarked=unmarked,
            trust_vectors=trust_vectors,
            dry_run=dry_run,
            as_json=invocation.as_json,
        )
    )


def verify_pipelines(session: Session, *, sample: int, as_json: bool) -> Exit:
    """Compare catalog, ledger and collection of each pipeline, and print what differs.

    Raises:
        ConfigError: a pipeline can't be read as configured.
        Transient, Refused: the ledger does not answer.
    """
    progress = _progress(session)

    async def work(engine: Engine) -> dict[str, Audit]:
        return {
            name: await verify(engine, pipeline=name, sample=sample, progress=one)
            for name, one in progress.items()
        }

    waited = wait_for(session, "verify", work, partial(_told, progress))
    if waited.result is None:
        return exit_by_signal(waited.signal)
    found = waited.result
    if as_json:
        put_json({"outcome": _OUTCOMES[_exit(found)], "pipelines": _json(found)})
    else:
        for name, audit in found.items():
            print_audit(name, audit)
    if any(audit.known_drift for audit in found.values()):
        note(f"To repair what can be repaired: {session.command} verify --repair")
    return _exit(found)


def repair_pipelines(session: Session, *, sample: int, allow_deletes: bool, as_json: bool) -> Exit:
    """Verify, and repair what differs by a normal run; print what was found, done and left.

    Raises:
        ConfigError: a pipeline can't run as configured; nothing was done.
        Transient, Refused: the ledger does not answer.
    """
    progress = _progress(session)
    work = partial(repair, sample=sample, allow_deletes=allow_deletes, progress=progress)
    waited = wait_for(session, "repair", work, partial(_told, progress))
    if waited.result is None:
        return exit_by_signal(waited.signal)
    done = waited.result
    if as_json:
        put_json(
            {
                "outcome": _OUTCOMES[_exit(done.left)],
                "pipelines": _json(done.left),
                "found": _json(done.found),
                "run": done.run.as_json(),
            }
        )
        for name, message in done.run.messages.items():
            say(f"{name}: {message}")
    else:
        for name, audit in done.found.items():
            print_audit(name, audit)
        print_report(session, done.run, as_json=False)
        for name, audit in done.left.items():
            put(f"{name}: afterwards {verdict_of(audit)}")
    if done.run.outcome in (Outcome.ABORTED, Outcome.INTERRUPTED, Outcome.SKIPPED):
        return exit_of(done.run, waited.signal)
    return max(_exit(done.left), exit_of(done.run, None))


def _progress(session: Session) -> dict[str, AuditProgress]:
    return {pipeline.name: AuditProgress() for pipeline in session.pipelines}


def _told(progress: Mapping[str, AuditProgress]) -> str:
    return "; ".join(
        f"{name}: {one.scan.scanned:,} rows, {one.items:,} items, {one.points:,} points compared"
        for name, one in progress.items()
    )


def _exit(found: Mapping[str, Audit]) -> Exit:
    failed = [audit for audit in found.values() if audit.failed]
    if failed:
        return Exit.USAGE if all(audit.misconfigured for audit in failed) else Exit.STOPPED
    return Exit.SOME_FAILED if any(audit.drift for audit in found.values()) else Exit.IN_SYNC


def _json(found: Mapping[str, Audit]) -> dict[str, object]:
    return {name: audit.as_json() for name, audit in found.items()}


_EXAMPLES = 5

_MEANING = {
    Verdict.MISSING: "the ledger lists them, the collection lacks them",
    Verdict.STALE: "their content differs from the ledger",
    Verdict.UNLISTED: "ours, not in the ledger",
    Verdict.ORPHANED: "ours, not in the catalog",
    Verdict.TAKEN: "points of another pipeline with the same ids; never touched",
}


def print_audit(name: str, audit: Audit) -> None:
    """Print what was found of a pipeline."""
    put(f"{name}: {verdict_of(audit)}, in {duration(audit.seconds)}")
    for part, found in audit.parts.items():
        put(f"  {part:<11} {_part_line(found)}")
        for line in _part_details(found):
            put(f"  {'':<11} {line}")


def verdict_of(audit: Audit) -> str:
    """The result of a verify in a few words."""
    if audit.failed:
        known = f"; {_differences(audit.known_drift)} known" if audit.known_drift else ""
        return f"not all could be checked{known}"
    return _differences(audit.drift) if audit.drift else "all agree"


def _differences(count: int | None) -> str:
    return "1 difference" if count == 1 else f"{count or 0:,} differences"


def _part_line(part: Part) -> str:
    match part:
        case NotChecked():
            return f"not checked: {part.why}"
        case CatalogAudit():
            said = f"{part.rows:,} rows"
            if part.waiting:
                return f"{said}; {part.waiting:,} differ, and a run in progress finds them"
            wrong = ", ".join(f"{count:,} {how}" for how, count in part.differences.items() if count)
            return f"{said}; {wrong or 'the ledger knows them all as they are'}"
        case CollectionAudit():
            counts = part.counts
            if not part.exists:
                return f"does not exist; {counts.get(Verdict.MISSING, 0):,} points are missing"
            said = f"{part.points:,} points, {part.items:,} items; {counts.get(Verdict.AGREES, 0):,} agree"
            if waiting := counts.get(Verdict.WAITING, 0):
                said += f", {waiting:,} waiting"
            return f"{said}, {counts.get(Verdict.FOREIGN, 0):,} foreign"
        case SchemaAudit():
            return "differs" if part.differences else "as configured"
        case VectorAudit():
            if not part.differing:
                return f"{part.sampled:,} sampled, all as the embedder answers now"
            return (
                f"{part.differing:,} of {part.sampled:,} sampled vectors differ "
                f"(lowest similarity {part.lowest:.2f}): has the model changed? "
                "Embed everything again with `embedconsole run --force`"
            )


def _part_details(part: Part) -> list[str]:
    match part:
        case CollectionAudit():
            return [_found(part, verdict) for verdict in DRIFT if part.counts.get(verdict)]
        case SchemaAudit():
            return [
                f"{one.field}: expected {one.want or 'nothing'}, found {one.have or 'nothing'}; {one.remedy}"
                for one in part.differences
            ]
    return []


def _found(part: CollectionAudit, verdict: Verdict) -> str:
    count, keys = part.counts[verdict], part.examples.get(verdict, ())
    shown = ", ".join(keys[:_EXAMPLES]) + (", ..." if count > _EXAMPLES else "")
    return f"{verdict} {count:,}: {_MEANING[verdict]} ({shown})"


def adopt_points(
    session: Session,
    agreed: Callable[[str], bool],
    *,
    unmarked: bool,
    trust_vectors: bool,
    dry_run: bool,
    as_json: bool,
) -> Exit:
    """Enter the points of each pipeline's collection into the ledger.

    Args:
        agreed: Asks the operator, after what was found is printed.

    Raises:
        ConfigError: adopting would do harm.
        Transient, Refused: a dependency fails, or the collection does not fit.
    """
    names = [pipeline.name for pipeline in session.pipelines]
    progress = AuditProgress()

    async def look(engine: Engine) -> dict[str, Adoptable] | str:
        async with engine.leases.held(names, "skip") as holder:
            return holder or {
                name: await adoptable(engine, pipeline=name, unmarked=unmarked, progress=progress)
                for name in names
            }

    async def enter(engine: Engine) -> dict[str, Adopted] | str:
        async with engine.leases.held(names, "skip") as holder:
            return holder or {
                name: await adopt(
                    engine, pipeline=name, unmarked=unmarked, trust_vectors=trust_vectors, progress=progress
                )
                for name in names
            }

    line = partial(_points_read, progress)
    found = wait_for(session, "adopt", look, line)
    if found.result is None:
        return exit_by_signal(found.signal)
    if isinstance(found.result, str):
        return _held(found.result)
    if not as_json:
        for name, one in found.result.items():
            _print_adoptable(name, one, unmarked=unmarked, trust_vectors=trust_vectors)
    if dry_run:
        if as_json:
            put_json({"pipelines": {name: _adopt_json(one, None) for name, one in found.result.items()}})
        else:
            note("Nothing was written. Without --dry-run they are adopted.")
        return _adopt_exit(found.result, trust_vectors=trust_vectors)
    if not agreed("Enter them into the ledger? Nothing is embedded or deleted."):
        say("Nothing was written.")
        return Exit.IN_SYNC
    entered = wait_for(session, "adopt", enter, line)
    if entered.result is None:
        return exit_by_signal(entered.signal)
    if isinstance(entered.result, str):
        return _held(entered.result)
    if as_json:
        put_json(
            {"pipelines": {name: _adopt_json(one.found, one.entered) for name, one in entered.result.items()}}
        )
    else:
        for name, done in entered.result.items():
            put(f"{name}: {done.entered:,} items entered into the ledger")
        note(f"The next run compares them with the catalog: {session.command} run")
    return _adopt_exit(found.result, trust_vectors=trust_vectors)


def _held(holder: str) -> Exit:
    say(f"Nothing was written. Adopt when the run of {holder} has ended: it holds the pipeline.")
    return Exit.HELD


def _adopt_exit(found: dict[str, Adoptable], *, trust_vectors: bool) -> Exit:
    left = not trust_vectors and any(one.unlike for one in found.values())
    return Exit.SOME_FAILED if left else Exit.IN_SYNC


def _adopt_json(found: Adoptable, entered: int | None) -> dict[str, object]:
    examples = [{"key": key, "field": field} for key, field in found.examples]
    return {**asdict(replace(found, examples=())), "examples": examples, "entered": entered}


def _print_adoptable(name: str, found: Adoptable, *, unmarked: bool, trust_vectors: bool) -> None:
    put(f"{name}: {found.points:,} points")
    changed = found.marked - found.current - found.gone
    put(
        f"  ours      {found.marked:,}; {found.current:,} as the catalog has them, "
        f"{changed:,} changed since, {found.gone:,} gone from it"
    )
    if unmarked:
        put(f"  unmarked  {found.alike:,} with our payload, {found.unlike:,} with another")
        for key, field in found.examples[:5]:
            put(f"            {key}: {field} differs")
        if found.unlike and not trust_vectors:
            say(
                "Those with another payload are left alone. If their vectors are of this model, "
                "--trust-vectors adopts them, and the next run writes their payloads again."
            )
    put(f"  foreign   {found.foreign:,}" + ("" if unmarked else "; those without a marker by --unmarked"))


def _points_read(progress: AuditProgress) -> str:
    return f"{progress.points:,} points read"
