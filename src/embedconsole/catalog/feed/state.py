"""How a feed is: its triggers, what waits, and whether it can be relied on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.catalog.feed.base import Backlog
from embedconsole.catalog.feed.outbox import SqlFeed
from embedconsole.catalog.feed.status import complaints, inspect_feed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.catalog.feed.database import FeedDatabase
    from embedconsole.catalog.feed.status import Inspection


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed now; `problems` a line each."""

    inspection: Inspection
    backlog: Backlog
    problems: Sequence[str]

    @property
    def trusted(self) -> bool:
        """Whether every change is noted."""
        return not self.problems


def feed_state(database: FeedDatabase) -> FeedState:
    """Look at a feed. Raises Transient or Refused: the database does not answer, or not to us."""
    inspection = inspect_feed(database)
    backlog = SqlFeed(database).backlog() if inspection.has_outbox else Backlog(0, None)
    return FeedState(inspection, backlog, complaints(inspection))
