"""Putting a feed into the database and taking it out: what would be run, and running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from embedconsole.catalog.feed.database import FeedDatabase
    from embedconsole.catalog.feed.status import Inspection


def statements_to_install(database: FeedDatabase, inspection: Inspection) -> list[str]:
    """The statements that install or update the feed; none when it is up to date."""
    statements = [] if inspection.has_outbox else [database.dialect.create_outbox(inspection.outbox)]
    statements += [found.drop for found in inspection.left_over]
    for table in inspection.tables:
        wrong = {*table.missing, *table.differing}
        for part in table.parts:
            if part in table.differing and not part.create.startswith("CREATE OR REPLACE"):
                statements.append(part.drop)
            if part in wrong:
                statements.append(part.create)
    return statements


def statements_to_remove(database: FeedDatabase, inspection: Inspection) -> list[str]:
    """The statements that remove the feed, and the outbox once no other feed needs it."""
    statements = [found.drop for found in inspection.found]
    if inspection.has_outbox:
        outbox = database.dialect.quoted(inspection.outbox)
        # The feed's name is made of letters and digits.
        statements.append(
            f"DELETE FROM {outbox} WHERE feed = '{database.feed}'"
            if inspection.others
            else f"DROP TABLE {outbox}"
        )
    return statements


def rights_needed(database: FeedDatabase) -> list[str]:
    """The GRANTs for a user of `catalog.url` who did not create the outbox; none on SQLite."""
    url = database.connections.reader.url
    grant = database.dialect.grant(database.place.outbox, url.username or "")
    if grant is None:
        return []
    return [f"If that user is not the one of catalog.url: {grant};"]


def script(database: FeedDatabase, statements: Sequence[str]) -> str:
    """The statements as an administrator runs them in the database's own client."""
    return database.dialect.script([*database.dialect.BEFORE, *statements])


def run_statements(database: FeedDatabase, statements: Sequence[str]) -> None:
    """Run them: all or nothing, but on MySQL, where each is on its own and running them again continues.

    Raises:
        Transient, Refused: The database does not answer, has no room or does not let us.
    """

    def work(connection: Connection) -> None:
        with connection.begin():
            for statement in (*database.dialect.BEFORE, *statements):
                connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    database.connections.write(work)
