"""Incidents that operators are told of"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

LONG = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "embedconsole_incidents",
        sa.Column("name", sa.String(length=190), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("text", LONG, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
