"""Links to databases: a pool whose calls are run again when a connection is cut; and how drivers connect.

The catalog and the ledger share it. What a call does must bear to be run again from its beginning.
"""

from __future__ import annotations

import logging
import threading
from copy import copy
from typing import TYPE_CHECKING, TypeVar

from embedconsole.database_faults import CALL_ERRORS, connecting, database_fault
from embedconsole.faults import Transient, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from sqlalchemy import URL, Connection, Engine

T = TypeVar("T")

PAUSES = (0.0, 1.0, 2.0, 3.0, 4.0)
"""Seconds before each further attempt: at once, since a new connection is often all it takes, then for ten
seconds in all. A server that does not answer takes up to `_CONNECT_SECONDS` of each attempt in addition."""

_CONNECT_SECONDS = 10
_SILENCE_SECONDS = 600
"""How long a server may say nothing before the link counts as dead."""

_ARGUMENTS: dict[str, dict[str, object]] = {
    "psycopg": {
        "connect_timeout": _CONNECT_SECONDS,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        # Prepared statements break behind poolers, and when the user's table changes.
        "prepare_threshold": None,
        # A database in SQL_ASCII says nothing of its text, and the driver would give bytes.
        "client_encoding": "utf8",
    },
    "psycopg2": {"connect_timeout": _CONNECT_SECONDS, "client_encoding": "utf8"},
    "pymysql": {
        "connect_timeout": _CONNECT_SECONDS,
        "read_timeout": _SILENCE_SECONDS,
        "write_timeout": _SILENCE_SECONDS,
        "charset": "utf8mb4",
    },
    "mysqldb": {"connect_timeout": _CONNECT_SECONDS, "charset": "utf8mb4"},
}

log = logging.getLogger("embedconsole")


class Link:
    """The way to one database.

    A database that has answered before is waited for; one that never did fails at once, since its address is
    likely to be wrong.

    Args:
        source: Who fails, in the words of the faults: "catalog", "change feed" or "ledger".
        secrets: Text that must not appear in a message: the password of the URL.
        pauses: Seconds to wait before each further attempt.
        passing: The faults that are worth another attempt here.
    """

    def __init__(
        self,
        engine: Engine,
        source: str,
        *,
        secrets: tuple[str, ...] = (),
        pauses: Sequence[float] = PAUSES,
        passing: type[Transient] = Unreachable,
    ) -> None:
        self.engine = engine
        self._source = source
        self._secrets = secrets
        self._pauses = pauses
        self._passing = passing
        self._answered = False
        self._closed = threading.Event()

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run a function with a connection, on another one from the beginning when the first is cut.

        Raises:
            Transient, Refused: the database stays away, or fails otherwise.
        """
        for pause in self._pauses if self._answered else ():
            try:
                return self._attempt(work)
            except self._passing as fault:
                if pause:
                    log.warning("%s; retrying in %.0f s", fault, pause)
                if self._closed.wait(pause):
                    raise
        return self._attempt(work)

    def stream(self, work: Callable[[Connection], Iterator[T]]) -> Generator[T]:
        """What a function with a connection yields, as it comes; a cut connection ends it.

        Raises:
            Transient, Refused: as `run`.
        """
        with connecting(self._source, self._secrets):
            connection = self.engine.connect()
        try:
            with connection:
                yield from work(connection)
        except CALL_ERRORS as error:
            raise database_fault(self._source, error, secrets=self._secrets) from error

    def at_once(self) -> Link:
        """The same way for callers that do not wait: another attempt on a new connection is all they make."""
        impatient = copy(self)
        impatient._pauses = self._pauses[:1]
        return impatient

    def _attempt(self, work: Callable[[Connection], T]) -> T:
        with connecting(self._source, self._secrets):
            connection = self.engine.connect()
        try:
            with connection:
                result = work(connection)
        except CALL_ERRORS as error:
            raise database_fault(self._source, error, secrets=self._secrets) from error
        self._answered = True
        return result

    def close(self) -> None:
        """Close all connections; calls that wait for the database fail now. It may be used again."""
        self._closed.set()
        self._closed.clear()
        self.engine.dispose()


def driver_arguments(url: URL) -> dict[str, object]:
    """The arguments a driver needs to connect; what the operator wrote into the URL wins."""
    arguments = _ARGUMENTS.get(url.get_driver_name(), {})
    return {name: value for name, value in arguments.items() if name not in url.query}
