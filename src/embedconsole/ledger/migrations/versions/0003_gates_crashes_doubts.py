"""Gates that all processes honour, crashes an item was in, and points to be looked at again"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "embedconsole_gates",
        sa.Column("key", sa.String(length=190), nullable=False),
        sa.Column("name", sa.String(length=190), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("fault", LONG, nullable=True),
        sa.Column("holder", sa.String(length=120), nullable=True),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "embedconsole_doubts",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("generation_id", sa.BigInteger(), nullable=False),
        sa.Column("key", LONG, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_embedconsole_doubts_due", "embedconsole_doubts", ["generation_id", "due_at"], unique=False
    )
    op.add_column(
        "embedconsole_items", sa.Column("crashes", sa.SmallInteger(), nullable=False, server_default="0")
    )
