"""Compares the feed in the database with what should be installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from embedconsole.catalog.feed.names import feed_prefix
from embedconsole.catalog.feed.watched_tables import find_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.catalog.feed.base import Backlog
    from embedconsole.catalog.feed.database import FeedDatabase
    from embedconsole.catalog.feed.triggers import FoundTriggers, TriggerPart
    from embedconsole.catalog.query_source import TableName


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed now.

    Attributes:
        problems: A line each.
        unseen: What the database never notes, though all is installed; a line each.
    """

    inspection: Inspection
    backlog: Backlog
    problems: Sequence[str]
    unseen: Sequence[str]

    @property
    def trusted(self) -> bool:
        """Whether every change is noted."""
        return not self.problems


def unseen_changes(database: FeedDatabase) -> Sequence[str]:
    """Ways to change watched rows without firing triggers, a line each; raises as `inspect_feed`."""
    watched = database.place.watched
    return database.read(lambda connection: database.dialect.unseen(connection, watched))


@dataclass(frozen=True, slots=True)
class WatchedState:
    """The installed parts of one watched table.

    Attributes:
        missing: Parts that are not there.
        differing: Parts that are disabled, on another table, or not as this version makes them.
    """

    table: TableName
    parts: tuple[TriggerPart, ...]
    missing: tuple[TriggerPart, ...]
    differing: tuple[TriggerPart, ...]

    @property
    def installed(self) -> bool:
        """Whether every change of the table is noted."""
        return not (self.missing or self.differing)

    @property
    def untouched(self) -> bool:
        """Whether nothing of it has ever been installed."""
        return self.missing == self.parts


@dataclass(frozen=True, slots=True)
class Inspection:
    """A feed as it is in the database.

    Attributes:
        outbox: Where it is, or would be.
        has_outbox: Whether it is there.
        tables: The watched tables, in the order of the configuration.
        left_over: Ours, but of no table that is watched now.
        others: Whether other feeds have parts in this database.
    """

    outbox: TableName
    has_outbox: bool
    tables: tuple[WatchedState, ...]
    left_over: tuple[FoundTriggers, ...]
    found: tuple[FoundTriggers, ...]
    others: bool

    @property
    def installed(self) -> bool:
        """Whether every change is noted."""
        return self.has_outbox and all(table.installed for table in self.tables)

    @property
    def untouched(self) -> bool:
        """Whether nothing of it has ever been installed."""
        return not self.has_outbox or not self.found


def inspect_feed(database: FeedDatabase) -> Inspection:
    """Look at the feed as it is now.

    Raises:
        Transient, Refused: The database does not answer, or a watched table or column does not exist.
    """

    def look(connection: sa.Connection) -> Inspection:
        place = find_place(database.config, connection)
        everything = database.dialect.found(connection, place.outbox)
        ours = tuple(found for found in everything if found.name.startswith(feed_prefix(database.feed)))
        by_name = {found.name: found for found in ours}
        tables = tuple(
            _compared(one.table, tuple(database.dialect.parts(database.feed, place.outbox, one)), by_name)
            for one in place.watched
        )
        wanted = {part.name for table in tables for part in table.parts}
        return Inspection(
            outbox=place.outbox,
            # Listed, not described: MySQL refuses that to a user who has no right to it.
            has_outbox=place.outbox.name in sa.inspect(connection).get_table_names(place.outbox.schema),
            tables=tables,
            left_over=tuple(found for found in ours if found.name not in wanted),
            found=ours,
            others=len(ours) < len(everything),
        )

    return database.read(look)


def complaints(inspection: Inspection) -> Sequence[str]:
    """Problems, a line each; none when every change is noted."""
    if inspection.untouched:
        return ("the change feed is not installed",)
    lines = []
    for table in inspection.tables:
        if table.untouched:
            lines.append(f"{table.table.name} has no triggers (or none that this database user may see)")
            continue
        lines += [f"{part.name} is missing on {table.table.name}" for part in table.missing]
        lines += [
            f"{part.name} on {table.table.name} is disabled or not as this version makes it"
            for part in table.differing
        ]
    return lines


def _compared(
    table: TableName, parts: tuple[TriggerPart, ...], found: dict[str, FoundTriggers]
) -> WatchedState:
    return WatchedState(
        table=table,
        parts=parts,
        missing=tuple(part for part in parts if part.name not in found),
        differing=tuple(part for part in parts if part.name in found and not found[part.name].is_as(part)),
    )
