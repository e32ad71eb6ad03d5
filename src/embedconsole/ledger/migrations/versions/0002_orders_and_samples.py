"""Orders, samples, what processes are doing, and failures by cause"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from embedconsole.ledger.dialect import FixedBytes
from embedconsole.ledger.failure_causes import cause_of

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
CAUSE = FixedBytes(8)
FAILED = 4
PAGE = 1000

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "embedconsole_orders",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.String(length=20), nullable=False),
        sa.Column("arguments", LONG, nullable=False),
        sa.Column("sender", sa.String(length=120), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("taken_by", sa.String(length=120), nullable=True),
        sa.Column("answer", LONG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "embedconsole_samples",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("pipeline", sa.String(length=190), nullable=False),
        sa.Column("worker_id", sa.String(length=120), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("picture", LONG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_embedconsole_samples_at", "embedconsole_samples", ["pipeline", "at"], unique=False)
    op.create_index("ix_embedconsole_events_at", "embedconsole_events", ["at"], unique=False)
    op.add_column(
        "embedconsole_workers", sa.Column("role", sa.String(length=20), nullable=False, server_default="")
    )
    op.add_column("embedconsole_workers", sa.Column("status", LONG, nullable=True))
    op.add_column("embedconsole_items", sa.Column("cause", CAUSE, nullable=True))
    _note_causes()
    op.create_index(
        "ix_embedconsole_items_cause",
        "embedconsole_items",
        ["generation_id", "cause", "failed_at", "id"],
        unique=False,
        sqlite_where=sa.text("cause IS NOT NULL"),
        postgresql_where=sa.text("cause IS NOT NULL"),
    )


def _note_causes() -> None:
    """Group the failures that are there already."""
    items = sa.table(
        "embedconsole_items",
        sa.column("id", ID),
        sa.column("state", sa.SmallInteger()),
        sa.column("error_class", sa.String()),
        sa.column("error", sa.Text()),
        sa.column("cause", CAUSE),
    )
    connection = op.get_bind()
    update = items.update().where(items.c.id == sa.bindparam("item")).values(cause=sa.bindparam("found"))
    after = 0
    while True:
        query = sa.select(items.c.id, items.c.error_class, items.c.error)
        query = query.where(items.c.state == FAILED, items.c.id > after).order_by(items.c.id).limit(PAGE)
        page = connection.execute(query).all()
        if not page:
            return
        found = [{"item": row[0], "found": cause_of(row[1] or "", row[2] or "")} for row in page]
        connection.execute(update, found)
        after = page[-1][0]
