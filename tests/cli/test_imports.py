"""What a start has no use for and does not import: a cron run may come every minute."""

from __future__ import annotations

import subprocess
import sys

_DEAR = (
    "PIL",
    "aiohttp",
    "alembic",
    "apprise",
    "fastapi",
    "fastembed",
    "httpx",
    "numpy",
    "opentelemetry",
    "prometheus_client",
    "qdrant_client",
    "rich",
    "sqlalchemy",
    "sqlalchemy.dialects.mysql",
    "sqlalchemy.dialects.postgresql",
    "textual",
    "uvicorn",
)


def imported_by(*modules: str) -> set[str]:
    """Which of the dear ones come with these modules."""
    code = f"import sys, {', '.join(modules)}\nprint(*[name for name in {_DEAR!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_run_imports_only_what_every_run_needs() -> None:
    runs = (
        "embedconsole.cli.commands.run",
        "embedconsole.cli.daemon",
        "embedconsole.sync.run.pipeline_run",
    )
    assert imported_by("embedconsole.cli.main", *runs) == {"sqlalchemy"}


def test_the_list_of_commands_imports_no_command() -> None:
    assert imported_by("embedconsole.cli.main") == set()


def test_the_first_picture_needs_no_database() -> None:
    assert imported_by("embedconsole.cli.main", "embedconsole.console.lifecycle") == {"rich", "textual"}
