"""`notify test`: a message to each target, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError
from embedconsole.cli.exits import Exit
from embedconsole.ops.notifier import trial
from embedconsole.cli.output import put, put_json, say
from embedconsole.ops.targets import Targets, check_extra

if TYPE_CHECKING:
    from embedconsole.headless.session import Session


def notify_test(session: Session, *, as_json: bool) -> Exit:
    """Send a test message to all of `notify.to`.

    Raises:
        ConfigError: apprise is not installed, or there is nobody to be told.
    """
    config = session.loaded.settings.notify
    check_extra(config)
    if not config.to:
        raise ConfigError("notify.to names nobody to be told; see docs/monitoring.md")
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
            detail = delivery.problem or "taken"
            put(f"{mark}  {delivery.target:<28} {delivery.seconds * 1000:7.0f} ms  {detail}")
    bad = sum(delivery.problem is not None for delivery in deliveries)
    if bad:
        say(f"{bad} of {len(deliveries)} targets took no message: see notify.to, and docs/monitoring.md.")
    return Exit.STOPPED if bad else Exit.IN_SYNC
