"""`adopt`: what there is in a collection for a ledger, and its entry."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING

from embedconsole.cli.exits import Exit
from embedconsole.cli.output import note, put, put_json, say
from embedconsole.headless.waiting import wait_for
from embedconsole.sync.audit.adopt import adopt, adoptable
from embedconsole.sync.audit.collection import AuditProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.headless.session import Session
    from embedconsole.sync.audit.adopt import Adoptable, Adopted
    from embedconsole.sync.run.engine import Engine


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
        agreed: Asked once it is told what there is.

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

    told = partial(_told, progress)
    found = wait_for(session, "adopt", look, told)
    if found.result is None:
        return _interrupted(found.signal)
    if isinstance(found.result, str):
        return _held(found.result)
    if not as_json:
        for name, one in found.result.items():
            _print(name, one, unmarked=unmarked, trust_vectors=trust_vectors)
    if dry_run:
        if as_json:
            put_json({"pipelines": {name: _json(one, None) for name, one in found.result.items()}})
        else:
            note("Nothing was written. Without --dry-run they are adopted.")
        return _exit(found.result, trust_vectors=trust_vectors)
    if not agreed("Enter them into the ledger? Nothing is embedded or deleted."):
        say("Nothing was written.")
        return Exit.IN_SYNC
    entered = wait_for(session, "adopt", enter, told)
    if entered.result is None:
        return _interrupted(entered.signal)
    if isinstance(entered.result, str):
        return _held(entered.result)
    if as_json:
        put_json({"pipelines": {name: _json(one.found, one.entered) for name, one in entered.result.items()}})
    else:
        for name, done in entered.result.items():
            put(f"{name}: {done.entered:,} items entered into the ledger")
        note(f"The next run compares them with the catalog: {session.command} run")
    return _exit(found.result, trust_vectors=trust_vectors)


def _held(holder: str) -> Exit:
    say(f"Nothing was written. Adopt when the run of {holder} has ended: it holds the pipeline.")
    return Exit.HELD


def _exit(found: dict[str, Adoptable], *, trust_vectors: bool) -> Exit:
    left = not trust_vectors and any(one.unlike for one in found.values())
    return Exit.SOME_FAILED if left else Exit.IN_SYNC


def _json(found: Adoptable, entered: int | None) -> dict[str, object]:
    examples = [{"key": key, "field": field} for key, field in found.examples]
    return {**asdict(replace(found, examples=())), "examples": examples, "entered": entered}


def _print(name: str, found: Adoptable, *, unmarked: bool, trust_vectors: bool) -> None:
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
                "--trust-vectors adopts them, and the next run writes their payloads anew."
            )
    put(f"  foreign   {found.foreign:,}" + ("" if unmarked else "; those without a marker by --unmarked"))


def _told(progress: AuditProgress) -> str:
    return f"{progress.points:,} points read"


def _interrupted(signal_number: int | None) -> Exit:
    return Exit.INTERRUPT if signal_number is None else Exit(128 + signal_number)
