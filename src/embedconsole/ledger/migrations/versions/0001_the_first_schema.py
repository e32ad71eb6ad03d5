"""The first schema"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from embedconsole.ledger.dialect import FixedBytes

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
BLOB = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
HASH = FixedBytes(16)
POINT = FixedBytes(17)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "embedconsole_batches",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("generation_id", sa.BigInteger(), nullable=False),
        sa.Column("worker_id", sa.String(length=120), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("work", sa.SmallInteger(), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("stage_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_embedconsole_batches_generation", "embedconsole_batches", ["generation_id"], unique=False
    )
    op.create_table(
        "embedconsole_events",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("pipeline", sa.String(length=190), nullable=True),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", LONG, nullable=True),
        sa.Column("message", LONG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "embedconsole_generations",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("pipeline", sa.String(length=190), nullable=False),
        sa.Column("collection", sa.String(length=500), nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("watermark", sa.Text(), nullable=True),
        sa.Column("full_scan_at", sa.BigInteger(), nullable=True),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_embedconsole_generations_pipeline", "embedconsole_generations", ["pipeline"], unique=False
    )
    op.create_table(
        "embedconsole_items",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("generation_id", sa.BigInteger(), nullable=False),
        sa.Column("point", POINT, nullable=False),
        sa.Column("key", LONG, nullable=False),
        sa.Column("source_hash", HASH, nullable=True),
        sa.Column("desired_embed_hash", HASH, nullable=True),
        sa.Column("desired_payload_hash", HASH, nullable=True),
        sa.Column("synced_embed_hash", HASH, nullable=True),
        sa.Column("synced_payload_hash", HASH, nullable=True),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("error_class", sa.String(length=20), nullable=True),
        sa.Column("error", LONG, nullable=True),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("generation_id", "point", name="uq_embedconsole_items_point"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_embedconsole_items_work",
        "embedconsole_items",
        ["generation_id", "state", "due_at", "id"],
        unique=False,
    )
    op.create_table(
        "embedconsole_leases",
        sa.Column("name", sa.String(length=190), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=True),
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "embedconsole_runs",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("worker_id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("report", LONG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_embedconsole_runs_started", "embedconsole_runs", ["started_at"], unique=False)
    op.create_table(
        "embedconsole_vectors",
        sa.Column("generation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("embed_hash", HASH, nullable=False),
        sa.Column("vector", BLOB, nullable=False),
        sa.PrimaryKeyConstraint("generation_id", "embed_hash"),
    )
    op.create_table(
        "embedconsole_workers",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("host", sa.String(length=120), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
