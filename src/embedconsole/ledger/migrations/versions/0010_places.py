"""Where a generation's collection is, when it was used last, and when a vector was kept"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("embedconsole_generations", sa.Column("address", sa.Text(), nullable=True))
    op.add_column("embedconsole_generations", sa.Column("used_at", sa.BigInteger(), nullable=True))
    op.add_column("embedconsole_vectors", sa.Column("kept_at", sa.BigInteger(), nullable=True))
