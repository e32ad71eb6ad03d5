"""Find, read and check a configuration: defaults < file < environment < flags."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from embedconsole.config.errors import error_lines
from embedconsole.config.interpolate import interpolate
from embedconsole.config.overrides import Layered, near_misses, with_environment, with_flags
from embedconsole.config.paths import config_dir
from embedconsole.config.secrets import secrets_of
from embedconsole.config.sections.base import Section
from embedconsole.config.settings import Settings
from embedconsole.config.types import FOLDER
from embedconsole.config.yaml_source import YamlSource, message, nearest, read_source
from embedconsole.faults import ConfigError
from embedconsole.redact import hide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedconsole.config.yaml_source import Marks

S = TypeVar("S", bound=Section)

VARIABLE = "EMBEDCONSOLE_CONFIG"
_NAME = "embedconsole.yaml"
_NO_OVERRIDES: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration in use.

    Attributes:
        settings: The settings, checked; its repr holds no secret.
        path: The file they come from.
        origins: Where each setting was given; what is not in it is a default.
        notes: What the operator should know though nothing is wrong, a line each.
    """

    settings: Settings
    path: Path
    origins: Marks
    notes: tuple[str, ...] = ()


def load(
    path: Path | None = None,
    *,
    overrides: Mapping[str, object] = _NO_OVERRIDES,
    environ: Mapping[str, str] = os.environ,
    cwd: Path | None = None,
) -> Loaded:
    """Find, read and check the configuration.

    Args:
        path: The file of `--config`; None searches for one.
        overrides: Flags by dotted key (`{"chunk_size": 50, "retry.attempts": 5}`); None values are options
            that were not given.
        environ: Variables for `${NAME}` and for `EMBEDCONSOLE_*` overrides.
        cwd: Where the search and the operator's relative paths start; default the current folder.

    Raises:
        ConfigError: No file, or anything wrong in it: a line each, `FILE:LINE: key: message`, no values.
    """
    cwd = cwd or Path.cwd()
    found = find(path, environ, cwd)
    return settle(read_source(found), found, overrides=overrides, environ=environ, cwd=cwd)


def settle(
    source: YamlSource,
    path: Path,
    *,
    overrides: Mapping[str, object] = _NO_OVERRIDES,
    environ: Mapping[str, str] = os.environ,
    cwd: Path | None = None,
) -> Loaded:
    """Check a configuration that has been read; `path` is where its relative paths start. See `load`."""
    layered = with_environment(Layered(source.tree, source.marks), environ)
    layered = with_flags(layered, overrides, cwd or Path.cwd())
    settings = checked(Settings, layered, path.absolute().parent, environ)
    unused = (message(nearest(layered.marks, where), where, reason) for where, reason in settings.unused())
    return Loaded(settings, path, layered.marks, (*near_misses(environ), *unused))


def checked(model: type[S], layered: Layered, folder: Path, environ: Mapping[str, str]) -> S:
    """The settings of a kind, typed and checked, their secrets hidden from now on.

    Args:
        folder: Where their relative paths start.

    Raises:
        ConfigError: As `load`.
    """
    # After the overrides: a variable that only an overridden value needs may be missing.
    tree = interpolate(layered.tree, layered.marks, environ)
    try:
        settings = model.model_validate(tree, context={FOLDER: folder})
    except ValidationError as fault:
        # Without its cause: pydantic's error carries the values.
        raise ConfigError("\n".join(error_lines(fault, tree, layered.marks))) from None
    hide(secrets_of(settings, environ))
    return settings


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
