"""What the commands work on: the configuration in use and the pipelines chosen from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from embedconsole.config.paths import ledger_url, log_path
from embedconsole.config.pipeline import resolve_pipelines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from embedconsole.config.load import Loaded
    from embedconsole.config.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Session:
    """The configuration in use.

    Attributes:
        command: How the operator calls us with this configuration, for hints: "embedconsole" or
            "embedconsole demo".
    """

    loaded: Loaded
    pipelines: Sequence[Pipeline]
    command: str = "embedconsole"

    @property
    def ledger_url(self) -> str:
        """The ledger's URL, with its password."""
        return ledger_url(self.loaded.settings)

    @property
    def log_path(self) -> Path:
        """The log file."""
        return log_path(self.loaded.settings)


def open_session(
    loaded: Loaded,
    names: Sequence[str],
    *,
    chunk_size: int | None = None,
    workers: int | None = None,
    command: str = "embedconsole",
) -> Session:
    """Choose pipelines; flags win over what a pipeline says itself.

    Raises:
        ConfigError: a name is unknown.
    """
    pipelines = resolve_pipelines(loaded.settings, names)
    if chunk_size is not None:
        pipelines = [replace(pipeline, chunk_size=chunk_size) for pipeline in pipelines]
    if workers is not None:
        pipelines = [replace(pipeline, workers=workers) for pipeline in pipelines]
    return Session(loaded, pipelines, command)
