"""Orders: requests of an operator to the processes that run on a ledger, as they are kept there.

`sync` and `cancel` are for the one that is fit for it; `workers` for all who are there; a `pause` holds for
all processes, those that start later too, until a `resume`.
"""

from __future__ import annotations

import getpass
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError
from embedconsole.ledger.records.processes import LASTS
from embedconsole.sync.shared.control import OrderKind
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.selection import parse_selection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedconsole.items import JsonObject
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.processes import Order


SWITCHED: JsonObject = {LASTS: True}
"""The arguments of a pause and a resume."""

_NOT_UNDERSTOOD = "this version does not understand the order"


@dataclass(frozen=True, slots=True)
class OrderedRun:
    """A run that was requested.

    Attributes:
        pipelines: Only these; None for all.
        only: With `force`: just these, a `column=value` or a key each; none for all.
        order: The order's number, to answer it; None when it was asked for in this process.
    """

    force: bool = False
    pipelines: tuple[str, ...] | None = None
    only: tuple[str, ...] = ()
    order: int | None = None

    @property
    def options(self) -> RunOptions:
        """The run to do.

        Raises:
            ConfigError: `only` can't be understood.
        """
        return RunOptions(
            force=self.force,
            only=parse_selection(self.only),
            pipelines=None if self.pipelines is None else frozenset(self.pipelines),
            patient=True,
        )

    @property
    def kind(self) -> str:
        """What the run is called in the ledger."""
        return "force" if self.force else "sync"

    def as_arguments(self) -> JsonObject:
        """The order's arguments."""
        arguments: JsonObject = {"force": self.force, "only": list(self.only)}
        if self.pipelines is not None:
            arguments["pipelines"] = list(self.pipelines)
        return arguments


def read_wish(arguments: Mapping[str, object], order: int) -> OrderedRun:
    """The wish behind an order's arguments.

    Raises:
        ConfigError: they are not such, perhaps of another version.
    """
    pipelines = read_pipelines(arguments)
    force, only = (arguments.get(name) for name in ("force", "only"))
    if not isinstance(force, bool | None) or not _names(only):
        raise ConfigError(_NOT_UNDERSTOOD)
    return OrderedRun(
        force=bool(force),
        pipelines=pipelines,
        only=tuple(map(str, _list(only))),
        order=order,
    )


def read_pipelines(arguments: Mapping[str, object]) -> tuple[str, ...] | None:
    """The pipelines that an order is for; None for all.

    Raises:
        ConfigError: they are no names, perhaps of another version.
    """
    pipelines = arguments.get("pipelines")
    if not _names(pipelines):
        raise ConfigError(_NOT_UNDERSTOOD)
    return None if pipelines is None else tuple(map(str, _list(pipelines)))


def read_count(arguments: Mapping[str, object]) -> int:
    """How many workers an order wants.

    Raises:
        ConfigError: it does not say.
    """
    count = arguments.get("count")
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise ConfigError("the order does not say how many workers")
    return count


def sender() -> str:
    """Who we are, for those who see our orders: "anna@shop"."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return f"{name}@{socket.gethostname()}"[:120]


def _names(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


PATIENCE = 6.0
"""Seconds that an order waits: a daemon looks for orders every two seconds."""

_ANSWER_PATIENCE = 2.0
"""Seconds that an answer is waited for: what can't be done is answered at once, a run takes long."""

_LOOK_EVERY = 0.1


def give(ledger: Ledger, verb: OrderKind, arguments: Mapping[str, object]) -> Order | None:
    """The order once it has been taken, and perhaps answered; None when no process took it: it is withdrawn.

    A pause or a resume is in force also when no process is there to take it, and is given as it stands.

    Blocks for seconds.

    Raises:
        Transient, Refused: the ledger fails.
    """
    number = ledger.orders.give(verb, arguments, sender())
    order = _wait(ledger, number, PATIENCE, taken=True)
    if order is None and (verb in (OrderKind.PAUSE, OrderKind.RESUME) or not ledger.orders.withdraw(number)):
        # In force, or taken at the last moment.
        order = ledger.orders.get(number)
    if order is None or order.taken_by is None:
        return order
    return _wait(ledger, number, _ANSWER_PATIENCE, taken=False) or order


def _wait(ledger: Ledger, number: int, seconds: float, *, taken: bool) -> Order | None:
    """The order as soon as it has been taken, or answered; None when that does not happen in time."""
    until = time.monotonic() + seconds
    while True:
        order = ledger.orders.get(number)
        if order is None or (order.taken_by if taken else order.answer) is not None:
            return order
        if time.monotonic() > until:
            return None
        time.sleep(_LOOK_EVERY)
