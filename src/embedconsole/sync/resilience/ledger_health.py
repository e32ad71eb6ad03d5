"""The ledger when it does not answer: since when, why, and when it is asked again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from embedconsole.retry import LEDGER_LOOK
from embedconsole.sync.resilience.gate import GateHealth, GateState

if TYPE_CHECKING:
    from embedconsole.faults import Fault


class LedgerAccess(Enum):
    """The kind of access to the ledger; a full disk can be read from and not written to."""

    READING = auto()
    WRITING = auto()


@dataclass(frozen=True, slots=True)
class _Outage:
    since: float
    until: float
    fault: str
    tries: int


@dataclass(slots=True)
class LedgerHealth:
    """Away as long as one kind of asking fails; times on the monotonic clock."""

    _well_since: float = field(default_factory=time.monotonic)
    _silences: dict[LedgerAccess, _Outage] = field(default_factory=dict)

    def failed(self, asking: LedgerAccess, fault: Fault) -> None:
        """It did not answer; asked again in a second, then two, and so on."""
        now, last = time.monotonic(), self._silences.get(asking)
        tries = 1 if last is None else last.tries + 1
        until = now + LEDGER_LOOK.after(tries)
        self._silences[asking] = _Outage(now if last is None else last.since, until, str(fault), tries)

    def answered(self, asking: LedgerAccess) -> None:
        """It did."""
        if self._silences.pop(asking, None) is not None and not self._silences:
            self._well_since = time.monotonic()

    def due(self, asking: LedgerAccess) -> bool:
        """Whether it may be asked: always while it answers."""
        silence = self._silences.get(asking)
        return silence is None or time.monotonic() >= silence.until

    @property
    def health(self) -> GateHealth:
        """As that of any other dependency."""
        if not self._silences:
            return GateHealth("ledger", GateState.CLOSED, self._well_since, None, None)
        first = min(self._silences.values(), key=lambda one: one.since)
        until = min(one.until for one in self._silences.values())
        return GateHealth("ledger", GateState.OPEN, first.since, until, first.fault)
