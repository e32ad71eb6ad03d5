"""Why an item was last given work, and whether a generation's content is made another way than before"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("embedconsole_items", sa.Column("reason", sa.SmallInteger(), nullable=True))
    remade = sa.Column("remade", sa.SmallInteger(), nullable=False, server_default="0")
    op.add_column("embedconsole_generations", remade)
