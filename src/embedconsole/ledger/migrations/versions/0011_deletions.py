"""When items were marked as gone from the catalog, and how many it had before"""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "embedconsole_deletions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("generation_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_embedconsole_deletions_at", "embedconsole_deletions", ["generation_id", "at"])
