"""What probes are told: whether the process lives and whether it is ready, with the reasons. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.sync.observe.alert_rules import span_of
from embedconsole.sync.observe.snapshot import EngineState

if TYPE_CHECKING:
    from embedconsole.ops.watcher import LedgerSight
    from embedconsole.sync.observe.snapshot import Snapshot

_PATIENCE = 20.0
"""Seconds that a look at the ledger may take before it counts as silent."""


@dataclass(frozen=True, slots=True)
class Probed:
    """The answer to a probe: fine when nothing is wrong."""

    wrong: tuple[str, ...]
    state: str | None

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong

    def as_json(self) -> dict[str, object]:
        """The body of the answer."""
        return {"ok": self.fine, "why": list(self.wrong), "state": self.state}


def liveness(snapshot: Snapshot | None, waits: str | None = None) -> Probed:
    """Whether the engine's loop turns; None when it gave no snapshot in time.

    Args:
        waits: Why the engine can't be opened yet; a process that waits for that lives.
    """
    if waits is not None:
        return Probed((), str(EngineState.STARTING))
    if snapshot is None:
        return Probed(("the engine's loop does not turn",), None)
    return Probed((), str(snapshot.state))


def readiness(snapshot: Snapshot | None, sight: LedgerSight, now: float, waits: str | None = None) -> Probed:
    """Whether the engine can work as configured; `now` on the monotonic clock, `waits` as in `liveness`."""
    if waits is not None:
        return Probed((waits,), str(EngineState.STARTING))
    if snapshot is None:
        return liveness(snapshot)
    wrong: list[str] = []
    if snapshot.state is EngineState.DRAINING:
        wrong.append("it is about to end")
    wrong += [f"{name} does not run: {reason}" for name, reason in snapshot.halted.items()]
    fault = snapshot.ledger.fault or sight.fault
    if fault is not None:
        wrong.append(f"the ledger does not answer: {fault}")
    elif _silent_for(sight, now) > _PATIENCE:
        wrong.append(f"the ledger has not answered for {span_of(_silent_for(sight, now))}")
    return Probed(tuple(wrong), str(snapshot.state))


def _silent_for(sight: LedgerSight, now: float) -> float:
    """Seconds for which the ledger has owed an answer."""
    answered = sight.at is not None and sight.at >= sight.began
    return 0.0 if answered else now - sight.began
