"""A change feed as `status` and `feed status` tell of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from embedconsole.faults import Fault
from embedconsole.cli.output import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.catalog.feed.database import FeedDatabase
    from embedconsole.catalog.feed.status import FeedState
    from embedconsole.config.pipeline import Pipeline


def feed_of(pipeline: Pipeline) -> FeedState | str:
    """A pipeline's feed, or why it can't be looked at."""
    from embedconsole.catalog.feed.outbox import feed_state

    try:
        with opened_feed(pipeline) as database:
            return feed_state(database)
    except Fault as fault:
        return str(fault)


def feed_line(state: FeedState | str) -> str:
    """A feed on one line."""
    if isinstance(state, str):
        return state
    if not state.trusted:
        more = f" (and {len(state.problems) - 1} more)" if len(state.problems) > 1 else ""
        return f"not trusted: {state.problems[0]}{more}; changes are found by the scan"
    oldest = "" if state.backlog.oldest is None else f"   oldest {duration(state.backlog.oldest)}"
    return f"trusted   backlog {state.backlog.entries:,}{oldest}"


def feed_json(state: FeedState | str) -> dict[str, object]:
    """A feed for programs."""
    if isinstance(state, str):
        return {"trusted": False, "problems": [state]}
    return {
        "trusted": state.trusted,
        "problems": list(state.problems),
        "backlog": state.backlog.entries,
        "oldest_seconds": None if state.backlog.oldest is None else round(state.backlog.oldest, 1),
    }


@contextmanager
def opened_feed(pipeline: Pipeline) -> Iterator[FeedDatabase]:
    """The database of a pipeline's feed."""
    # It brings SQLAlchemy, which most commands can do without.
    from embedconsole.catalog.feed.database import FeedDatabase

    database = FeedDatabase(pipeline.name, pipeline.catalog)
    try:
        yield database
    finally:
        database.close()
