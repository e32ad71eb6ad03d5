"""Incidents of all processes on the ledger, and which process notifies of them: the first one, alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, delete, insert, select, update

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.records.incidents import Notification, NotificationReason
from embedconsole.ledger.schema import incidents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from embedconsole.ledger.database import Database
    from embedconsole.ledger.records.incidents import AlertVerdict

CLAIM_SECONDS = 300.0
"""A message that was claimed and not confirmed may be sent by anybody after so long."""


class Incidents:
    """Incidents shared by all processes; those that no verdict names are unchanged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def judge(self, verdicts: Sequence[AlertVerdict], repeat_after: float) -> list[Notification]:
        """Open and close incidents by verdicts, and claim the notifications to send now.

        Args:
            repeat_after: Seconds between two notifications of the same incident.
        """
        named = {verdict.name: verdict for verdict in verdicts}
        query = select(incidents).where(incidents.c.name.in_(named)).order_by(incidents.c.name)
        # Where nothing is wrong and nothing was, no lock is taken.
        if not any(verdict.text for verdict in verdicts) and not self._database.rows(query):
            return []
        rest = int(repeat_after * 1000)

        def work(connection: Connection) -> list[Notification]:
            # In one order everywhere: two that need the same rows wait for each other, and never deadlock.
            known = {row.name: row for row in connection.execute(query.with_for_update())}
            now = connection.scalar(select(now_ms())) or 0
            notifications = []
            for name in sorted(named):
                row = known.get(name)
                _judge(connection, named[name], row, now, rest)
                notification = _claim(connection, name, now, rest)
                if notification is not None:
                    notifications.append(notification)
            return notifications

        return self._database.write(work)

    def told(self, notifications: Sequence[Notification], repeat_after: float) -> None:
        """The messages have arrived: what lasts rests for so many seconds, what is over is forgotten."""
        rest = now_ms() + int(repeat_after * 1000)

        def work(connection: Connection) -> None:
            for notification in notifications:
                mine = (incidents.c.name == notification.name, incidents.c.change == notification.change)
                if notification.reason is not NotificationReason.CLOSED:
                    # Closed while its notification was sent: its end is sent next, at once.
                    due = case((incidents.c.closed_at.is_(None), rest), else_=now_ms())
                    connection.execute(update(incidents).where(*mine).values(told=1, due_at=due))
                elif not connection.execute(
                    delete(incidents).where(*mine, incidents.c.closed_at.is_not(None))
                ).rowcount:
                    # Back while its end was notified: for its recipients, it is a new one.
                    connection.execute(update(incidents).where(*mine).values(told=0, due_at=now_ms()))

        self._database.write(work)

    def open_names(self) -> list[str]:
        """The incidents that go on."""
        query = select(incidents.c.name).where(incidents.c.closed_at.is_(None)).order_by(incidents.c.name)
        return [row.name for row in self._database.rows(query)]


def _judge(
    connection: Connection, verdict: AlertVerdict, row: Row[*tuple[Any, ...]] | None, now: int, rest: int
) -> None:
    """Bring one incident up to what was found."""
    change = update(incidents).where(incidents.c.name == verdict.name)
    if verdict.text is not None and row is None:
        fresh = {"opened_at": now, "told": 0, "due_at": now, "change": 0, "text": verdict.text}
        connection.execute(insert(incidents).values(name=verdict.name, **fresh))
    elif verdict.text is not None and row is not None:
        # One that is back before its end was notified lasts, as far as is known.
        due = row.due_at if row.closed_at is None else now + rest * row.told
        connection.execute(change.values(closed_at=None, text=verdict.text, due_at=due))
    elif row is not None and row.closed_at is None:
        # The process that notifies of it now will say so; until then its end has to wait.
        connection.execute(change.values(closed_at=now, due_at=now if row.told else row.due_at))


def _claim(connection: Connection, name: str, now: int, rest: int) -> Notification | None:
    one = incidents.c.name == name
    row = connection.execute(select(incidents).where(one)).first()
    claim = int(CLAIM_SECONDS * 1000)
    # What lies further ahead than anything is put off comes from a clock that was set back.
    if row is None or now < row.due_at <= now + rest + claim:
        return None
    over = row.closed_at is not None
    if over and not row.told:
        connection.execute(delete(incidents).where(one))
        return None
    reason = (
        NotificationReason.CLOSED
        if over
        else NotificationReason.REPEATED
        if row.told
        else NotificationReason.OPENED
    )
    connection.execute(update(incidents).where(one).values(change=row.change + 1, due_at=now + claim))
    lasted = max(0, (row.closed_at or now) - row.opened_at) / 1000
    return Notification(name, reason, row.text, lasted, row.change + 1)
