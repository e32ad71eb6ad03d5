"""Which configuration file is used."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from embedconsole.config.paths import config_dir
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VARIABLE = "EMBEDCONSOLE_CONFIG"
_NAME = "embedconsole.yaml"


def places(cwd: Path) -> tuple[Path, ...]:
    """Where a configuration is looked for when none is named, in this order."""
    folders = (cwd, config_dir(), Path("/etc/embedconsole"))
    return tuple(folder / _NAME for folder in folders if folder is not None)


def find(
    explicit: Path | None, environ: Mapping[str, str], cwd: Path, *, candidates: Sequence[Path] | None = None
) -> Path:
    """The configuration file: `--config`, $EMBEDCONSOLE_CONFIG, or the first of `places` that exists.

    A file that was named is taken as it is, so a mistake in its name is an error and not another file.

    Raises:
        ConfigError: There is none; lists the places.
    """
    looked = places(cwd) if candidates is None else candidates
    found = find_any(explicit, environ, cwd, candidates=looked)
    if found is None:
        raise ConfigError(
            "no configuration found. Looked for:\n"
            + "".join(f"  {place}\n" for place in ("--config FILE", f"${VARIABLE}", *looked))
            + "`embedconsole setup` makes one; `embedconsole demo` needs none."
        )
    return found


def find_any(
    explicit: Path | None, environ: Mapping[str, str], cwd: Path, *, candidates: Sequence[Path] | None = None
) -> Path | None:
    """The same for callers that can do without one; None when no file is named and none is found.

    Raises:
        ConfigError: A file that was named is not there.
    """
    named, asked = (explicit, "--config") if explicit else (environ.get(VARIABLE), f"${VARIABLE}")
    if named:
        path = _absolute(Path(named), cwd)
        if not _exists(path):
            raise ConfigError(f"{path}: no such file ({asked})")
        return path
    looked = places(cwd) if candidates is None else candidates
    return next((path for path in looked if _exists(path)), None)


def _absolute(path: Path, cwd: Path) -> Path:
    # Without a home directory the path is taken literally, and reported as missing.
    with contextlib.suppress(RuntimeError):
        path = path.expanduser()
    return cwd / path


def _exists(path: Path) -> bool:
    try:
        # Not is_file: a named pipe from `--config <(sops -d ...)` is as good as a file.
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):
        return False
