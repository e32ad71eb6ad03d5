"""Any text in every table of MySQL and MariaDB; numbers of writes"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0006"
branch_labels = None
depends_on = None

_NARROW = sa.text(
    "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = database() AND table_name IN :names AND table_collation NOT LIKE 'utf8mb4%'"
).bindparams(sa.bindparam("names", expanding=True))
_TABLES = (
    *("audits", "batches", "doubts", "events", "gates", "generations", "incidents", "items", "leases"),
    *("orders", "runs", "samples", "schema", "vectors", "workers"),
)


def upgrade() -> None:
    op.create_table(
        "embedconsole_commits",
        sa.Column("writer", sa.String(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("writer"),
    )
    if op.get_context().dialect.name in ("mysql", "mariadb"):
        names = [f"embedconsole_{name}" for name in _TABLES]
        for name in op.get_bind().scalars(_NARROW, {"names": names}).all():
            op.execute(f"ALTER TABLE `{name}` CONVERT TO CHARACTER SET utf8mb4")
