"""Notification targets, through apprise: each in its own thread, with a time limit."""

from __future__ import annotations

import importlib.util
import logging
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote

from embedconsole.config.sections.notify import scheme_of
from embedconsole.faults import ConfigError
from embedconsole.foreign_text import harmless, one_line
from embedconsole.ops.requests_rules import apply_rules

if TYPE_CHECKING:
    from apprise import AppriseAsset
    from pydantic import SecretStr

    from embedconsole.config.sections.notify import NotifyConfig

_LOGGER = "apprise"


class Weight(StrEnum):
    """How a message is marked where a target can; the words are apprise's."""

    WARNING = "warning"
    SUCCESS = "success"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Message:
    """A notification: plain text of some lines."""

    title: str
    body: str
    weight: Weight = Weight.WARNING


@dataclass(frozen=True, slots=True)
class Delivery:
    """The result of a message at one target.

    Attributes:
        target: The target without its secrets: its place in the configuration and its kind.
        problem: Why it did not arrive; None when it did.
    """

    target: str
    seconds: float
    problem: str | None


def check_extra(config: NotifyConfig) -> None:
    """Refuse targets where apprise is not installed; imports nothing.

    Raises:
        ConfigError: apprise is not installed.
    """
    if config.to and importlib.util.find_spec("apprise") is None:
        raise ConfigError(
            "notify.to needs apprise: "
            "pip install '.[notify]' in a checkout of embedconsole, or leave notify out"
        )


class Targets:
    """All of `notify.to`. A target that has not come back from a message gets no further one meanwhile."""

    def __init__(self, config: NotifyConfig) -> None:
        self._timeout = config.timeout
        self._targets = [
            _Target(f"notify.to[{index}] ({scheme_of(address)})", address)
            for index, address in enumerate(config.to)
        ]

    def send(self, message: Message) -> list[Delivery]:
        """Send a message to all of them at once; never raises, and takes no longer than `notify.timeout`."""
        import apprise  # noqa: F401  (half a second at times, which is not the targets')

        apply_rules()
        began = time.monotonic()
        calls = [target.begin(message) for target in self._targets]
        return [call.end(began, self._timeout) for call in calls]


@dataclass(slots=True)
class _Call:
    """A message on its way to one target."""

    target: str
    thread: threading.Thread | None = None
    problem: str | None = None
    done: threading.Event = field(default_factory=threading.Event)
    seconds: float = 0.0

    def end(self, began: float, timeout: float) -> Delivery:
        self.done.wait(max(0.0, began + timeout - time.monotonic()))
        if self.done.is_set():
            return Delivery(self.target, self.seconds, self.problem)
        return Delivery(self.target, time.monotonic() - began, f"no answer within {timeout:g} s")


@dataclass(slots=True)
class _Target:
    name: str
    address: SecretStr
    call: _Call | None = None

    def begin(self, message: Message) -> _Call:
        if self.call is not None and not self.call.done.is_set():
            call = _Call(self.name, problem="it has not answered the previous message")
            call.done.set()
            return call
        self.call = _Call(self.name)
        # A daemon thread: the end of the process does not wait for it.
        threading.Thread(target=self._send, args=(message, self.call), name="notify", daemon=True).start()
        return self.call

    def _send(self, message: Message, call: _Call) -> None:
        began = time.monotonic()
        try:
            call.problem = _sent(self.address.get_secret_value(), message)
        # A plugin of apprise may raise anything, and none of it may harm a run.
        except Exception as error:  # noqa: BLE001
            secrets = _parts_of(self.address.get_secret_value())
            call.problem = one_line(f"{type(error).__name__}: {error}", secrets)
        finally:
            call.seconds = time.monotonic() - began
            call.done.set()


def _sent(address: str, message: Message) -> str | None:
    """Send, and say why it could not be; None when it was."""
    import apprise

    logger = logging.getLogger(_LOGGER)
    # Its own log lines may hold the address: they are not for the log file.
    logger.propagate = False
    target = apprise.Apprise.instantiate(address, asset=_asset())
    if target is None:
        return "apprise does not know such an address, or it lacks a part"
    with _Hearing(logger) as heard:
        # Not by apprise's own sender: its pool of threads is waited for at the end of the process.
        arrived = target.notify(
            body=harmless(message.body),
            title=harmless(message.title),
            notify_type=apprise.NotifyType(message.weight.value),
            body_format=apprise.NotifyFormat.TEXT,
        )
    if arrived:
        return None
    return one_line(heard.last, _parts_of(address)) or "it was not accepted"


def _asset() -> AppriseAsset:
    import apprise

    return apprise.AppriseAsset(
        app_id="embedconsole",
        app_desc="embedconsole",
        app_url="",
        async_mode=False,
        secure_logging=True,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )


class _Hearing(logging.Handler):
    """The last warning that apprise logs in this thread."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__(logging.WARNING)
        self.last = ""
        self._logger = logger
        self._thread_id = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread_id:
            self.last = record.getMessage()

    def __enter__(self) -> _Hearing:
        self._logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self.close()


def _parts_of(address: str) -> list[str]:
    """All parts of an address, the longest first: any of them may be a token."""
    rest = address.partition("://")[2]
    for mark in "/?&=@:,#":
        rest = rest.replace(mark, " ")
    parts = {form for part in rest.split() for form in (part, unquote(part)) if len(form) > 3}
    return [address, *sorted(parts, key=len, reverse=True)]
