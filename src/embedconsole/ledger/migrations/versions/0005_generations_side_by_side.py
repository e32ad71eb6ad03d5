"""Generations side by side: one is searched while the next is built, and the one before can come back"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

LONG = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("embedconsole_generations", sa.Column("target", sa.String(length=500), nullable=True))
    op.add_column(
        "embedconsole_generations",
        sa.Column("stage", sa.String(length=10), nullable=False, server_default="live"),
    )
    op.add_column("embedconsole_generations", sa.Column("recipe", LONG, nullable=True))
    op.add_column("embedconsole_generations", sa.Column("deferred", sa.BigInteger(), nullable=True))
    op.execute("UPDATE embedconsole_generations SET stage = 'retired' WHERE retired_at IS NOT NULL")
