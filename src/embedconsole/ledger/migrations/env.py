"""Runs migrations on the connection that `embedconsole.ledger.migrate` hands over."""

from alembic import context

from embedconsole.ledger.migrate import VERSION_TABLE
from embedconsole.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
