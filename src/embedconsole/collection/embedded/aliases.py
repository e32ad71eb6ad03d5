"""The aliases of embedded collections: one small file next to them, since the engine has none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FILE = "aliases.json"


def read_aliases(folder: Path) -> dict[str, str]:
    """Alias to the collection it points to.

    Raises:
        OSError, ValueError: the file can't be read.
    """
    try:
        told = json.loads((folder / _FILE).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return {str(alias): str(target) for alias, target in told.items()}


def resolved(folder: Path, name: str) -> str:
    """The collection that a name points to: itself when it is no alias. Raises as `read_aliases`."""
    return read_aliases(folder).get(name, name)


def write_alias(folder: Path, alias: str, target: str) -> None:
    """Point an alias to a collection: a reader finds the old or the new one, never none.

    A collection of the very name is hidden by it, not touched: pointed to itself the name is its own again.
    """
    aliases = {**read_aliases(folder), alias: target}
    kept = {name: to for name, to in aliases.items() if name != to}
    draft = folder / f"{_FILE}.new"
    draft.write_text(json.dumps(kept, indent=2), "utf-8")
    draft.replace(folder / _FILE)
