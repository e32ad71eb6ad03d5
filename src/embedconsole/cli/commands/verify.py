"""`verify`: what was found, and the exit code that follows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from embedconsole.headless.audited import print_audit, verdict_of
from embedconsole.cli.exits import Exit, exit_of
from embedconsole.cli.run_report import print_report
from embedconsole.cli.output import note, put, put_json, say
from embedconsole.headless.waiting import wait_for
from embedconsole.sync.audit.collection import AuditProgress
from embedconsole.sync.audit.repair import repair
from embedconsole.sync.audit.verify import verify
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.headless.session import Session
    from embedconsole.sync.audit.report import Audit
    from embedconsole.sync.run.engine import Engine

_OUTCOMES = {
    Exit.IN_SYNC: "agrees",
    Exit.SOME_FAILED: "differs",
    Exit.USAGE: "incomplete",
    Exit.STOPPED: "incomplete",
}


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
        return _interrupted(waited.signal)
    found = waited.result
    if as_json:
        put_json({"outcome": _OUTCOMES[_exit(found)], "pipelines": _json(found)})
    else:
        for name, audit in found.items():
            print_audit(name, audit)
    if any(audit.known_drift for audit in found.values()):
        note(f"To mend what can be: {session.command} verify --repair")
    return _exit(found)


def repair_pipelines(session: Session, *, sample: int, allow_deletes: bool, as_json: bool) -> Exit:
    """The same, and mend what differs by a normal run; prints what was found, done and left.

    Raises:
        ConfigError: a pipeline can't run as configured; nothing was done.
        Transient, Refused: the ledger does not answer.
    """
    progress = _progress(session)
    work = partial(repair, sample=sample, allow_deletes=allow_deletes, progress=progress)
    waited = wait_for(session, "repair", work, partial(_told, progress))
    if waited.result is None:
        return _interrupted(waited.signal)
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


def _interrupted(signal_number: int | None) -> Exit:
    return Exit.INTERRUPT if signal_number is None else Exit(128 + signal_number)


def _exit(found: Mapping[str, Audit]) -> Exit:
    failed = [audit for audit in found.values() if audit.failed]
    if failed:
        return Exit.USAGE if all(audit.misconfigured for audit in failed) else Exit.STOPPED
    return Exit.SOME_FAILED if any(audit.drift for audit in found.values()) else Exit.IN_SYNC


def _json(found: Mapping[str, Audit]) -> dict[str, object]:
    return {name: audit.as_json() for name, audit in found.items()}
