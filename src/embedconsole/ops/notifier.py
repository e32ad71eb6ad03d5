"""Notifications of incidents: applies the alert rules to what was observed, and sends the messages.

It blocks, so it runs in the watcher's thread, for which nothing waits.
"""

from __future__ import annotations

import hashlib
import logging
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.config.paths import state_dir
from embedconsole.faults import Fault
from embedconsole.ledger.records.incidents import NotificationReason
from embedconsole.ops.targets import Message, Targets, Weight, check_extra
from embedconsole.redact import mask_database_url
from embedconsole.sync.observe.alert_rules import of_ledger, of_run, span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from embedconsole.config.sections.notify import NotifyConfig
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.incidents import AlertVerdict, Notification
    from embedconsole.sync.observe.ledger_overview import LedgerOverview
    from embedconsole.sync.shared.report import RunReport


log = logging.getLogger("embedconsole")

_TITLES = {
    NotificationReason.OPENED: "embedconsole: something needs attention",
    NotificationReason.REPEATED: "embedconsole: something still needs attention",
    NotificationReason.CLOSED: "embedconsole: recovered",
}


@dataclass(slots=True)
class Notifier:
    """Sends the notifications of one process. What was sent is in the ledger; while it is away, in a file.

    Args:
        command: The command line for hints.
    """

    config: NotifyConfig
    targets: Targets
    marker: AwayMarker
    command: str
    _failing: set[str] = field(default_factory=set)

    def look(self, ledger: Ledger, observed: LedgerOverview, reports: Iterable[RunReport]) -> None:
        """Apply the alert rules to the ledger and to the runs that have ended since the last call.

        Raises:
            Fault: the ledger does not answer. What was not recorded is judged again at the next call.
        """
        rules = self.config.on
        verdicts: dict[str, AlertVerdict] = {}
        # What a run itself says comes after what it said before.
        for report in reports:
            verdicts |= {verdict.name: verdict for verdict in of_run(rules, report, self.command)}
        found = of_ledger(rules, observed, ledger.incidents.open_names(), self.command)
        verdicts |= {verdict.name: verdict for verdict in found}
        notifications = ledger.incidents.judge(list(verdicts.values()), self.config.repeat_after)
        arrived = [
            notification
            for reason in NotificationReason
            for notification in self._notify(ledger, reason, notifications)
        ]
        if arrived:
            ledger.incidents.told(arrived, self.config.repeat_after)
        self._ledger_is_back(ledger)

    def ledger_is_away(self, why: str) -> None:
        """Notify that the ledger is away, which then can't record it: each process sends its own message."""
        if not self.marker.is_due():
            return
        text = f"{why.rstrip('.')}.\nLook closer: {self.command} test"
        if self._send(None, _message(_TITLES[NotificationReason.OPENED], [text], Weight.WARNING)):
            self.marker.record()

    def _ledger_is_back(self, ledger: Ledger) -> None:
        lasted = self.marker.clear()
        if lasted is not None and self.config.on.recovered:
            text = f"The ledger answers again, {span_of(lasted)} after it was first unreachable."
            self._send(ledger, _message(_TITLES[NotificationReason.CLOSED], [text], Weight.SUCCESS))

    def _notify(
        self, ledger: Ledger, reason: NotificationReason, notifications: Sequence[Notification]
    ) -> list[Notification]:
        """Send those of one kind as one message; return them when one target took it."""
        mine = [notification for notification in notifications if notification.reason is reason]
        if not mine or (reason is NotificationReason.CLOSED and not self.config.on.recovered):
            return mine
        texts = [_text(notification) for notification in mine]
        weight = Weight.SUCCESS if reason is NotificationReason.CLOSED else Weight.WARNING
        return mine if self._send(ledger, _message(_TITLES[reason], texts, weight)) else []

    def _send(self, ledger: Ledger | None, message: Message) -> bool:
        deliveries = self.targets.send(message)
        for delivery in deliveries:
            if delivery.problem is None:
                self._failing.discard(delivery.target)
            elif delivery.target not in self._failing:
                self._failing.add(delivery.target)
                self._warn(ledger, f"notify: {delivery.target} did not get the message: {delivery.problem}")
        return any(delivery.problem is None for delivery in deliveries)

    def _warn(self, ledger: Ledger | None, text: str) -> None:
        log.warning("%s", text, extra={"event": "notify"})
        if ledger is not None:
            with suppress(Fault):
                ledger.history.record(None, [("warning", "notify", text, None)])


def open_notifier(config: NotifyConfig, ledger_url: str, command: str) -> Notifier | None:
    """The notifier that the configuration asks for; None where `notify.to` is empty.

    Raises:
        ConfigError: apprise is not installed.
    """
    if not config.to:
        return None
    check_extra(config)
    which = hashlib.blake2b(mask_database_url(ledger_url).encode(), digest_size=6).hexdigest()
    marker = AwayMarker(state_dir() / f"ledger-away-{which}", config.repeat_after)
    return Notifier(config, Targets(config), marker, command)


def trial(command: str) -> Message:
    """The message of `notify test`."""
    text = f"This is a test; nothing is wrong.\nThe present state: {command} status"
    return _message("embedconsole: a test", [text], Weight.INFO)


def _text(notification: Notification) -> str:
    if notification.reason is NotificationReason.CLOSED:
        return f"Over after {span_of(notification.lasted)}: {notification.text.partition(chr(10))[0]}"
    since = (
        f" (for {span_of(notification.lasted)} now)"
        if notification.reason is NotificationReason.REPEATED
        else ""
    )
    first, _, rest = notification.text.partition("\n")
    return f"{first}{since}\n{rest}"


def _message(title: str, texts: Sequence[str], weight: Weight) -> Message:
    return Message(title, "\n\n".join([*texts, f"Sent by {socket.gethostname()}."]), weight)


@dataclass(frozen=True, slots=True)
class AwayMarker:
    """Marker file that operators were notified of an unreachable ledger, which can't record that itself.

    It holds the moments of the first and the last message, in seconds since 1970. Where it can't be written,
    a message is sent once too often.
    """

    file: Path
    repeat_after: float
    clock: Callable[[], float] = time.time

    def is_due(self) -> bool:
        """Whether no message was sent yet, or none for `repeat_after` seconds."""
        times = self._times()
        return times is None or not 0 <= self.clock() - times[1] < self.repeat_after

    def record(self) -> None:
        """Note that a message was sent now."""
        now = self.clock()
        first = (self._times() or (now, now))[0]
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(f"{first} {now}\n", encoding="ascii")

    def clear(self) -> float | None:
        """Remove the file: seconds since the first message; None when there was none."""
        times = self._times()
        if times is None:
            return None
        with suppress(OSError):
            self.file.unlink()
        return max(0.0, self.clock() - times[0])

    def _times(self) -> tuple[float, float] | None:
        try:
            first, last = map(float, self.file.read_text(encoding="ascii").split())
        except (OSError, ValueError):
            return None
        return first, last
