"""What we run on: versions, extras, room on the disks."""

from __future__ import annotations

import platform
import re
import shutil
import sqlite3
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from embedconsole import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from embedconsole.headless.doctor.section import Facts

_OURS = "embedconsole"
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_GIGABYTE = 1e9


def versions() -> Facts:
    """Ours, Python's, the platform's, those of all packages we need, and which extras are there."""
    needed, extras = _requirements()
    return {
        "embedconsole": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()}), {sys.executable}",
        "platform": platform.platform(),
        "sqlite": sqlite3.sqlite_version,
        "packages": [f"{name} {_version(name)}" for name in sorted(needed)],
        "extras": [f"{extra}: {_installed(names)}" for extra, names in sorted(extras.items())],
    }


def disks(places: Mapping[str, Path]) -> Facts:
    """How much room there is where we write, by what is there."""
    return {name: _room(path) for name, path in places.items()}


def _requirements() -> tuple[list[str], dict[str, list[str]]]:
    """The packages we always need, and those of each extra."""
    needed: list[str] = []
    extras: dict[str, list[str]] = {}
    for requirement in metadata.requires(_OURS) or []:
        name = _REQUIREMENT.match(requirement)
        extra = _EXTRA.search(requirement)
        if name is not None:
            (extras.setdefault(extra[1], []) if extra else needed).append(name[1])
    extras.pop("dev", None)
    return needed, extras


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "MISSING"


def _installed(names: list[str]) -> str:
    missing = [name for name in names if _version(name) == "MISSING"]
    if missing:
        return f"not installed (without {', '.join(missing)})"
    return ", ".join(f"{name} {_version(name)}" for name in names)


def _room(path: Path) -> str:
    there = next(part for part in (path, *path.absolute().parents) if part.exists())
    usage = shutil.disk_usage(there)
    note = "" if there == path else " (does not exist yet)"
    return f"{path}{note}: {usage.free / _GIGABYTE:,.1f} GB free of {usage.total / _GIGABYTE:,.1f} GB"
