"""Writes that take place once, though a connection is cut in the middle of their commit.

When the answer to a COMMIT is lost, the client can't tell whether the transaction took place. So every write
enters its number in a row of ours before anything else: a further attempt that finds the number there knows
that an earlier one was committed, and one that comes while the earlier one is still being committed waits for
the row. SQLite has no connection that could be cut.
"""

from __future__ import annotations

import uuid
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import bindparam, delete, insert, select, update

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.schema import commits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

T = TypeVar("T")

_KEEP_MS = 86_400_000

_WRITER = commits.c.writer == bindparam("this")
_ADVANCE = (
    update(commits)
    .where(_WRITER, commits.c.number < bindparam("next"))
    .values(number=bindparam("next"), at=now_ms())
)
_NUMBER = select(commits.c.number).where(_WRITER)
_OLD = select(commits.c.writer).where(commits.c.at < now_ms() - _KEEP_MS)


@dataclass(slots=True)
class _Writer:
    """A row of ours; one write at a time has it."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    number: int = 0


class Commits:
    """The numbers of this process's writes; as many rows as it ever had writes at the same time."""

    def __init__(self) -> None:
        self._idle: deque[_Writer] = deque()

    @contextmanager
    def once(self, work: Callable[[Connection], T]) -> Iterator[Callable[[Connection], T]]:
        """The same function, which may be run in one transaction after the other and takes effect once."""
        writer = self._take()
        writer.number += 1
        results: list[T] = []

        def attempt(connection: Connection) -> T:
            if _enter(connection, writer):
                results.append(work(connection))
            return results[-1]

        try:
            yield attempt
        finally:
            self._idle.append(writer)

    def _take(self) -> _Writer:
        try:
            return self._idle.pop()
        except IndexError:
            return _Writer()


def _enter(connection: Connection, writer: _Writer) -> bool:
    """Enter the number of a write; False when it is there, since an earlier attempt was committed."""
    this = {"this": writer.id}
    if connection.execute(_ADVANCE, {**this, "next": writer.number}).rowcount:
        return True
    if connection.scalar(_NUMBER, this) == writer.number:
        return False
    # By their keys, so that no row of another process that is writing is waited for.
    if old := connection.scalars(_OLD).all():
        connection.execute(delete(commits).where(commits.c.writer.in_(old)))
    connection.execute(insert(commits).values(writer=writer.id, number=writer.number, at=now_ms()))
    return True
