"""Incidents: what needs attention for as long as it lasts, notified once and again after a pause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class AlertVerdict:
    """The result of an alert rule.

    Attributes:
        name: The incident, the same text for the same trouble in every process.
        text: What is wrong; None when nothing is.
    """

    name: str
    text: str | None


class NotificationReason(StrEnum):
    """Why an incident is notified."""

    OPENED = "opened"
    REPEATED = "repeated"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Notification:
    """A message to be sent, by no other process for a while.

    Attributes:
        text: What is wrong, or was.
        lasted: Seconds from its beginning, to its end or now.
        change: The claim's fence.
    """

    name: str
    reason: NotificationReason
    text: str
    lasted: float
    change: int
