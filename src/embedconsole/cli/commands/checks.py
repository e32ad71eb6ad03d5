"""`test`, `init` and `notify test`: try the dependencies, create the collections, send a test message."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import click

from embedconsole.cli.exits import Exit, exit_by
from embedconsole.cli.group import Command, CommandGroup
from embedconsole.cli.options import common_options, json_option
from embedconsole.cli.output import put, put_json, say
from embedconsole.faults import ConfigError, Fault
from embedconsole.ops.notifier import trial
from embedconsole.ops.targets import Targets, check_extra
from embedconsole.sync.inspect.checks import Check, run_checks
from embedconsole.sync.plan.value_remarks import remarks
from embedconsole.sync.run.components import open_components
from embedconsole.sync.run.init import initialise

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation, Session
    from embedconsole.items import JsonObject
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.run.init import Initialised


@click.command("test", cls=Command)
@common_options
@json_option
@click.pass_obj
def test_command(invocation: Invocation) -> None:
    """Try everything: configuration, ledger, catalog, each embedder (one real embedding), collection.

    \b
    Examples:
      embedconsole test
      embedconsole test --pipeline products --json
    """

    try:
        session = invocation.session()
    except ConfigError as error:
        sys.exit(unusable_configuration(error, as_json=invocation.as_json))
    sys.exit(test_dependencies(session, as_json=invocation.as_json))


@click.command("init", cls=Command)
@common_options
@json_option
@click.pass_obj
def init_command(invocation: Invocation) -> None:
    """Create the collection and its payload indexes; compare one that exists. Never drops anything.

    \b
    Examples:
      embedconsole init
      embedconsole init --pipeline products
    """

    sys.exit(init_collections(invocation.session(), as_json=invocation.as_json))


@click.group("notify", cls=CommandGroup)
@common_options
@json_option
def notify_command() -> None:
    """Test the notifications: the section `notify` of the configuration.

    \b
    Examples:
      embedconsole notify test
    """


@notify_command.command("test", cls=Command)
@common_options
@json_option
@click.pass_obj
def notify_test_command(invocation: Invocation) -> None:
    """Send a test message to each target of notify.to, and show the result of each.

    \b
    Examples:
      embedconsole notify test
      embedconsole notify test --json
    """

    sys.exit(notify_test(invocation.session(), as_json=invocation.as_json))


def test_dependencies(session: Session, *, as_json: bool) -> Exit:
    """Try everything the pipelines depend on, a line each with its latency."""
    checks: list[Check] = [Check("configuration", ok=True, detail=str(session.loaded.path), seconds=0.0)]

    async def run() -> None:
        async for check in run_checks(session.pipelines, session.ledger_url):
            checks.append(check)
            if not as_json:
                _print_check(check)

    if not as_json:
        _print_check(checks[0])
    anyio.run(run)
    if as_json:
        put_json({"checks": [_check_json(check) for check in checks]})
    bad = [check for check in checks if not check.ok]
    if not bad:
        return Exit.IN_SYNC
    say(f"{len(bad)} of {len(checks)} checks failed.")
    return Exit.USAGE if all(check.misconfigured for check in bad) else Exit.STOPPED


def unusable_configuration(error: ConfigError, *, as_json: bool) -> Exit:
    """Report a configuration that can't be used, as the only check."""
    checks = [Check("configuration", ok=False, detail=line, seconds=0.0) for line in str(error).splitlines()]
    if as_json:
        put_json({"checks": [_check_json(check) for check in checks]})
    else:
        for check in checks:
            _print_check(check)
    say("The configuration can't be used, so nothing else was checked.")
    return Exit.USAGE


def _check_json(check: Check) -> JsonObject:
    return {
        "subject": check.subject,
        "ok": check.ok,
        "detail": check.detail,
        "seconds": check.seconds,
    }


def _print_check(check: Check) -> None:
    mark = "ok  " if check.ok else "FAIL"
    put(f"{mark}  {check.subject:<28} {check.seconds * 1000:7.0f} ms  {check.detail}")


def init_collections(session: Session, *, as_json: bool) -> Exit:
    """Create the collections of the pipelines, or compare those that exist."""

    async def run() -> dict[str, Initialised]:
        results = {}
        async with open_components(session.pipelines) as all_components:
            for components in all_components:
                results[components.pipeline.name] = await initialise(components)
                await _say_remarks(components)
        return results

    try:
        results = anyio.run(run)
    except Fault as fault:
        if as_json:
            put_json({"error": str(fault)})
        say(str(fault))
        return exit_by(fault)
    if as_json:
        put_json({"pipelines": {name: asdict(result) for name, result in results.items()}})
    else:
        for name, result in results.items():
            _print_initialised(name, result)
    return Exit.STOPPED if any(d.blocking for r in results.values() for d in r.left) else Exit.IN_SYNC


async def _say_remarks(components: Components) -> None:
    """Report odd values of the catalog, if it answers: a collection can be created without it."""
    with suppress(ConfigError, Fault):
        recipe = await anyio.to_thread.run_sync(components.recipe)
        found = await anyio.to_thread.run_sync(remarks, components.pipeline, components.catalog, recipe)
        for remark in found:
            say(f"{components.pipeline.name}: {remark}")


def _print_initialised(name: str, result: Initialised) -> None:
    if result.created:
        vectors = ", ".join(
            f"{vector + ' ' if vector else ''}{spec.words}" for vector, spec in result.schema.vectors.items()
        )
        indexes = ", ".join(f"{path} {kind}" for path, kind in result.schema.indexes.items()) or "none"
        put(f"{name}: created {result.target}: {vectors}; payload indexes: {indexes}")
        return
    put(f"{name}: {result.target} exists" + ("" if result.added or result.left else " and is as configured"))
    for path in result.added:
        put(f"  added the payload index {path} {result.schema.indexes[path]}")
    for difference in result.left:
        mark = "REFUSED" if difference.blocking else "differs"
        put(
            f"  {mark}  {difference.field}: expected {difference.want or 'nothing'}, "
            f"found {difference.have or 'nothing'}; {difference.remedy}"
        )


def notify_test(session: Session, *, as_json: bool) -> Exit:
    """Send a test message to all of `notify.to`.

    Raises:
        ConfigError: apprise is not installed, or `notify.to` is empty.
    """
    config = session.loaded.settings.notify
    check_extra(config)
    if not config.to:
        raise ConfigError("notify.to is empty: set it to one or more targets (docs/monitoring.md)")
    deliveries = Targets(config).send(trial(session.command))
    if as_json:
        put_json(
            {
                "targets": [
                    {
                        "target": delivery.target,
                        "ok": delivery.problem is None,
                        "seconds": round(delivery.seconds, 3),
                        "problem": delivery.problem,
                    }
                    for delivery in deliveries
                ]
            }
        )
    else:
        for delivery in deliveries:
            mark = "ok  " if delivery.problem is None else "FAIL"
            detail = delivery.problem or "delivered"
            put(f"{mark}  {delivery.target:<28} {delivery.seconds * 1000:7.0f} ms  {detail}")
    bad = sum(delivery.problem is not None for delivery in deliveries)
    if bad:
        say(f"{bad} of {len(deliveries)} targets failed: check notify.to (docs/monitoring.md).")
    return Exit.STOPPED if bad else Exit.IN_SYNC
