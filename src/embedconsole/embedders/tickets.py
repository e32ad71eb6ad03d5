"""Predictions ordered from a service and not received yet; they are paid for, so never ordered twice."""

from __future__ import annotations

from typing import Protocol


class Tickets(Protocol):
    """Notes of what is under way. Kept in the ledger, they survive the process.

    A key identifies the order (16 bytes); the ticket is the service's own name for it.
    """

    async def find(self, key: bytes) -> str | None:
        """The ticket for a key; None when nothing is under way."""
        ...

    async def note(self, key: bytes, ticket: str) -> None:
        """Remember a ticket, in place of an older one."""
        ...

    async def forget(self, key: bytes) -> None:
        """It has been collected, or there is nothing to collect."""
        ...


class TicketsInMemory:
    """Notes that last as long as the embedder."""

    def __init__(self) -> None:
        self._tickets: dict[bytes, str] = {}

    @property
    def tickets(self) -> list[str]:
        """All that is under way."""
        return list(self._tickets.values())

    async def find(self, key: bytes) -> str | None:
        return self._tickets.get(key)

    async def note(self, key: bytes, ticket: str) -> None:
        self._tickets[key] = ticket

    async def forget(self, key: bytes) -> None:
        self._tickets.pop(key, None)
