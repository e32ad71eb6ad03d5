"""What a cron run with nothing to do has no use for, and does not import: it may come every minute."""

from __future__ import annotations

import subprocess
import sys

_DEAR = (
    "alembic",
    "aiohttp",
    "httpx",
    "numpy",
    "qdrant_client",
    "rich",
    "sqlalchemy.dialects.mysql",
    "sqlalchemy.dialects.postgresql",
    "textual",
)


def test_a_run_imports_only_what_every_run_needs() -> None:
    code = (
        "import sys, embedconsole.cli.main, embedconsole.headless.once, embedconsole.headless.daemon\n"
        f"print([name for name in {_DEAR!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
