"""Links to databases: a pool whose calls are run again when a connection is cut; and how drivers connect.

The catalog and the ledger share it. What a call does must bear to be run again from its beginning.
"""

from __future__ import annotations

import logging
import threading
from copy import copy
from typing import TYPE_CHECKING, TypeVar

from embedconsole.database_faults import CALL_ERRORS, connecting, database_fault
from embedconsole.retry import DATABASE_CALL, WATCHER_CALL

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from sqlalchemy import URL, Connection, Engine

    from embedconsole.retry import CallPolicy

T = TypeVar("T")

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
        policy: When a call is made again.
    """

    def __init__(
        self,
        engine: Engine,
        source: str,
        *,
        secrets: tuple[str, ...] = (),
        policy: CallPolicy = DATABASE_CALL,
    ) -> None:
        self.engine = engine
        self._source = source
        self._secrets = secrets
        self._policy = policy
        self._answered = False
        self._closed = threading.Event()

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run a function with a connection, on another one from the beginning when the first is cut.

        Raises:
            Transient, Refused: the database stays away, or fails otherwise.
        """
        for failures in range(1, self._policy.tries if self._answered else 1):
            try:
                return self._attempt(work)
            except self._policy.on as fault:
                pause = self._policy.pauses.after(failures)
                if pause:
                    log.warning("%s; retrying in %.0f s", fault, pause)
                if self._closed.wait(pause):
                    raise
        return self._attempt(work)

    def stream(self, work: Callable[[Connection], Iterator[T]]) -> Generator[T]:
        """Yield the values of a function with a connection, as they come; a cut connection ends it.

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
        impatient._policy = WATCHER_CALL
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
    settled = {name: value for name, value in arguments.items() if name not in url.query}
    if url.get_driver_name() == "pymysql" and url.password:
        # It sends a text in latin1, and fails on what that lacks.
        settled["password"] = url.password.encode()
    return settled
