"""Dependencies that throttle or fail, shared so that all processes hold off.

A row is written when a gate shuts or a breaker closes, never for a call that goes well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Select, and_, insert, or_, select, update

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.records.processes import SharedGate
from embedconsole.ledger.schema import gates
from embedconsole.ledger.state import GateMark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sqlalchemy import Connection

    from embedconsole.ledger.database import Database

PROBE_SECONDS = 15.0
"""A probe that is not heard of for this long may be taken over."""

_MAX_FAULT = 2000
_BREAKER = (GateMark.OPEN, GateMark.PROBING)


class SharedGates:
    """The gates of all processes on this ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, keys: Sequence[str]) -> list[SharedGate]:
        """The records of these dependencies; none for one that never failed."""
        if not keys:
            return []
        return self._read(_gates().where(gates.c.key.in_(keys)))

    def shut_now(self) -> list[SharedGate]:
        """The dependencies that no process calls now, or one alone to see whether they are back."""
        cooling = and_(gates.c.state == GateMark.COOLING, gates.c.until > now_ms())
        query = _gates().where(or_(gates.c.state.in_(_BREAKER), cooling))
        return self._read(query.order_by(gates.c.name, gates.c.key))

    def known(self) -> list[SharedGate]:
        """Every dependency that was ever not well, with how it is now."""
        return self._read(_gates().order_by(gates.c.key))

    def shut(
        self, key: str, name: str, mark: GateMark, *, wait: float, failures: int, fault: str | None
    ) -> int:
        """Have all processes wait: `mark` is COOLING or OPEN, `wait` in seconds.

        An open breaker outranks a pause, and of two pauses the longer one holds.

        Returns:
            The gate's `change`.
        """

        def work(connection: Connection) -> int:
            now = connection.scalar(select(now_ms())) or 0
            values: dict[str, Any] = {
                "name": name[:190],
                "state": mark.value,
                "since": now,
                "until": now + int(wait * 1000),
                "failures": failures,
                "fault": None if fault is None else fault[:_MAX_FAULT],
                "holder": None,
            }
            row = connection.execute(select(gates).where(gates.c.key == key).with_for_update()).first()
            if row is None:
                connection.execute(insert(gates).values(key=key, change=1, **values))
                return 1
            if row.state == mark == GateMark.COOLING:
                values["until"] = max(values["until"], row.until)
            if mark is GateMark.COOLING and row.state == GateMark.OPEN and row.until > now:
                return int(row.change)
            if _goes_on(row.state, row.until, mark, now):
                values["since"] = row.since
            connection.execute(
                update(gates).where(gates.c.key == key).values(change=row.change + 1, **values)
            )
            return int(row.change) + 1

        return self._database.write(work)

    def close(self, key: str) -> None:
        """The dependency is back: close its breaker for all processes. A pause that it asked for remains."""
        shut = update(gates).where(gates.c.key == key, gates.c.state.in_(_BREAKER))
        values = {"state": GateMark.CLOSED.value, "since": now_ms(), "until": 0, "failures": 0}
        self._database.execute(shut.values(**values, fault=None, holder=None, change=gates.c.change + 1))

    def take_probe(self, key: str, holder: str) -> bool:
        """Claim the next probe of a dependency for `PROBE_SECONDS`; `hold_probe` extends it."""
        over = or_(gates.c.until <= now_ms(), and_(gates.c.holder == holder))
        free = update(gates).where(gates.c.key == key, gates.c.state.in_(_BREAKER), over)
        values = {"state": GateMark.PROBING.value, "until": _probe_end(), "holder": holder}

        def work(connection: Connection) -> bool:
            taken = connection.execute(free.values(**values, change=gates.c.change + 1)).rowcount
            if taken:
                return True
            # No process has reported it, or one has closed it meanwhile.
            mark = connection.scalar(select(gates.c.state).where(gates.c.key == key))
            return mark not in _BREAKER

        return self._database.write(work)

    def hold_probe(self, key: str, holder: str) -> None:
        """The probe takes its time: no other process takes it over."""
        mine = update(gates).where(
            gates.c.key == key, gates.c.state == GateMark.PROBING, gates.c.holder == holder
        )
        self._database.execute(mine.values(until=_probe_end()))

    def _read(self, query: Select[Any]) -> list[SharedGate]:
        return [
            SharedGate(
                key=row.key,
                name=row.name,
                state=GateMark(row.state),
                age=max(0.0, float(row.age)),
                left=float(row.left),
                failures=row.failures,
                fault=row.fault,
                holder=row.holder,
                change=row.change,
            )
            for row in self._database.rows(query)
        ]


def _gates() -> Select[Any]:
    return select(
        gates.c.key,
        gates.c.name,
        gates.c.state,
        ((now_ms() - gates.c.since) / 1000.0).label("age"),
        ((gates.c.until - now_ms()) / 1000.0).label("left"),
        gates.c.failures,
        gates.c.fault,
        gates.c.holder,
        gates.c.change,
    )


def _goes_on(was: str, until: int, mark: GateMark, now: int) -> bool:
    """Whether this is the same trouble as before, so that it counts since then."""
    if mark is GateMark.OPEN:
        return was in _BREAKER
    return was == GateMark.COOLING and until > now


def _probe_end() -> Any:
    return now_ms() + int(PROBE_SECONDS * 1000)
