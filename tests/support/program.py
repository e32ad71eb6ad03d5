"""The program as tests start it: `main()` as installed, after what the environment asks to be prepared.

    python -m support.program --headless --once

`EMBEDCONSOLE_TEST_PREPARE` names a function of a test module (`module:function`) that is called first, for
what no configuration offers: a process that is to die at a certain line, leases that run out while one looks.
"""

from __future__ import annotations

import importlib
import os
import pkgutil

PREPARE = "EMBEDCONSOLE_TEST_PREPARE"

_NOT_BEFORE_USE = (
    "embedconsole.__main__",
    "embedconsole.celery",
    "embedconsole.console",
    "embedconsole.ledger.migrations",
)
_IMPORTED_WHEN_NEEDED = (
    "alembic.command",
    "psycopg",
    "pymysql",
    "qdrant_client",
    "sqlalchemy.dialects.mysql.pymysql",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
)


def import_all() -> None:
    """Import the headless program and what it imports while it runs."""
    import embedconsole

    for module in pkgutil.walk_packages(embedconsole.__path__, "embedconsole."):
        if not module.name.startswith(_NOT_BEFORE_USE):
            importlib.import_module(module.name)
    for name in _IMPORTED_WHEN_NEEDED:
        importlib.import_module(name)


def main() -> None:
    """Prepare, and run the program with the arguments of this process."""
    from embedconsole.cli.main import main as program

    wanted = os.environ.get(PREPARE)
    if wanted:
        module, _, name = wanted.partition(":")
        getattr(importlib.import_module(module), name)()
    program()


if __name__ == "__main__":
    main()
